"""The two parties of a document as they are on the day of issue; stored with it, because both may change later."""

from __future__ import annotations

from typing import Any

from models.database import fetch_row
from services.billing.legal_entities import LegalEntityRow

LANGUAGE_OF = {"RU": "ru", "KZ": "kk"}
"""The language of documents where nobody of the company has one; English elsewhere."""

# The language of whoever is longest an owner, because documents are for them.
_COMPANY = """
SELECT c.name, c.country, c.tax_number, c.contract_number,
  (SELECT u.language FROM user_account u WHERE u.company_id = c.id AND u.role = 'OWNER' AND u.disabled_at IS NULL
   ORDER BY u.id LIMIT 1) AS language
FROM company c WHERE c.id = $1
"""


async def snapshot_of(company_id: int, entity: LegalEntityRow) -> dict[str, Any]:
    """What a document prints of the company and of us, and in which language."""
    row = await fetch_row(_COMPANY, company_id)
    assert row is not None
    return {
        "language": row["language"] or LANGUAGE_OF.get(row["country"].upper(), "en"),
        "company": {
            "name": row["name"],
            "country": row["country"],
            "tax_number": row["tax_number"],
            "contract_number": row["contract_number"],
        },
        "entity": {
            "code": entity.code,
            "name": entity.name,
            "country": entity.country,
            "details": entity.details,
            "is_sample": entity.is_sample,
        },
    }
