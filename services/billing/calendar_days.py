"""Working days and deadlines as anybody may ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_calendar.deadlines import Deadlines, invoice_deadlines
from billing_calendar.working_days import calendar_of, working_days
from billing_calendar.year_checks import year_state
from domain.errors import InvalidValue
from services.billing.terms import billing_terms

LONGEST_SPAN = 731
"""Days that may be asked for at once."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Beyond these nobody knows anything."""


@dataclass(frozen=True, slots=True)
class WorkingDaysFound:
    """Whose calendar it is, its working days, and whether all years of the span are confirmed."""

    calendar: str
    days: list[date]
    confirmed: bool


def working_days_of(country: str, first: date, last: date) -> WorkingDaysFound:
    """The working days from `first` to `last`; raises `InvalidValue`."""
    name = _calendar(country)
    _require_year(first, "from")
    _require_year(last, "to")
    if not 0 <= (last - first).days < LONGEST_SPAN:
        raise InvalidValue(f"Give at most {LONGEST_SPAN} days, the earlier day as `from`.", path=("to",))
    confirmed = all(year_state(name, year).confirmed for year in range(first.year, last.year + 1))
    return WorkingDaysFound(name, working_days(name, first, last), confirmed)


def deadlines_of(country: str, issued_on: date) -> Deadlines:
    """The deadlines of an invoice issued on a day; raises `InvalidValue`."""
    _calendar(country)
    _require_year(issued_on, "issuedOn")
    return invoice_deadlines(country, issued_on, count_issue_day=billing_terms().count_issue_day)


def _calendar(country: str) -> str:
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        raise InvalidValue("A country is two letters, ISO 3166 alpha-2, such as KZ.", path=("country",))
    return calendar_of(country)


def _require_year(day: date, name: str) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidValue(f"A day from {FIRST_YEAR} to {LAST_YEAR}.", path=(name,))
