"""Checks of the year files: is the year there, official, and as many working days long as the state says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_calendar.calendar_years import COUNTRIES, BadCalendar, calendar_year
from billing_calendar.working_days import working_days

NEXT_YEAR_FROM_MONTH = 11
"""From 1 November on, next year's calendar should be there."""


@dataclass(frozen=True, slots=True)
class YearState:
    """A calendar's year: usable for locks when `confirmed` and `problem` is None.

    `problem` is a sentence that says what is missing or wrong, and what to do.
    """

    country: str
    year: int
    confirmed: bool
    source: str | None
    working_days: int | None
    problem: str | None


def year_state(country: str, year: int) -> YearState:
    """How a calendar (`RU` or `KZ`) stands in a year."""
    name = f"billing_calendar/years/{country}/{year}.toml"
    try:
        entry = calendar_year(country, year)
    except BadCalendar as error:
        return YearState(country, year, False, None, None, str(error))
    if entry is None:
        return YearState(country, year, False, None, None, f"{name} is missing: write it from the official calendar.")
    counted = len(working_days(country, date(year, 1, 1), date(year, 12, 31)))
    problem = None
    if counted != entry.working_days:
        problem = f"{name} says {entry.working_days} working days, counted are {counted}: correct its days or its norm."
    elif not entry.confirmed:
        problem = f"{name} is provisional: enter the official calendar, or have staff accept it."
    return YearState(country, year, entry.confirmed and problem is None, entry.source, counted, problem)


def years_to_check(today: date) -> tuple[int, ...]:
    """The years that matter on a day: this one, and the next from 1 November on."""
    return (today.year, today.year + 1) if today.month >= NEXT_YEAR_FROM_MONTH else (today.year,)


def year_states(today: date) -> list[YearState]:
    """The calendars of all countries in the years that matter on a day."""
    return [year_state(country, year) for year in years_to_check(today) for country in COUNTRIES]
