"""The jobs of a day, in their order (docs/payments.md): money in first, then those who paid are let go, then the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from billing_calendar.working_days import RUSSIA
from services.deposit.charge_usage import charge_usage, watch_deposits
from services.dunning.financial_locks import align_sims
from services.dunning.run_dunning import lock_due, remind_due, unlock_due
from services.payments.credit_payments import credit_due
from services.payments.watch_folder import import_folder


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What a job came to, in a sentence; `held`: it could not do all, and is tried again the same day."""

    text: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class DayJob:
    """A job: it runs once for each calendar (RU, KZ) and day, and may be repeated."""

    name: str
    description: str
    run: Callable[[str, date], Awaitable[JobOutcome]]


async def _import(calendar: str, day: date) -> JobOutcome:
    imported, refused = await import_folder(calendar)
    return JobOutcome(f"{imported} statements imported, {refused} files could not be used.")


async def _credit(calendar: str, day: date) -> JobOutcome:
    return JobOutcome(f"{await credit_due(day, russian=calendar == RUSSIA)} payments credited.")


async def _unlock(calendar: str, day: date) -> JobOutcome:
    return JobOutcome(f"{len(await unlock_due(calendar, day))} companies unlocked.")


async def _remind(calendar: str, day: date) -> JobOutcome:
    return JobOutcome(f"{len(await remind_due(calendar, day))} reminders sent.")


async def _lock(calendar: str, day: date) -> JobOutcome:
    done, guards = await lock_due(calendar, day)
    if guards:
        return JobOutcome(f"Nobody was locked: {', '.join(guard.value for guard in guards)}.", held=True)
    return JobOutcome(f"{len({each.company_id for each in done})} companies locked.")


async def _deposit(calendar: str, day: date) -> JobOutcome:
    charged = await charge_usage(calendar, day)
    locked, unlocked, warned = await watch_deposits(calendar)
    return JobOutcome(f"{charged} deposits charged, {warned} warned, {locked} locked, {unlocked} unlocked.")


async def _align(calendar: str, day: date) -> JobOutcome:
    return JobOutcome(f"{await align_sims()} SIMs brought to their company's lock.")


DAY_JOBS: tuple[DayJob, ...] = (
    DayJob("BANK_IMPORT", "Imports bank statements from the folder of the settings.", _import),
    DayJob("CREDIT", "Credits payments whose working day has come.", _credit),
    DayJob("UNLOCK", "Lifts the financial lock of companies that paid or were promised time.", _unlock),
    DayJob("REMIND", "Reminds of invoices on day 3 and day 5.", _remind),
    DayJob("LOCK", "Locks companies that have not paid by day 6.", _lock),
    DayJob("DEPOSIT", "Takes usage from deposits, warns below levels, locks at zero.", _deposit),
    DayJob("ALIGN_LOCKS", "Brings SIMs to their company's financial lock where an operation failed.", _align),
)
"""In this order: a job runs only when those before it are done for the day."""
