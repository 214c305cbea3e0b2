"""Whether a company is locked for non-payment: then it cannot operate its SIMs (guide, "Правила выставления…")."""

from __future__ import annotations

from access import Principal
from domain.errors import CompanyLocked
from models.database import fetch

_STANDING = """
SELECT l.cause, (SELECT array_agg(i.number ORDER BY i.issued_on, i.id) FROM invoice i
                 WHERE i.company_id = l.company_id AND i.kind = 'INVOICE' AND i.state IN ('ISSUED', 'PART_PAID')) AS unpaid
FROM financial_lock l WHERE l.company_id = $1 AND l.lifted_at IS NULL ORDER BY l.cause DESC
"""


async def require_not_locked(principal: Principal, company_id: int) -> None:
    """Raise `CompanyLocked`, naming the invoices, when the company's people ask; staff may still act for it."""
    if principal.is_staff:
        return
    rows = await fetch(_STANDING, company_id)
    if not rows:
        return
    unpaid = rows[0]["unpaid"] or []
    if rows[0]["cause"] == "INVOICES" and unpaid:
        raise CompanyLocked(
            f"The company is locked because invoices are not paid: {', '.join(unpaid)}. Pay them: the payment is credited on"
            " the next working day and the lock is lifted by itself; or send the payment order to technical support."
        )
    raise CompanyLocked(
        "The company is locked because its deposit is used up: top it up, and the lock is lifted by itself."
    )
