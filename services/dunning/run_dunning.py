"""The daily steps of dunning for the companies of one calendar: unlock, remind, lock. Each does nothing the second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing_calendar.working_days import is_working_day
from billing_calendar.year_checks import year_state
from domain.clock import clock
from domain.dunning import (
    DunningAction,
    LockGuard,
    UnlockScope,
    is_promised,
    lock_action,
    lock_guards,
    locks_due,
    may_unlock,
    reminders_due,
)
from domain.notifications import NotificationKind
from models.database import fetch, fetch_value
from services.dunning.debts import InvoiceDebt, companies_to_look_at, debts_of_companies
from services.dunning.financial_locks import align_company, lift, stand
from services.notifications.notify import About, notify
from services.unit_of_work import UnitOfWork, unit_of_work
from settings.dunning import dunning_terms

_DONE = """
INSERT INTO dunning_action (invoice_id, company_id, action, done_on, done_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (invoice_id, action) DO NOTHING RETURNING id
"""

# A calendar's statements are those of the entity that bills its companies.
_IMPORTED = """
SELECT max(s.covers_until) FROM bank_statement s JOIN legal_entity e ON e.id = s.legal_entity_id WHERE e.code = $1
"""

_ALL = "SELECT count(*) FROM company WHERE (country = 'RU') = $1 AND state <> 'CLOSED' AND NOT holds_stock"
_ACCEPTED = "SELECT EXISTS (SELECT FROM calendar_acceptance WHERE country = $1 AND year = $2)"

_REMINDERS = {
    DunningAction.REMIND_DAY_3: NotificationKind.REMINDER_DAY_3,
    DunningAction.REMIND_DAY_5: NotificationKind.REMINDER_DAY_5,
}


@dataclass(frozen=True, slots=True)
class DueAction:
    """What is due or was done: about an invoice (None where a lock is lifted), for a company."""

    company_id: int
    invoice_id: int | None
    number: str | None
    action: str


@dataclass(frozen=True, slots=True)
class DunningDay:
    """A day of a calendar: what was done (or would be), and by which guards locks were held back."""

    calendar: str
    day: date
    actions: tuple[DueAction, ...]
    held_locks: tuple[DueAction, ...]
    guards: tuple[LockGuard, ...]


async def unlock_due(calendar: str, today: date, only: Sequence[int] | None = None) -> list[DueAction]:
    """Lift the locks of companies that have paid, or were promised more time."""
    rows = await fetch("SELECT company_id FROM financial_lock WHERE cause = 'INVOICES' AND lifted_at IS NULL")
    locked = {row["company_id"] for row in rows}
    looked = [each for each in await companies_to_look_at(calendar, only) if each in locked]
    done = []
    for company_id in looked:
        async with unit_of_work() as uow:
            if await unlock_company(uow, company_id, today):
                done.append(DueAction(company_id, None, None, "UNLOCK"))
    return done


async def unlock_company(uow: UnitOfWork, company_id: int, today: date) -> bool:
    """Lift a company's lock for invoices if it may be; in the caller's transaction."""
    await fetch("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
    debts = [each.debt for each in (await debts_of_companies([company_id]))[company_id]]
    if not may_unlock(debts, today, UnlockScope(dunning_terms().unlock_scope)):
        return False
    promised = [debt.promised_until for debt in debts if debt.outstanding and is_promised(debt, today)]
    why = "PROMISE" if promised else "PAID"
    if not await lift(company_id, "INVOICES", why):
        return False
    await align_company(uow, company_id)
    key = f"unlocked:{await _latest_lock(company_id)}"
    until = max((day for day in promised if day is not None), default=None)
    values = {"why": why, "until": until}
    await notify(uow, NotificationKind.UNLOCKED, key=key, company_id=company_id, values=values)
    return True


async def remind_due(calendar: str, today: date, only: Sequence[int] | None = None) -> list[DueAction]:
    """Remind of the invoices that are to be reminded of today."""
    done = []
    for company_id, debts in (await _debts(calendar, only)).items():
        due = reminders_due([each.debt for each in debts], today)
        by_id = {each.debt.id: each for each in debts}
        for invoice_id, action in due:
            async with unit_of_work() as uow:
                if await _remind(uow, by_id[invoice_id], action, today):
                    done.append(DueAction(company_id, invoice_id, by_id[invoice_id].number, action.value))
    return done


async def _remind(uow: UnitOfWork, invoice: InvoiceDebt, action: DunningAction, today: date) -> bool:
    debt = invoice.debt
    if not await fetch(_DONE, debt.id, debt.company_id, action.value, today, clock.now()):
        return False
    await notify(
        uow,
        _REMINDERS[action],
        key=f"{action.value}:{debt.id}",
        company_id=debt.company_id,
        about=About("Invoice", debt.id),
        values={
            "number": invoice.number,
            "amount": invoice.owed,
            "currency": invoice.currency,
            "pay_by": debt.day5_on,
            "lock_on": debt.day6_on,
        },
    )
    return True


async def lock_due(
    calendar: str, today: date, only: Sequence[int] | None = None, *, accept_share: bool = False
) -> tuple[list[DueAction], list[LockGuard]]:
    """Lock the companies that did not pay, unless guards speak against it; then nothing is done, and they are named.

    `accept_share` when staff has seen how many they are.
    """
    due = _locks(await _debts(calendar, only), today)
    guards = await guards_of(calendar, today, due)
    if accept_share:
        guards = [guard for guard in guards if guard is not LockGuard.TOO_MANY_COMPANIES]
    if guards:
        return [], guards
    done: list[DueAction] = []
    for company_id in due:
        async with unit_of_work() as uow:
            done += await _lock(uow, company_id, today)
    return done, []


def _locks(debts: Mapping[int, Sequence[InvoiceDebt]], today: date) -> dict[int, list[InvoiceDebt]]:
    """The invoices for which companies are to be locked, by company."""
    found = {}
    for company_id, invoices in debts.items():
        ids = set(locks_due([each.debt for each in invoices], today))
        if ids:
            found[company_id] = [each for each in invoices if each.debt.id in ids]
    return found


async def _lock(uow: UnitOfWork, company_id: int, today: date) -> list[DueAction]:
    # Looked at again under the company's lock: a payment may have been booked meanwhile.
    await fetch("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
    invoices = _locks(await debts_of_companies([company_id]), today).get(company_id, [])
    done = []
    for each in invoices:
        action = lock_action(each.debt)
        if await fetch(_DONE, each.debt.id, company_id, action, today, clock.now()):
            done.append(DueAction(company_id, each.debt.id, each.number, action))
    if done and await stand(company_id, "INVOICES", [each.debt.id for each in invoices]):
        await align_company(uow, company_id)
        currency = invoices[0].currency
        total = sum((each.owed for each in invoices if each.currency == currency), Decimal(0))
        values = {"invoices": [each.number for each in invoices], "amount": total, "currency": currency}
        key = f"locked:{await _latest_lock(company_id)}"
        await notify(uow, NotificationKind.LOCKED, key=key, company_id=company_id, values=values)
    return done


async def guards_of(calendar: str, today: date, due: Mapping[int, Sequence[InvoiceDebt]]) -> list[LockGuard]:
    """What speaks against locking these today; nothing does when nobody is due."""
    if not due:
        return []
    terms = dunning_terms()
    years = {each.debt.day3_on.year for invoices in due.values() for each in invoices} | {today.year}
    confirmed = [year_state(calendar, year).confirmed or await fetch_value(_ACCEPTED, calendar, year) for year in years]
    return lock_guards(
        today=today,
        imported_until=await fetch_value(_IMPORTED, calendar),
        last_working_day=_last_working_day(calendar, today),
        year_confirmed=all(confirmed),
        companies_due=len(due),
        companies_all=await fetch_value(_ALL, calendar == "RU"),
        largest_share=terms.largest_share,
        never_held_below=terms.never_held_below,
    )


def _last_working_day(calendar: str, today: date) -> date:
    day = today - timedelta(days=1)
    while not is_working_day(calendar, day):
        day -= timedelta(days=1)
    return day


async def preview_day(calendar: str, today: date) -> DunningDay:
    """What a day would do, without doing it: money that is to be credited today counts as on its way."""
    debts = await _debts(calendar, None)
    actions = []
    for company_id, invoices in debts.items():
        numbers = {each.debt.id: each.number for each in invoices}
        actions += [
            DueAction(company_id, invoice_id, numbers[invoice_id], action.value)
            for invoice_id, action in reminders_due([each.debt for each in invoices], today)
        ]
    due = _locks(debts, today)
    guards = await guards_of(calendar, today, due)
    locks = [
        DueAction(company_id, each.debt.id, each.number, lock_action(each.debt))
        for company_id, invoices in due.items()
        for each in invoices
    ]
    held = tuple(locks) if guards else ()
    return DunningDay(calendar, today, (*actions, *(() if guards else locks)), held, tuple(guards))


async def _debts(calendar: str, only: Sequence[int] | None) -> dict[int, list[InvoiceDebt]]:
    return await debts_of_companies(await companies_to_look_at(calendar, only))


async def _latest_lock(company_id: int) -> int:
    found: int = await fetch_value("SELECT max(id) FROM financial_lock WHERE company_id = $1", company_id)
    return found
