"""What companies owe: the open invoices, which payments and dunning build on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from access import Principal, limit_to_visible
from models.database import fetch, fetch_value
from models.where import Where

_OPEN = """
SELECT i.id, i.company_id, i.number, i.period, i.state, i.currency, i.local_amount, i.paid_amount, i.issued_on, i.day3_on,
       i.day5_on, i.day6_on, i.calendar_version
FROM invoice i WHERE i.company_id = ANY($1::bigint[]) AND i.state IN ('ISSUED', 'PART_PAID')
ORDER BY i.company_id, i.issued_on, i.id
"""

_UNPAID = "SELECT count(*) FROM invoice i WHERE i.state IN ('ISSUED', 'PART_PAID') AND {}"

_DEBTS = """
SELECT company_id, currency, sum(local_amount - paid_amount) AS amount
FROM invoice WHERE company_id = ANY($1::bigint[]) AND state IN ('ISSUED', 'PART_PAID')
GROUP BY company_id, currency ORDER BY company_id, currency
"""


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice of which something is owed. Amounts are in `currency`; the deadlines are as announced."""

    id: int
    company_id: int
    number: str
    period: date
    state: str
    currency: str
    local_amount: Decimal
    paid_amount: Decimal
    issued_on: date
    day3_on: date
    day5_on: date
    day6_on: date
    calendar_version: str

    @property
    def outstanding(self) -> Decimal:
        """What is still owed."""
        return self.local_amount - self.paid_amount


async def open_invoices(company_id: int) -> list[OpenInvoice]:
    """A company's open invoices, the oldest first."""
    return await open_invoices_of([company_id])


async def open_invoices_of(company_ids: Collection[int]) -> list[OpenInvoice]:
    """The same for several companies in one query, by company."""
    return [OpenInvoice(*row) for row in await fetch(_OPEN, list(company_ids))]


async def count_unpaid(principal: Principal) -> int:
    """How many open invoices the principal may see."""
    where = Where()
    limit_to_visible(principal, where, "i")
    return int(await fetch_value(_UNPAID.format(where.sql), *where.arguments))


async def debts_of(company_ids: Collection[int]) -> dict[int, dict[str, Decimal]]:
    """What each company owes, by currency; companies that owe nothing are left out."""
    debts: dict[int, dict[str, Decimal]] = {}
    for row in await fetch(_DEBTS, list(company_ids)):
        debts.setdefault(row["company_id"], {})[row["currency"]] = row["amount"]
    return debts
