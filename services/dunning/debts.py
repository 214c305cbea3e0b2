"""Open invoices as dunning sees them: one query for any number of companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import asyncpg
import orjson

from billing_calendar.working_days import RUSSIA
from domain.dunning import Debt, Receipt
from domain.payments.divide import Money, Owed, divide
from models.database import fetch

# Open ones, and what came for them: booked (by the payment's day), and matched payments whose day has not come.
_OPEN = """
SELECT i.id, i.company_id, i.number, i.currency, i.local_amount, i.paid_amount, i.issued_on, i.day3_on, i.day5_on, i.day6_on,
  (SELECT p.until_on FROM payment_promise p WHERE p.invoice_id = i.id ORDER BY p.id DESC LIMIT 1) AS promised_until,
  ARRAY(SELECT a.action FROM dunning_action a WHERE a.invoice_id = i.id) AS done,
  (SELECT coalesce(jsonb_agg(jsonb_build_array(p.paid_on, (-e.amount)::text)), '[]') FROM ledger_entry e
   JOIN payment p ON p.id = e.payment_id WHERE e.invoice_id = i.id) AS booked,
  (SELECT count(*) FROM payment_reversal r JOIN ledger_entry e ON e.booking_id = r.booking_id
   WHERE e.invoice_id = i.id)::int AS reversals
FROM invoice i WHERE i.company_id = ANY($1::bigint[]) AND i.state IN ('ISSUED', 'PART_PAID') AND i.kind = 'INVOICE'
ORDER BY i.company_id, i.issued_on, i.id
"""

_WAITING = """
SELECT p.id, p.company_id, p.paid_on, p.bank_ref, p.amount, p.currency, p.for_invoices FROM payment p
WHERE p.company_id = ANY($1::bigint[]) AND p.queue_reason IS NULL AND p.credited_on IS NULL AND NOT p.returned
  AND NOT p.to_deposit
"""

_COMPANIES = """
SELECT c.id FROM company c WHERE (c.country = 'RU') = $1 AND c.state <> 'CLOSED' AND (
  EXISTS (SELECT FROM invoice i WHERE i.company_id = c.id AND i.state IN ('ISSUED', 'PART_PAID'))
  OR EXISTS (SELECT FROM financial_lock l WHERE l.company_id = c.id AND l.cause = 'INVOICES' AND l.lifted_at IS NULL))
  AND ($2::bigint[] IS NULL OR c.id = ANY($2::bigint[])) ORDER BY c.id
"""


@dataclass(frozen=True, slots=True)
class InvoiceDebt:
    """A debt with what its notifications say."""

    debt: Debt
    number: str
    currency: str

    @property
    def owed(self) -> Decimal:
        """What is still to pay, money on its way taken off."""
        return self.debt.owed_by_bank(date.max)


async def companies_to_look_at(calendar: str, only: Sequence[int] | None = None) -> list[int]:
    """Companies of a calendar with open invoices, or locked for some."""
    rows = await fetch(_COMPANIES, calendar == RUSSIA, None if only is None else list(only))
    return [row["id"] for row in rows]


async def debts_of_companies(company_ids: Sequence[int]) -> dict[int, list[InvoiceDebt]]:
    """The open invoices of each, the oldest first; companies without any are there with none."""
    invoices = await fetch(_OPEN, list(company_ids))
    receipts = _on_their_way(invoices, await fetch(_WAITING, list(company_ids)))
    found: dict[int, list[InvoiceDebt]] = {company_id: [] for company_id in company_ids}
    for row in invoices:
        booked = [Receipt(date.fromisoformat(day), Decimal(amount)) for day, amount in orjson.loads(row["booked"])]
        debt = Debt(
            id=row["id"],
            company_id=row["company_id"],
            amount=row["local_amount"],
            credited=row["paid_amount"],
            day3_on=row["day3_on"],
            day5_on=row["day5_on"],
            day6_on=row["day6_on"],
            receipts=(*booked, *receipts.get(row["id"], ())),
            promised_until=row["promised_until"],
            done=frozenset(row["done"]),
            reversals=row["reversals"],
        )
        found[row["company_id"]].append(InvoiceDebt(debt, row["number"], row["currency"]))
    return found


def _on_their_way(
    invoices: Sequence[asyncpg.Record], payments: Sequence[asyncpg.Record]
) -> Mapping[int, list[Receipt]]:
    """What payments will settle on their day, by invoice: the same division that will be booked."""
    receipts: dict[int, list[Receipt]] = {}
    paid_on = {row["id"]: row["paid_on"] for row in payments}
    for key in {(row["company_id"], row["currency"]) for row in payments}:
        owed = [
            Owed(row["id"], row["issued_on"], row["local_amount"] - row["paid_amount"])
            for row in invoices
            if (row["company_id"], row["currency"]) == key
        ]
        money = [
            Money(row["id"], row["paid_on"], row["bank_ref"], row["amount"], tuple(row["for_invoices"]))
            for row in payments
            if (row["company_id"], row["currency"]) == key
        ]
        for share in divide(owed, money):
            receipts.setdefault(share.invoice_id, []).append(Receipt(paid_on[share.payment_id], share.amount))
    return receipts
