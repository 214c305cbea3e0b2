"""Years whose official calendar is not entered yet: locks wait until staff accept the year as it is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from access import Principal
from billing_calendar.calendar_years import COUNTRIES
from billing_calendar.working_days import KAZAKHSTAN, calendar_of, local_date
from billing_calendar.year_checks import YearState, year_state, years_to_check
from domain.clock import clock
from domain.errors import InvalidValue, NothingToDo
from models.database import execute, fetch, transaction
from services.audit.record import record

_log = logging.getLogger("novaconnect.calendar")


@dataclass(frozen=True, slots=True)
class CalendarYearRow:
    """A calendar's year, and whether staff accepted it although it is not confirmed."""

    state: YearState
    accepted: bool

    @property
    def allows_locks(self) -> bool:
        """Whether financial locks may be set by it."""
        return self.state.confirmed or self.accepted


async def allows_locks(country: str, day: date) -> bool:
    """Whether a company of a country may be locked on a day: its calendar's year is official, or was accepted."""
    return (await _row(calendar_of(country), day.year)).allows_locks


async def calendar_years(principal: Principal) -> Sequence[CalendarYearRow]:
    """The calendars that matter now: this year's, and from 1 November next year's; raises `Forbidden` unless staff."""
    principal.require_staff()
    years = years_to_check(local_date(KAZAKHSTAN, clock.now()))
    return [await _row(country, year) for year in years for country in COUNTRIES]


async def accept_calendar_year(principal: Principal, country: str, year: int) -> CalendarYearRow:
    """Allow locks in a year that is not confirmed. Accepting twice is the same. Raises `Forbidden`, `InvalidValue`,
    `NothingToDo` for a confirmed one.
    """
    principal.require_staff()
    if country not in COUNTRIES:
        raise InvalidValue(
            f"Calendars are {' and '.join(COUNTRIES)}: all other countries follow KZ.", path=("country",)
        )
    if not 2000 <= year <= 2100:
        raise InvalidValue("A year from 2000 to 2100.", path=("year",))
    if (await _row(country, year)).state.confirmed:
        raise NothingToDo("This year is confirmed: there is nothing to accept.", path=("year",))
    async with transaction():
        tag = await execute(
            "INSERT INTO calendar_acceptance (country, year, accepted_by_id, accepted_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT DO NOTHING",
            country,
            year,
            principal.user_id,
            clock.now(),
        )
        if tag.endswith(" 1"):
            await record(principal, "calendar_year.accepted", f"calendar_year:{country}-{year}", company_id=None)
    return await _row(country, year)


def warn_of_calendars() -> None:
    """Say in the log what is missing or wrong of the calendars that matter now; at every start."""
    for year in years_to_check(local_date(KAZAKHSTAN, clock.now())):
        for country in COUNTRIES:
            if (state := year_state(country, year)).problem:
                _log.warning("%s", state.problem)


async def _row(country: str, year: int) -> CalendarYearRow:
    rows = await fetch("SELECT 1 FROM calendar_acceptance WHERE country = $1 AND year = $2", country, year)
    return CalendarYearRow(year_state(country, year), bool(rows))
