"""Crediting: on the working day after the bank's, payments settle invoices; what is left waits for the next invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import asyncpg

from billing_calendar.working_days import RUSSIA
from domain.billing.invoices import InvoiceState
from domain.notifications import NotificationKind
from domain.payments.divide import Money, Owed, Share, divide
from models.database import execute, fetch
from services.billing.exchange_rates import UsableRate
from services.deposit.deposit_entries import rate_of_payment, top_up_by_payment
from services.notifications.notify import About, notify
from services.payments.ledger import book_receipt, book_settlement
from services.unit_of_work import UnitOfWork, unit_of_work

# Payments whose day has come, and credit from before that a new invoice can take.
_COMPANIES = """
SELECT c.id FROM company c WHERE (c.country = 'RU') = $2 AND (
  EXISTS (SELECT FROM payment p WHERE p.company_id = c.id AND p.queue_reason IS NULL AND p.credited_on IS NULL
            AND NOT p.returned AND p.credit_on <= $1)
  OR EXISTS (SELECT FROM invoice i WHERE i.company_id = c.id AND i.state IN ('ISSUED', 'PART_PAID') AND i.kind = 'INVOICE'
       AND (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e
            WHERE e.company_id = c.id AND e.account = 'CREDIT' AND e.currency = i.currency) < 0))
  AND ($3::bigint[] IS NULL OR c.id = ANY($3::bigint[]))
ORDER BY c.id
"""

_DUE = """
SELECT p.id, p.paid_on, p.bank_ref, p.amount, p.currency, p.for_invoices, p.to_deposit, p.credit_on,
  (SELECT count(*) FROM payment_reversal r WHERE r.payment_id = p.id) AS reversals
FROM payment p
WHERE p.company_id = $1 AND p.queue_reason IS NULL AND p.credited_on IS NULL AND NOT p.returned
  AND p.credit_on <= $2 ORDER BY p.id
FOR UPDATE
"""

_FOR_DEPOSIT = """
SELECT DISTINCT p.currency, p.paid_on FROM payment p
WHERE p.company_id = $1 AND p.queue_reason IS NULL AND p.credited_on IS NULL AND NOT p.returned AND p.credit_on <= $2
  AND p.to_deposit
"""

_CREDIT_LEFT = """
SELECT p.id, p.paid_on, p.bank_ref, -sum(e.amount) AS amount, e.currency, p.for_invoices, p.credit_on
FROM ledger_entry e JOIN payment p ON p.id = e.payment_id
WHERE e.company_id = $1 AND e.account = 'CREDIT' GROUP BY p.id, e.currency HAVING sum(e.amount) < 0
"""

_OPEN = """
SELECT id, number, currency, issued_on, local_amount, paid_amount FROM invoice
WHERE company_id = $1 AND state IN ('ISSUED', 'PART_PAID') AND kind = 'INVOICE' ORDER BY issued_on, id FOR UPDATE
"""

_SETTLE = """
UPDATE invoice i SET paid_amount = s.paid, state = s.state, credited_on = s.credited_on
FROM unnest($1::bigint[], $2::numeric[], $3::text[], $4::date[]) AS s (id, paid, state, credited_on) WHERE i.id = s.id
"""


async def credit_due(today: date, *, russian: bool, only: Sequence[int] | None = None) -> int:
    """Credit every payment whose day has come by `today` to companies of one calendar; returns how many payments.

    A company a transaction. Doing it again does nothing.
    """
    credited = 0
    for row in await fetch(_COMPANIES, today, russian, None if only is None else list(only)):
        rates = await _rates(row["id"], today)
        async with unit_of_work() as uow:
            credited += await _credit_company(uow, row["id"], today, rates)
    return credited


async def credit_at_once(company_ids: Sequence[int], days: dict[str, date]) -> int:
    """Credit what is due of some companies now; `days` are today by calendar."""
    return sum([await credit_due(day, russian=name == RUSSIA, only=company_ids) for name, day in sorted(days.items())])


async def _rates(company_id: int, today: date) -> dict[tuple[str, date], UsableRate | None]:
    """The rates of payments into a deposit; asked before the transaction, because the central bank may be slow."""
    rows = await fetch(_FOR_DEPOSIT, company_id, today)
    return {(row["currency"], row["paid_on"]): await rate_of_payment(row["currency"], row["paid_on"]) for row in rows}


async def _credit_company(
    uow: UnitOfWork, company_id: int, today: date, rates: Mapping[tuple[str, date], UsableRate | None]
) -> int:
    # One at a time for a company: what is open is read and written under this lock.
    await fetch("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
    due = [payment for payment in await fetch(_DUE, company_id, today) if _can_be_credited(payment, rates)]
    carried = await fetch(_CREDIT_LEFT, company_id)
    invoices = await fetch(_OPEN, company_id)
    for payment in due:
        to = "DEPOSIT" if payment["to_deposit"] else "CREDIT"
        on = payment["credit_on"]
        await book_receipt(company_id, payment["id"], payment["currency"], payment["amount"], on, to)
        if payment["to_deposit"]:
            rate = rates[payment["currency"], payment["paid_on"]]
            assert rate is not None
            await top_up_by_payment(company_id, payment, rate, _occasion(payment))
    await execute(
        "UPDATE payment SET credited_on = credit_on WHERE id = ANY($1::bigint[])", [payment["id"] for payment in due]
    )
    money = [*carried, *(payment for payment in due if not payment["to_deposit"])]
    shares: list[Share] = []
    for currency in sorted({each["currency"] for each in money}):
        shares += divide(
            [_owed(row) for row in invoices if row["currency"] == currency],
            [_money(row) for row in money if row["currency"] == currency],
        )
    await _settle(company_id, today, money, invoices, shares)
    for payment in due:
        await _tell(uow, company_id, payment, invoices, shares)
    return len(due)


def _can_be_credited(payment: asyncpg.Record, rates: Mapping[tuple[str, date], UsableRate | None]) -> bool:
    """A payment into a deposit waits for the rate of its day, which is never guessed."""
    return not payment["to_deposit"] or rates.get((payment["currency"], payment["paid_on"])) is not None


def _occasion(payment: asyncpg.Record) -> str:
    """Names this crediting: one that was taken back is credited anew."""
    name = f"payment:{payment['id']}"
    return f"{name}:{payment['reversals']}" if payment["reversals"] else name


def _owed(row: asyncpg.Record) -> Owed:
    return Owed(row["id"], row["issued_on"], row["local_amount"] - row["paid_amount"])


def _money(row: asyncpg.Record) -> Money:
    return Money(row["id"], row["paid_on"], row["bank_ref"], row["amount"], tuple(row["for_invoices"]))


async def _settle(
    company_id: int,
    today: date,
    money: Sequence[asyncpg.Record],
    invoices: Sequence[asyncpg.Record],
    shares: Sequence[Share],
) -> None:
    payments = {row["id"]: row for row in money}
    rows = []
    for invoice in invoices:
        parts = [share for share in shares if share.invoice_id == invoice["id"]]
        if not parts:
            continue
        for share in parts:
            payment = payments[share.payment_id]
            on = max(payment["credit_on"], invoice["issued_on"])
            await book_settlement(company_id, share.payment_id, payment["currency"], share.amount, on, invoice["id"])
        paid = invoice["paid_amount"] + sum((share.amount for share in parts), Decimal(0))
        whole = paid >= invoice["local_amount"]
        state = InvoiceState.PAID if whole else InvoiceState.PART_PAID
        credited_on = max(invoice["issued_on"], *(payments[share.payment_id]["credit_on"] for share in parts))
        rows.append((invoice["id"], paid, state.value, credited_on if whole else None))
    if rows:
        await execute(_SETTLE, *(list(column) for column in zip(*rows, strict=True)))


async def _tell(
    uow: UnitOfWork,
    company_id: int,
    payment: asyncpg.Record,
    invoices: Sequence[asyncpg.Record],
    shares: Sequence[Share],
) -> None:
    parts = [share for share in shares if share.payment_id == payment["id"]]
    numbers = {row["id"]: row["number"] for row in invoices}
    left = payment["amount"] - sum((share.amount for share in parts), Decimal(0))
    await notify(
        uow,
        NotificationKind.PAYMENT_CREDITED,
        key=_occasion(payment),
        company_id=company_id,
        about=About("Payment", payment["id"]),
        values={
            "amount": payment["amount"],
            "currency": payment["currency"],
            "paid_on": payment["paid_on"],
            "invoices": [numbers[share.invoice_id] for share in parts],
            "carried": left if left and not payment["to_deposit"] else None,
        },
    )
