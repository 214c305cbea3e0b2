"""Deposits as people handle them: how one stands, a top-up by staff, levels of warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from access import Principal
from billing_calendar.working_days import local_date
from domain.changes import require_text
from domain.clock import clock
from domain.errors import FutureDate, IdempotencyConflict, InvalidAmount, InvalidValue, NotFound
from domain.payments.statement import BadValue, require_amount
from models.database import execute, fetch_row, fetch_value
from services.audit.record import record
from services.deposit.charge_usage import watch_deposits
from services.deposit.deposit_entries import add_entry
from services.unit_of_work import unit_of_work
from settings.dunning import dunning_terms

_STANDS = """
SELECT c.id, c.payment_system = 'PREPAID' AS prepaid,
  coalesce((SELECT d.balance FROM deposit_entry d WHERE d.company_id = c.id ORDER BY d.id DESC LIMIT 1), 0) AS balance,
  (SELECT t.warning_levels FROM deposit_terms t WHERE t.company_id = c.id) AS levels,
  (SELECT l.since FROM financial_lock l WHERE l.company_id = c.id AND l.cause = 'DEPOSIT' AND l.lifted_at IS NULL) AS locked_since
FROM company c WHERE c.id = $1
"""

_LEVELS = """
INSERT INTO deposit_terms (company_id, warning_levels) VALUES ($1, $2)
ON CONFLICT (company_id) DO UPDATE SET warning_levels = excluded.warning_levels
"""


@dataclass(frozen=True, slots=True)
class Deposit:
    """How a company's deposit stands, in EUR; `locked_since` None unless it is locked for an empty one."""

    company_id: int
    prepaid: bool
    balance: Decimal
    warning_levels: tuple[Decimal, ...]
    locked_since: datetime | None


async def get_deposit(principal: Principal, company_id: int) -> Deposit | None:
    """The deposit of a company; None when the principal does not see the company."""
    row = await fetch_row(_STANDS, company_id) if principal.sees(company_id) else None
    if row is None:
        return None
    levels = row["levels"] if row["levels"] is not None else dunning_terms().deposit_levels
    return Deposit(row["id"], row["prepaid"], row["balance"], tuple(levels), row["locked_since"])


async def top_up(
    principal: Principal, company_id: int, amount: Decimal, paid_on: date, note: str, idempotency_key: str
) -> Deposit:
    """Add to a deposit by hand; the same key with the same amount adds once. Unlocks the company if that was all.

    Raises `Forbidden`, `NotFound`, `InvalidAmount`, `FutureDate`, `InvalidValue`, `IdempotencyConflict`.
    """
    principal.require_staff()
    try:
        require_amount(amount)
    except BadValue as error:
        raise InvalidAmount(error.message, path=("input", "amount")) from error
    text = require_text(note, "A note", 1, 200, "input", "note")
    if not 1 <= len(idempotency_key) <= 100 or not idempotency_key.isprintable():
        raise InvalidValue("An idempotency key has 1 to 100 printable characters.", path=("input", "idempotencyKey"))
    country = await fetch_value("SELECT country FROM company WHERE id = $1 AND payment_system = 'PREPAID'", company_id)
    if country is None:
        raise NotFound("There is no such company that pays ahead.", path=("input", "companyId"))
    if paid_on > local_date(country, clock.now()):
        raise FutureDate("A top-up is of a day that has come.", path=("input", "paidOn"))
    await _store(principal, company_id, amount, paid_on, text, f"staff:{idempotency_key}")
    for calendar in ("RU", "KZ"):
        await watch_deposits(calendar, [company_id])
    deposit = await get_deposit(principal, company_id)
    assert deposit is not None
    return deposit


async def _store(principal: Principal, company_id: int, amount: Decimal, paid_on: date, note: str, key: str) -> None:
    async with unit_of_work():
        await fetch_value("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
        by = principal.user_id
        if await add_entry(company_id, "TOP_UP", key, amount, paid_on, by_user_id=by, note=note) is None:
            known = await fetch_row(
                "SELECT amount FROM deposit_entry WHERE company_id = $1 AND key = $2", company_id, key
            )
            if known is None or known["amount"] != amount:
                raise IdempotencyConflict(
                    "This idempotency key was used with another amount: use a new key.",
                    path=("input", "idempotencyKey"),
                )
            return
        detail = {"amount": amount, "paid_on": paid_on}
        await record(principal, "deposit.topped_up", f"company:{company_id}", company_id=company_id, detail=detail)


async def set_levels(principal: Principal, company_id: int, levels: Sequence[Decimal]) -> Deposit:
    """Below which balances a company is warned, in EUR. Raises `Forbidden`, `NotFound`, `InvalidAmount`."""
    principal.require_staff()
    deposit = await get_deposit(principal, company_id)
    if deposit is None:
        raise NotFound("There is no such company.", path=("input", "companyId"))
    if len(levels) > 10:
        raise InvalidValue("At most 10 levels.", path=("input", "levels"))
    for level in levels:
        try:
            require_amount(level)
        except BadValue as error:
            raise InvalidAmount(error.message, path=("input", "levels")) from error
    wanted = sorted(set(levels), reverse=True)
    async with unit_of_work():
        await execute(_LEVELS, company_id, wanted)
        detail = {"levels": [str(level) for level in wanted]}
        await record(principal, "deposit.levels_set", f"company:{company_id}", company_id=company_id, detail=detail)
    return Deposit(company_id, deposit.prepaid, deposit.balance, tuple(wanted), deposit.locked_since)
