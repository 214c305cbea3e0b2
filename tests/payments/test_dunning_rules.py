"""Dunning as a pure function of dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.dunning import (
    Debt,
    DunningAction,
    DunningStage,
    LockGuard,
    Receipt,
    UnlockScope,
    lock_action,
    lock_guards,
    locks_due,
    may_unlock,
    next_steps,
    reminders_due,
    stage,
)

# A Russian company's invoice of 1 December 2023.
DAY3, DAY5, DAY6 = date(2023, 12, 6), date(2023, 12, 8), date(2023, 12, 11)
INVOICE = Debt(1, 10, Decimal(4645), Decimal(0), DAY3, DAY5, DAY6)
A = DunningAction

days = st.integers(-10, 40).map(lambda n: DAY3 + timedelta(days=n))
money = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(5000), places=2)
debts = st.builds(
    Debt,
    id=st.just(1),
    company_id=st.just(1),
    amount=money,
    credited=st.decimals(min_value=0, max_value=Decimal(5000), places=2),
    day3_on=st.just(DAY3),
    day5_on=st.just(DAY5),
    day6_on=st.just(DAY6),
    receipts=st.lists(st.builds(Receipt, days, money), max_size=3).map(tuple),
    promised_until=st.none() | days,
)


def on(day: date, debt: Debt = INVOICE) -> list[Any]:
    """What is due on a day."""
    return [*reminders_due([debt], day), *locks_due([debt], day)]


def test_the_days_of_an_invoice_nobody_pays() -> None:
    due = {DAY3 + timedelta(days=n): on(DAY3 + timedelta(days=n)) for n in range(-2, 7)}
    assert {day: actions for day, actions in due.items() if actions} == {
        DAY3: [(1, A.REMIND_DAY_3)],
        date(2023, 12, 7): [(1, A.REMIND_DAY_3)],
        DAY5: [(1, A.REMIND_DAY_5)],
        date(2023, 12, 9): [(1, A.REMIND_DAY_5)],
        date(2023, 12, 10): [(1, A.REMIND_DAY_5)],
        DAY6: [1],
        date(2023, 12, 12): [1],
    }
    assert next_steps(INVOICE, date(2023, 12, 2)) == [(DAY3, A.REMIND_DAY_3), (DAY5, A.REMIND_DAY_5), (DAY6, A.LOCK)]


def test_a_payment_on_day_5_never_locks_though_it_is_credited_on_day_6() -> None:
    paid = replace(INVOICE, receipts=(Receipt(DAY5, Decimal(4645)),))
    assert on(DAY6, paid) == on(DAY5, paid) == []
    late = replace(INVOICE, receipts=(Receipt(DAY6, Decimal(4645)),))
    assert on(DAY6, late) == [1]
    part = replace(INVOICE, receipts=(Receipt(DAY5, Decimal(4644)),))
    assert on(DAY6, part) == [1]


def test_a_promise_holds_on_its_last_day_and_is_a_lock_of_its_own_when_broken() -> None:
    locked = replace(INVOICE, done=frozenset({"LOCK"}))
    promised = replace(locked, promised_until=date(2023, 12, 20))
    assert not may_unlock([locked], DAY6, UnlockScope.ALL)
    assert may_unlock([promised], date(2023, 12, 20), UnlockScope.ALL)
    assert on(date(2023, 12, 20), promised) == []
    assert on(date(2023, 12, 21), promised) == [1]
    assert lock_action(promised) == "LOCK-AFTER-2023-12-20"
    assert on(date(2023, 12, 22), replace(promised, done=promised.done | {lock_action(promised)})) == []
    assert next_steps(promised, DAY6) == [(date(2023, 12, 21), A.LOCK)]


def test_all_or_only_overdue_invoices_have_to_be_paid() -> None:
    paid = replace(INVOICE, credited=INVOICE.amount)
    next_one = replace(INVOICE, id=2, day5_on=date(2024, 1, 15), day6_on=date(2024, 1, 16))
    assert not may_unlock([paid, next_one], DAY6, UnlockScope.ALL)
    assert may_unlock([paid, next_one], DAY6, UnlockScope.OVERDUE)
    assert may_unlock([paid], DAY6, UnlockScope.ALL)
    promised = replace(INVOICE, promised_until=date(2023, 12, 20))
    assert may_unlock([promised, next_one], DAY6, UnlockScope.ALL), "a promise is not spoiled by what is not due yet"


@given(debts, days, money, days)
def test_paying_never_raises_a_stage(debt: Debt, today: date, amount: Decimal, paid_on: date) -> None:
    order = list(DunningStage)
    arrived = replace(debt, receipts=(*debt.receipts, Receipt(paid_on, amount)))
    booked = replace(arrived, credited=debt.credited + amount)
    assert order.index(stage(arrived, today)) <= order.index(stage(debt, today))
    assert order.index(stage(booked, today)) <= order.index(stage(arrived, today))
    assert set(locks_due([booked], today)) <= set(locks_due([debt], today))


@given(debts, days)
def test_what_is_done_is_not_due_again(debt: Debt, today: date) -> None:
    done = {action.value for _, action in reminders_due([debt], today)}
    done |= {lock_action(debt) for _ in locks_due([debt], today)}
    again = replace(debt, done=frozenset(done))
    assert reminders_due([again], today) == []
    assert locks_due([again], today) == []


@given(debts, days)
def test_the_next_steps_are_what_then_happens(debt: Debt, today: date) -> None:
    for day, action in next_steps(debt, today):
        assert day >= today
        if action is A.LOCK:
            assert locks_due([debt], day) == [1]
            assert day == today or locks_due([debt], day - timedelta(days=1)) == []


def test_guards() -> None:
    usual: dict[str, Any] = {
        "today": DAY6,
        "imported_until": date(2023, 12, 8),
        "last_working_day": date(2023, 12, 8),
        "year_confirmed": True,
        "companies_due": 3,
        "companies_all": 3,
        "largest_share": Decimal("0.2"),
        "never_held_below": 5,
    }
    assert lock_guards(**usual) == []
    assert lock_guards(**usual | {"imported_until": date(2023, 12, 7)}) == [LockGuard.BANK_IMPORT_MISSING]
    assert lock_guards(**usual | {"imported_until": None, "year_confirmed": False}) == [
        LockGuard.BANK_IMPORT_MISSING,
        LockGuard.YEAR_NOT_CONFIRMED,
    ]
    assert lock_guards(**usual | {"companies_due": 21, "companies_all": 100}) == [LockGuard.TOO_MANY_COMPANIES]
    assert lock_guards(**usual | {"companies_due": 20, "companies_all": 100}) == []
