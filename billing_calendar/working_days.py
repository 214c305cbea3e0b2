"""Working days in a company's country: Russian companies follow the Russian production calendar, all others Kazakhstan's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

RUSSIA, KAZAKHSTAN = "RU", "KZ"
_ZONES = {RUSSIA: ZoneInfo("Europe/Moscow"), KAZAKHSTAN: ZoneInfo("Asia/Almaty")}


def calendar_of(country: str) -> str:
    """The calendar (RU or KZ) that companies of a country (ISO 3166 alpha-2) follow."""
    return RUSSIA if country.upper() == RUSSIA else KAZAKHSTAN


def zone_of(country: str) -> ZoneInfo:
    """The time zone in which a company's days begin and end."""
    return _ZONES[calendar_of(country)]


def add_working_days(country: str, day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself never counts; `count` is at least 1."""
    if count < 1:
        raise ValueError("count must be at least 1")
    left = count
    while left:
        day += timedelta(days=1)
        left -= _calendar(calendar_of(country), day.year).is_working_day(day)
    return day


def end_of_working_days(country: str, moment: datetime, count: int) -> datetime:
    """When the `count`-th working day after an aware moment is over: the midnight that ends it there, in UTC."""
    zone = zone_of(country)
    last = add_working_days(country, moment.astimezone(zone).date(), count)
    return datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC)


def local_date(country: str, moment: datetime) -> date:
    """The date that an aware moment has in the company's zone."""
    return moment.astimezone(zone_of(country)).date()


@lru_cache(maxsize=64)
def _calendar(country: str, year: int) -> holidays.HolidayBase:
    # The neighbours too: a day off may be transferred across New Year. Never changed after it is made.
    return holidays.country_holidays(country, years=(year - 1, year, year + 1), observed=True, expand=False)
