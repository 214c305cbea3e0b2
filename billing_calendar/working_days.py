"""Working days in a company's country: Russian companies follow the Russian production calendar, all others Kazakhstan's."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from billing_calendar.calendar_years import calendar_year

if TYPE_CHECKING:
    import holidays

RUSSIA, KAZAKHSTAN = "RU", "KZ"
_ZONES = {RUSSIA: ZoneInfo("Europe/Moscow"), KAZAKHSTAN: ZoneInfo("Asia/Almaty")}


def calendar_of(country: str) -> str:
    """The calendar (RU or KZ) that companies of a country (ISO 3166 alpha-2) follow."""
    return RUSSIA if country.upper() == RUSSIA else KAZAKHSTAN


def zone_of(country: str) -> ZoneInfo:
    """The time zone in which a company's days begin and end."""
    return _ZONES[calendar_of(country)]


def is_working_day(country: str, day: date) -> bool:
    """Whether people work on a day there: the library's word, unless the year file knows better."""
    name = calendar_of(country)
    entry = calendar_year(name, day.year)
    if entry is not None and day in entry.extra_off:
        return False
    if entry is not None and day in entry.extra_work:
        return True
    return _library(name, day.year).is_working_day(day)


def add_working_days(country: str, day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself never counts; `count` is at least 1."""
    if count < 1:
        raise ValueError("count must be at least 1")
    left = count
    while left:
        day += timedelta(days=1)
        left -= is_working_day(country, day)
    return day


def working_days(country: str, first: date, last: date) -> list[date]:
    """The working days from `first` to `last`, both included; none when `last` is before `first`."""
    span = range((last - first).days + 1)
    return [day for day in (first + timedelta(days=step) for step in span) if is_working_day(country, day)]


def end_of_working_days(country: str, moment: datetime, count: int) -> datetime:
    """When the `count`-th working day after an aware moment is over: the midnight that ends it there, in UTC."""
    zone = zone_of(country)
    last = add_working_days(country, moment.astimezone(zone).date(), count)
    return datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC)


def local_date(country: str, moment: datetime) -> date:
    """The date that an aware moment has in the company's zone."""
    return moment.astimezone(zone_of(country)).date()


@lru_cache(maxsize=64)
def calendar_version(country: str, year: int) -> str:
    """A name of the working days of a year that changes when any of them does, such as `RU-2024-1f0c9a2b`."""
    name = calendar_of(country)
    days = ",".join(day.isoformat() for day in working_days(name, date(year, 1, 1), date(year, 12, 31)))
    return f"{name}-{year}-{hashlib.sha256(days.encode()).hexdigest()[:8]}"


@lru_cache(maxsize=64)
def _library(country: str, year: int) -> holidays.HolidayBase:
    import holidays  # with every country of the world: read when the first day is counted

    # The neighbours too: a day off may be transferred across New Year. Never changed after it is made.
    return holidays.country_holidays(country, years=(year - 1, year, year + 1), observed=True, expand=False)
