"""A payment is taken back: it was credited to the wrong invoices or company, or the bank took the money back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import asyncpg

from access import Principal
from billing_calendar.working_days import calendar_of, local_date
from domain.changes import require_text
from domain.clock import clock
from domain.errors import IdempotencyConflict, InvalidValue, NotFound, NothingToDo
from models.database import execute, fetch, fetch_row, fetch_value
from services.audit.record import record
from services.deposit.deposit_entries import take_back
from services.payments.credit_payments import credit_at_once
from services.payments.ledger import Entry, book
from services.payments.payments import PaymentRow, get_payment
from services.unit_of_work import unit_of_work

LONGEST_REASON = 500

# What the payment comes to by now in each account: earlier bookings that were taken back have cancelled each other.
_STANDS = """
SELECT account, invoice_id, sum(amount) AS amount FROM ledger_entry WHERE payment_id = $1 AND company_id = $2
GROUP BY account, invoice_id HAVING sum(amount) <> 0 ORDER BY account, invoice_id
"""

_REOPEN = """
UPDATE invoice i SET paid_amount = i.paid_amount - o.amount, credited_on = NULL,
  state = CASE WHEN i.paid_amount = o.amount THEN 'ISSUED' ELSE 'PART_PAID' END
FROM unnest($1::bigint[], $2::numeric[]) AS o (id, amount) WHERE i.id = o.id AND i.state IN ('PART_PAID', 'PAID')
"""

_BACK_TO_QUEUE = """
UPDATE payment SET company_id = NULL, for_invoices = '{}', to_deposit = false, queue_reason = 'REVERSED', credit_on = NULL,
  credited_on = NULL, assigned_by_id = NULL, assigned_at = NULL
WHERE id = $1
"""

_RETURNED = "UPDATE payment SET returned = true, credited_on = NULL WHERE id = $1"

_REVERSAL = """
INSERT INTO payment_reversal (payment_id, company_id, booking_id, returned, reason, idempotency_key, reversed_by_id, reversed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""

_EARLIER = "SELECT reason, returned FROM payment_reversal WHERE payment_id = $1 AND idempotency_key = $2"


async def reverse_payment(
    principal: Principal, payment_id: int, *, returned: bool, reason: str, idempotency_key: str
) -> PaymentRow:
    """Take a payment back; with the same key once. `returned`: the bank took it back, else it waits in the queue again.

    Nothing that was booked is changed: opposite entries are added, and what the payment had settled is owed again, by the
    deadlines that were announced. Raises `Forbidden`, `NotFound`, `NothingToDo`, `InvalidValue`, `IdempotencyConflict`.
    """
    principal.require_staff()
    text = require_text(reason, "A reason", 3, LONGEST_REASON, "input", "reason")
    if not 1 <= len(idempotency_key) <= 100 or not idempotency_key.isprintable():
        raise InvalidValue("An idempotency key has 1 to 100 printable characters.", path=("input", "idempotencyKey"))
    company_id = await _reverse(principal, payment_id, returned, text, idempotency_key)
    if company_id is not None:
        await _use_other_credit(company_id)
    row = await get_payment(principal, payment_id)
    assert row is not None
    return row


async def _reverse(principal: Principal, payment_id: int, returned: bool, reason: str, key: str) -> int | None:
    """Returns whose payment it was; None when this was done before."""
    async with unit_of_work():
        # The company first, as everywhere where its money moves.
        owner = await fetch_value("SELECT company_id FROM payment WHERE id = $1", payment_id)
        await fetch("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", owner)
        payment = await fetch_row("SELECT * FROM payment WHERE id = $1 FOR UPDATE", payment_id)
        if payment is None:
            raise NotFound("There is no such payment.", path=("input", "paymentId"))
        if await _done_before(payment_id, returned, reason, key):
            return None
        if payment["queue_reason"] is not None or payment["returned"] or payment["company_id"] != owner:
            raise NothingToDo(
                "This payment is credited to nobody: one that waits in unmatchedPayments is assigned or dismissed.",
                path=("input", "paymentId"),
            )
        company_id: int = payment["company_id"]
        booking_id = await _book_back(payment)
        reversal_id: int = await fetch_value(
            _REVERSAL, payment_id, company_id, booking_id, returned, reason, key, principal.user_id, clock.now()
        )
        await take_back(company_id, payment_id, f"reversal:{reversal_id}", await _today(company_id), principal.user_id)
        await execute(_RETURNED if returned else _BACK_TO_QUEUE, payment_id)
        detail = {"reason": reason, "returned": returned, "amount": payment["amount"], "currency": payment["currency"]}
        await record(principal, "payment.reversed", f"payment:{payment_id}", company_id=company_id, detail=detail)
    return company_id


async def _done_before(payment_id: int, returned: bool, reason: str, key: str) -> bool:
    earlier = await fetch_row(_EARLIER, payment_id, key)
    if earlier is not None and (earlier["returned"], earlier["reason"]) != (returned, reason):
        raise IdempotencyConflict(
            "This idempotency key was used for another reversal: use a new key.", path=("input", "idempotencyKey")
        )
    return earlier is not None


async def _book_back(payment: asyncpg.Record) -> int | None:
    """Opposite entries for all that stands; None for a payment that was not credited yet."""
    stands = await fetch(_STANDS, payment["id"], payment["company_id"])
    if not stands:
        return None
    entries = [Entry(row["account"], -row["amount"], row["invoice_id"]) for row in stands]
    settled = {row["invoice_id"]: -row["amount"] for row in stands if row["account"] == "RECEIVABLE"}
    await _reopen(settled)
    on = await _today(payment["company_id"])
    return await book(payment["company_id"], payment["id"], payment["currency"], on, entries)


async def _reopen(settled: dict[int, Decimal]) -> None:
    await execute(_REOPEN, list(settled), list(settled.values()))


async def _today(company_id: int) -> date:
    country: str = await fetch_value("SELECT country FROM company WHERE id = $1", company_id)
    return local_date(country, clock.now())


async def _use_other_credit(company_id: int) -> None:
    """What other payments left over pays what is owed again. Locks are for the next run of the day's jobs."""
    country: str = await fetch_value("SELECT country FROM company WHERE id = $1", company_id)
    days: dict[str, date] = {calendar_of(country): local_date(country, clock.now())}
    companies: Sequence[int] = [company_id]
    await credit_at_once(companies, days)
