"""Promises: staff believes a customer until a day. It lifts a standing lock at once; when it is broken the lock returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from access import Principal
from billing_calendar.working_days import local_date
from domain.changes import LONGEST_REASON, require_text
from domain.clock import clock
from domain.errors import AlreadyPaid, InvalidValue, NotFound
from models.database import fetch_row, fetch_value
from services.audit.record import record
from services.dunning.run_dunning import unlock_company
from services.unit_of_work import unit_of_work

LONGEST = 60
"""Days that a promise reaches at most."""

_INVOICE = """
SELECT i.id, i.company_id, i.state, c.country FROM invoice i JOIN company c ON c.id = i.company_id
WHERE i.id = $1 AND i.kind = 'INVOICE' AND i.state <> 'DRAFT'
"""

_GRANT = """
INSERT INTO payment_promise (invoice_id, company_id, until_on, reason, granted_by_id, granted_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise that was stored; `unlocked` when it lifted the company's lock."""

    id: int
    invoice_id: int
    company_id: int
    until_on: date
    reason: str
    unlocked: bool


async def grant_promise(principal: Principal, invoice_id: int, until: date, reason: str) -> Promise:
    """Believe that an invoice is paid by the end of a day; a later promise replaces an earlier one.

    Raises `Forbidden`, `NotFound`, `AlreadyPaid`, and `InvalidValue` for a day that is over or too far, or without a reason.
    """
    principal.require_staff()
    text = require_text(reason, "A reason", 3, LONGEST_REASON, "input", "reason")
    row = await fetch_row(_INVOICE, invoice_id)
    if row is None:
        raise NotFound("There is no such invoice.", path=("input", "invoiceId"))
    if row["state"] not in ("ISSUED", "PART_PAID"):
        raise AlreadyPaid("Nothing is owed of this invoice.", path=("input", "invoiceId"))
    today = local_date(row["country"], clock.now())
    if not 0 <= (until - today).days <= LONGEST:
        raise InvalidValue(f"A promise reaches from today to {LONGEST} days ahead.", path=("input", "until"))
    company_id: int = row["company_id"]
    async with unit_of_work() as uow:
        promise_id = await fetch_value(_GRANT, invoice_id, company_id, until, text, principal.user_id, clock.now())
        detail = {"invoice_id": invoice_id, "until": until, "reason": text}
        await record(principal, "promise.granted", f"promise:{promise_id}", company_id=company_id, detail=detail)
        unlocked = await unlock_company(uow, company_id, today)
    return Promise(promise_id, invoice_id, company_id, until, text, unlocked)
