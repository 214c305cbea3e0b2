"""What is due for unpaid invoices on a day (guide: "Правила выставления и оплаты счетов"): a pure function of stored dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum


class DunningAction(StrEnum):
    """What is done about an invoice, each once: the database has one row for an invoice and an action."""

    REMIND_DAY_3 = "REMIND_DAY_3"
    REMIND_DAY_5 = "REMIND_DAY_5"
    LOCK = "LOCK"


class DunningStage(StrEnum):
    """How far it has come with an invoice, in order."""

    SETTLED = "SETTLED"
    WAITING = "WAITING"
    REMINDED_DAY_3 = "REMINDED_DAY_3"
    REMINDED_DAY_5 = "REMINDED_DAY_5"
    OVERDUE = "OVERDUE"


class LockGuard(StrEnum):
    """Why nobody is locked though it is due."""

    BANK_IMPORT_MISSING = "BANK_IMPORT_MISSING"
    YEAR_NOT_CONFIRMED = "YEAR_NOT_CONFIRMED"
    TOO_MANY_COMPANIES = "TOO_MANY_COMPANIES"


class UnlockScope(StrEnum):
    """What has to be paid before a lock is lifted."""

    ALL = "all"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came for an invoice on a bank's day, credited or not yet."""

    paid_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Debt:
    """An invoice as dunning sees it: the deadlines as announced, and all that came for it.

    `credited` is what was booked; `receipts` all money for it by the bank's day, booked or waiting for its day.
    `promised_until` is the day until which staff believes the customer; it holds on that day. `done` are actions that were
    carried out. `reversals`: how often a payment of it was taken back.
    """

    id: int
    company_id: int
    amount: Decimal
    credited: Decimal
    day3_on: date
    day5_on: date
    day6_on: date
    receipts: tuple[Receipt, ...] = ()
    promised_until: date | None = None
    done: frozenset[str] = frozenset()
    reversals: int = 0

    @property
    def outstanding(self) -> Decimal:
        """What is owed as booked."""
        return max(Decimal(0), self.amount - self.credited)

    def owed_by_bank(self, until: date) -> Decimal:
        """What is owed if all money counts that the bank had by the end of a day."""
        came = sum((receipt.amount for receipt in self.receipts if receipt.paid_on <= until), Decimal(0))
        return max(Decimal(0), self.amount - max(came, Decimal(0)))


def lock_action(debt: Debt) -> str:
    """The action of locking for an invoice: another one after each promise that was broken, and each payment that was taken
    back, so that each happens once."""
    name = f"{DunningAction.LOCK}-AFTER-{debt.promised_until}" if debt.promised_until else DunningAction.LOCK.value
    return f"{name}-REVERSAL-{debt.reversals}" if debt.reversals else name


def reminders_due(debts: Sequence[Debt], today: date) -> list[tuple[int, DunningAction]]:
    """Which invoices to remind of. Money on its way counts, though it is not booked yet; a promise is believed."""
    due = []
    for debt in debts:
        action = _reminder(debt, today)
        if action is not None and action.value not in debt.done:
            due.append((debt.id, action))
    return due


def _reminder(debt: Debt, today: date) -> DunningAction | None:
    if not debt.outstanding or not debt.owed_by_bank(today) or is_promised(debt, today):
        return None
    if debt.day3_on <= today < debt.day5_on:
        return DunningAction.REMIND_DAY_3
    if debt.day5_on <= today < debt.day6_on:
        return DunningAction.REMIND_DAY_5
    return None


def locks_due(debts: Sequence[Debt], today: date) -> list[int]:
    """The invoices for which their company is to be locked.

    What the bank had by day 5 is never a reason to lock, although it is credited later.
    """
    return [debt.id for debt in debts if _locks(debt, today) and lock_action(debt) not in debt.done]


def _locks(debt: Debt, today: date) -> bool:
    if today < debt.day6_on or is_promised(debt, today) or not debt.outstanding:
        return False
    return debt.owed_by_bank(debt.day5_on) > 0


def is_promised(debt: Debt, today: date) -> bool:
    """Whether a promise holds on a day, its last one included."""
    return debt.promised_until is not None and today <= debt.promised_until


def may_unlock(debts: Sequence[Debt], today: date, scope: UnlockScope) -> bool:
    """Whether a company that is locked for its invoices is let go: by payment as booked, or by promises.

    Where staff believes a promise, invoices that are not overdue yet keep nobody locked.
    """
    if any(debt.outstanding and is_promised(debt, today) for debt in debts):
        scope = UnlockScope.OVERDUE
    for debt in debts:
        if not debt.outstanding or is_promised(debt, today):
            continue
        if scope is UnlockScope.ALL or debt.day5_on < today:
            return False
    return True


def stage(debt: Debt, today: date) -> DunningStage:
    """How far it has come with an invoice by a day, whatever was or was not carried out."""
    if not debt.outstanding:
        return DunningStage.SETTLED
    if _locks(debt, today):
        return DunningStage.OVERDUE
    if not debt.owed_by_bank(today) or today < debt.day3_on:
        return DunningStage.WAITING
    return DunningStage.REMINDED_DAY_3 if today < debt.day5_on else DunningStage.REMINDED_DAY_5


def lock_guards(
    *,
    today: date,
    imported_until: date | None,
    last_working_day: date,
    year_confirmed: bool,
    companies_due: int,
    companies_all: int,
    largest_share: Decimal,
    never_held_below: int,
) -> list[LockGuard]:
    """What speaks against locking today; nothing does for an empty list.

    `last_working_day` is the one before today: statements have to reach it. Up to `never_held_below` companies are never too
    many, whatever their share.
    """
    guards = []
    if imported_until is None or imported_until < min(last_working_day, today - timedelta(days=1)):
        guards.append(LockGuard.BANK_IMPORT_MISSING)
    if not year_confirmed:
        guards.append(LockGuard.YEAR_NOT_CONFIRMED)
    if companies_due > never_held_below and companies_due > largest_share * companies_all:
        guards.append(LockGuard.TOO_MANY_COMPANIES)
    return guards


def next_steps(debt: Debt, today: date) -> list[tuple[date, DunningAction]]:
    """What will be done if nothing comes, with the exact days; nothing for an invoice that is settled."""
    if not debt.outstanding:
        return []
    steps = [
        (debt.day3_on, DunningAction.REMIND_DAY_3),
        (debt.day5_on, DunningAction.REMIND_DAY_5),
    ]
    lock_on = debt.day6_on
    if debt.promised_until is not None:
        lock_on = max(lock_on, debt.promised_until + timedelta(days=1))
        steps = [step for step in steps if step[0] > debt.promised_until]
    coming = [step for step in steps if step[1].value not in debt.done and step[0] >= today]
    if lock_action(debt) not in debt.done and debt.owed_by_bank(debt.day5_on) > 0:
        coming.append((max(lock_on, today), DunningAction.LOCK))
    return coming
