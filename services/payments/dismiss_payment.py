"""Payments of the queue that are not ours: put aside with a reason, and taken up again."""

from __future__ import annotations

import asyncpg

from access import Principal
from domain.changes import require_text
from domain.clock import clock
from domain.errors import AlreadyPaid, NotFound, NothingToDo
from models.database import execute, fetch_row
from services.audit.record import record
from services.payments.payments import PaymentRow, get_payment
from services.unit_of_work import unit_of_work

LONGEST_REASON = 500

_SET = "UPDATE payment SET dismissed_at = $2, dismissed_by_id = $3, dismissal_reason = $4 WHERE id = $1"


async def dismiss_payment(principal: Principal, payment_id: int, reason: str) -> PaymentRow:
    """Put a payment aside; asked again with the same reason, it answers alike.

    Raises `Forbidden`, `NotFound`, `AlreadyPaid` for one that is assigned, `NothingToDo` for one that was put aside for another
    reason, `InvalidValue`.
    """
    principal.require_staff()
    text = require_text(reason, "A reason", 3, LONGEST_REASON, "input", "reason")
    async with unit_of_work():
        payment = await _of_queue(payment_id)
        if payment["dismissed_at"] is None:
            await execute(_SET, payment_id, clock.now(), principal.user_id, text)
            await record(
                principal, "payment.dismissed", f"payment:{payment_id}", company_id=None, detail={"reason": text}
            )
        elif payment["dismissal_reason"] != text:
            raise NothingToDo(
                "This payment was dismissed for another reason: see its dismissalReason.", path=("input", "paymentId")
            )
    return await _read(principal, payment_id)


async def take_up_payment(principal: Principal, payment_id: int) -> PaymentRow:
    """It waits in the queue again; one that waits already stays as it is. Raises `Forbidden`, `NotFound`, `AlreadyPaid`."""
    principal.require_staff()
    async with unit_of_work():
        payment = await _of_queue(payment_id)
        if payment["dismissed_at"] is not None:
            await execute(_SET, payment_id, None, None, None)
            detail = {"dismissed_because": payment["dismissal_reason"]}
            await record(principal, "payment.taken_up", f"payment:{payment_id}", company_id=None, detail=detail)
    return await _read(principal, payment_id)


async def _of_queue(payment_id: int) -> asyncpg.Record:
    payment = await fetch_row("SELECT * FROM payment WHERE id = $1 FOR UPDATE", payment_id)
    if payment is None:
        raise NotFound("There is no such payment.", path=("input", "paymentId"))
    if payment["queue_reason"] is None:
        raise AlreadyPaid("This payment is assigned: take it back with reversePayment.", path=("input", "paymentId"))
    return payment


async def _read(principal: Principal, payment_id: int) -> PaymentRow:
    row = await get_payment(principal, payment_id)
    assert row is not None
    return row
