"""Billing periods: calendar months, named by their first day."""

from __future__ import annotations

from datetime import date


def period_of(day: date) -> date:
    """The first day of the month that a day lies in."""
    return day.replace(day=1)


def next_period(period: date) -> date:
    """The month after."""
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)


def previous_period(period: date) -> date:
    """The month before."""
    return date(period.year - (period.month == 1), (period.month - 2) % 12 + 1, 1)


def period_to_bill(today: date) -> date:
    """The month that is invoiced on a day: the one before, from the 1st on."""
    return previous_period(period_of(today))


def is_period(day: date) -> bool:
    """Whether a day names a month."""
    return day.day == 1
