"""The days of an invoice (guide: "Правила выставления и оплаты счетов"): reminders, the last day to pay, the lock, the credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from billing_calendar.working_days import add_working_days, calendar_version, is_working_day

FIRST_REMINDER, LAST_DAY_TO_PAY, LOCK = 3, 5, 6


@dataclass(frozen=True, slots=True)
class Deadlines:
    """`day3`: first reminder. `day5`: second reminder and the last day to pay. `day6`: the financial lock.

    `version` names the calendar they were counted by; it is stored with them.
    """

    day3: date
    day5: date
    day6: date
    version: str


def invoice_deadlines(country: str, issued_on: date, *, count_issue_day: bool = False) -> Deadlines:
    """The deadlines of an invoice issued on a day to a company of a country.

    Day 1 is the first working day after the day of issue; with `count_issue_day` it is the day of issue itself, where that
    is a working day.
    """
    start = issued_on - timedelta(days=1) if count_issue_day and is_working_day(country, issued_on) else issued_on
    day3, day5, day6 = (add_working_days(country, start, count) for count in (FIRST_REMINDER, LAST_DAY_TO_PAY, LOCK))
    versions = [calendar_version(country, year) for year in range(issued_on.year, day6.year + 1)]
    return Deadlines(day3, day5, day6, "+".join(versions))


def credit_date(country: str, paid_on: date) -> date:
    """When a payment of a bank's day counts: on the next working day."""
    return add_working_days(country, paid_on, 1)
