"""What prepaid companies used is taken from their deposit day by day; warnings below levels, the financial lock at zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from billing_calendar.periods import period_of, previous_period
from billing_calendar.working_days import RUSSIA
from domain.notifications import NotificationKind
from models.database import fetch, fetch_value
from services.billing.rate_usage import summarise_usage
from services.deposit.deposit_entries import add_entry, balance_of
from services.dunning.financial_locks import align_company, lift, stand
from services.notifications.notify import notify
from services.unit_of_work import UnitOfWork, unit_of_work
from settings.dunning import dunning_terms

_PREPAID = """
SELECT c.id FROM company c WHERE c.payment_system = 'PREPAID' AND (c.country = 'RU') = $1 AND c.state = 'ACTIVE'
  AND NOT c.holds_stock AND ($2::bigint[] IS NULL OR c.id = ANY($2::bigint[])) ORDER BY c.id
"""

_CHARGED = """
SELECT coalesce(-sum(amount), 0) FROM deposit_entry WHERE company_id = $1 AND kind = 'CHARGE' AND key LIKE $2
"""

_LEVELS = "SELECT warning_levels FROM deposit_terms WHERE company_id = $1"
_LAST_TOP_UP = "SELECT coalesce(max(id), 0) FROM deposit_entry WHERE company_id = $1 AND kind = 'TOP_UP'"


async def prepaid_companies(calendar: str, only: Sequence[int] | None = None) -> list[int]:
    """Companies of a calendar that pay ahead."""
    rows = await fetch(_PREPAID, calendar == RUSSIA, None if only is None else list(only))
    return [row["id"] for row in rows]


async def charge_usage(calendar: str, day: date) -> int:
    """Charge what was used by now in this month and the one before, less what was charged; returns how many companies.

    A record that comes late, or is corrected, is in the difference of the next day. One entry a company, month and day.
    """
    companies = await prepaid_companies(calendar)
    charged = set()
    for period in (previous_period(period_of(day)), period_of(day)):
        costs: dict[int, Decimal] = defaultdict(Decimal)
        for row in await summarise_usage(companies, period):
            if not row["late"]:
                costs[row["company_id"]] += row["amount"]
        for company_id in companies:
            async with unit_of_work():
                if await _charge(company_id, period, day, costs[company_id]):
                    charged.add(company_id)
    return len(charged)


async def _charge(company_id: int, period: date, day: date, cost: Decimal) -> bool:
    await fetch("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
    before: Decimal = await fetch_value(_CHARGED, company_id, f"usage:{period:%Y-%m}:%")
    if cost == before:
        return False
    key = f"usage:{period:%Y-%m}:{day.isoformat()}"
    note = f"usage of {period:%Y-%m} until {day.isoformat()}"
    return await add_entry(company_id, "CHARGE", key, before - cost, day, note=note) is not None


async def watch_deposits(calendar: str, only: Sequence[int] | None = None) -> tuple[int, int, int]:
    """Lock where nothing is left, unlock where something is again, warn below levels; returns how many of each."""
    locked = unlocked = warned = 0
    for company_id in await prepaid_companies(calendar, only):
        async with unit_of_work() as uow:
            await fetch("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
            balance = await balance_of(company_id)
            if balance <= 0:
                locked += await _lock(uow, company_id)
            else:
                unlocked += await _unlock(uow, company_id)
                warned += await _warn(uow, company_id, balance)
    return locked, unlocked, warned


async def _lock(uow: UnitOfWork, company_id: int) -> bool:
    if not await stand(company_id, "DEPOSIT"):
        return False
    await align_company(uow, company_id)
    lock_id = await fetch_value("SELECT max(id) FROM financial_lock WHERE company_id = $1", company_id)
    values = {"invoices": [], "amount": Decimal(0), "currency": "EUR"}
    await notify(uow, NotificationKind.LOCKED, key=f"locked:{lock_id}", company_id=company_id, values=values)
    return True


async def _unlock(uow: UnitOfWork, company_id: int) -> bool:
    lock_id = await fetch_value("SELECT max(id) FROM financial_lock WHERE company_id = $1", company_id)
    if not await lift(company_id, "DEPOSIT", "DEPOSIT"):
        return False
    await align_company(uow, company_id)
    await notify(
        uow, NotificationKind.UNLOCKED, key=f"unlocked:{lock_id}", company_id=company_id, values={"why": "DEPOSIT"}
    )
    return True


async def _warn(uow: UnitOfWork, company_id: int, balance: Decimal) -> bool:
    """Once for a level after each top-up: that of the lowest one that the balance is below."""
    levels = await fetch_value(_LEVELS, company_id) or dunning_terms().deposit_levels
    below = [level for level in levels if balance < level]
    if not below:
        return False
    level = min(below)
    key = f"deposit:{await fetch_value(_LAST_TOP_UP, company_id)}:{level}"
    values = {"balance": balance, "level": level, "currency": "EUR"}
    told = await notify(uow, NotificationKind.LOW_DEPOSIT, key=key, company_id=company_id, values=values)
    return told > 0
