"""The two parties of a document as they are on the day of issue; stored with it, because both may change later."""

from __future__ import annotations

from typing import Any

import asyncpg

from models.database import fetch_row
from services.billing.legal_entities import LegalEntityRow

LANGUAGE_OF = {"RU": "ru", "KZ": "kk"}
"""The language of documents where nobody of the company has one; English elsewhere."""

# The language of whoever is longest an owner, because documents are for them.
CUSTOMER = """c.name, c.country, c.tax_number, c.contract_number,
  (SELECT u.language FROM user_account u WHERE u.company_id = c.id AND u.role = 'OWNER' AND u.disabled_at IS NULL
   ORDER BY u.id LIMIT 1) AS language"""
"""The columns of a company `c` that `snapshot_from` reads."""

_COMPANY = f"SELECT {CUSTOMER} FROM company c WHERE c.id = $1"  # noqa: S608 - constants


async def snapshot_of(company_id: int, entity: LegalEntityRow) -> dict[str, Any]:
    """What a document prints of the company and of us, and in which language."""
    row = await fetch_row(_COMPANY, company_id)
    assert row is not None
    return snapshot_from(row, entity)


def snapshot_from(row: asyncpg.Record, entity: LegalEntityRow) -> dict[str, Any]:
    """The same from a row with the columns of `CUSTOMER`."""
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
