"""What is known of a country's calendar in a year: official or provisional, the norm of working days, corrections."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version as version_of
from importlib.resources import files

COUNTRIES = ("RU", "KZ")
"""The calendars there are, by ISO 3166 alpha-2."""

OLDEST_LIBRARY = (0, 107)
"""Older versions of `holidays` are wrong for Russia in 2026."""


class BadCalendar(Exception):
    """A year file or the library cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """A year file. `confirmed`: the official calendar is published and entered. `working_days` is its norm, a checksum.

    `extra_off` and `extra_work` are days on which the library is wrong, so that a correction needs no new release of it.
    """

    country: str
    year: int
    confirmed: bool
    source: str
    working_days: int
    extra_off: frozenset[date]
    extra_work: frozenset[date]


@lru_cache(maxsize=64)
def calendar_year(country: str, year: int) -> CalendarYear | None:
    """The file of a calendar (`RU` or `KZ`) and year; None when there is none. Raises `BadCalendar`."""
    place = files("billing_calendar").joinpath("years", country, f"{year}.toml")
    if not place.is_file():
        return None
    name = f"billing_calendar/years/{country}/{year}.toml"
    try:
        return _read(country, year, tomllib.loads(place.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadCalendar(f"{name} cannot be used ({error}): correct it.") from error


def _read(country: str, year: int, entry: dict[str, object]) -> CalendarYear:
    off, work = _days(entry["extra_off"], year), _days(entry["extra_work"], year)
    if entry["status"] not in ("confirmed", "provisional"):
        raise ValueError("status must be confirmed or provisional")
    if off & work:
        raise ValueError("a day stands in extra_off and in extra_work")
    norm = entry["working_days"]
    if not isinstance(norm, int) or not 200 < norm < 300:
        raise ValueError("working_days must be a number of days")
    return CalendarYear(country, year, entry["status"] == "confirmed", str(entry["source"]), norm, off, work)


def _days(given: object, year: int) -> frozenset[date]:
    if not isinstance(given, list) or not all(type(day) is date and day.year == year for day in given):
        raise ValueError(f"extra_off and extra_work are lists of days of {year}")
    return frozenset(given)


def require_library(version: str) -> None:
    """Raise `BadCalendar` when the library is one that is known to be wrong."""
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_LIBRARY:
        raise BadCalendar(f"holidays {version} is wrong for Russia in 2026: install 0.107 or newer.")


require_library(version_of("holidays"))
