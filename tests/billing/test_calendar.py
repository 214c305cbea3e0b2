"""Working days and deadlines: every month of four years in both countries, and what the year files guard."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

import billing_calendar.working_days
from billing_calendar import calendar_years, year_checks
from billing_calendar.calendar_years import BadCalendar, CalendarYear, calendar_year, require_library
from billing_calendar.deadlines import credit_date, invoice_deadlines
from billing_calendar.periods import is_period, next_period, period_to_bill, previous_period
from billing_calendar.working_days import calendar_version, is_working_day, working_days
from billing_calendar.year_checks import year_state, year_states

CASES_FILE = Path(__file__).parent.parent / "domain" / "calendar_cases_2023_2024.csv"
CASES = list(csv.DictReader(CASES_FILE.read_text("utf-8").splitlines()))

# Of the official calendars of a five-day week: weekdays off, and Saturdays and Sundays worked.
OFFICIAL = {
    ("RU", 2023): "01-02 01-03 01-04 01-05 01-06 02-23 02-24 03-08 05-01 05-08 05-09 06-12 11-06 +",
    (
        "RU",
        2024,
    ): "01-01 01-02 01-03 01-04 01-05 01-08 02-23 03-08 04-29 04-30 05-01 05-09 05-10 06-12 11-04 12-30 12-31"
    " + 04-27 11-02 12-28",
    ("RU", 2025): "01-01 01-02 01-03 01-06 01-07 01-08 05-01 05-02 05-08 05-09 06-12 06-13 11-03 11-04 12-31 + 11-01",
    ("RU", 2026): "01-01 01-02 01-05 01-06 01-07 01-08 01-09 02-23 03-09 05-01 05-11 06-12 11-04 12-31 +",
    ("KZ", 2023): "01-02 01-03 03-08 03-21 03-22 03-23 05-01 05-08 05-09 06-28 07-06 07-07 08-30 10-25 12-18 + 07-01",
    ("KZ", 2024): "01-01 01-02 03-08 03-21 03-22 03-25 05-01 05-07 05-08 05-09 07-08 08-30 10-25 12-16 + 05-04",
    (
        "KZ",
        2025,
    ): "01-01 01-02 01-03 01-07 03-10 03-21 03-24 03-25 05-01 05-07 05-09 06-06 07-07 09-01 10-27 12-16 + 01-05",
    ("KZ", 2026): "01-01 01-02 01-07 03-09 03-23 03-24 03-25 05-01 05-07 05-11 05-27 07-06 10-26 12-16 +",
}
NORMS = {"RU": (247, 248, 247, 247), "KZ": (246, 249, 246, 247)}
MONTHS = [(country, date(year, month, 1)) for country, year in OFFICIAL for month in range(1, 13)]


def days(text: str, year: int) -> set[date]:
    return {date.fromisoformat(f"{year}-{part}") for part in text.split()}


def is_worked(country: str, day: date) -> bool:
    off, worked = OFFICIAL[country, day.year].split("+")
    return day in days(worked, day.year) if day.weekday() >= 5 else day not in days(off, day.year)


def recounted(country: str, issued_on: date, count: int) -> date:
    """One day after the other, a stroke for each that is worked."""
    day, strokes = issued_on, 0
    while strokes < count:
        day = day + timedelta(days=1)
        if is_worked(country, day):
            strokes += 1
    return day


def test_there_are_48_given_cases_and_96_months() -> None:
    assert len(CASES) == 48 and len(MONTHS) == 96


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['country']}-{case['issued_on']}")
def test_the_deadlines_that_are_given(case: dict[str, str]) -> None:
    found = invoice_deadlines(case["country"], date.fromisoformat(case["issued_on"]))

    assert [found.day3.isoformat(), found.day5.isoformat(), found.day6.isoformat()] == [
        case["day3"],
        case["day5"],
        case["day6"],
    ]


@pytest.mark.parametrize(("country", "issued_on"), MONTHS)
def test_every_month_of_four_years_equals_an_obvious_recount(country: str, issued_on: date) -> None:
    found = invoice_deadlines(country, issued_on)

    assert (found.day3, found.day5, found.day6) == tuple(recounted(country, issued_on, count) for count in (3, 5, 6))
    assert credit_date(country, found.day5) == found.day6


@pytest.mark.parametrize(("country", "year"), OFFICIAL)
def test_every_day_is_that_of_the_official_calendar_and_the_norm_fits(country: str, year: int) -> None:
    first, last = date(year, 1, 1), date(year, 12, 31)

    found = working_days(country, first, last)

    assert found == [
        day for day in (first + timedelta(days=n) for n in range((last - first).days + 1)) if is_worked(country, day)
    ]
    state = year_state(country, year)
    assert (state.confirmed, state.problem) == (True, None)
    assert len(found) == state.working_days == NORMS[country][year - 2023]


def test_where_the_issue_day_counts_it_is_day_one_if_it_is_worked() -> None:
    friday, sunday = date(2024, 3, 1), date(2023, 10, 1)

    assert invoice_deadlines("KZ", friday, count_issue_day=True).day3 == date(2024, 3, 5)
    assert invoice_deadlines("KZ", friday).day3 == date(2024, 3, 6)
    assert invoice_deadlines("KZ", sunday, count_issue_day=True) == invoice_deadlines("KZ", sunday)


def test_companies_of_other_countries_follow_kazakhstan() -> None:
    assert invoice_deadlines("GE", date(2024, 1, 1)) == invoice_deadlines("KZ", date(2024, 1, 1))
    assert invoice_deadlines("GE", date(2024, 1, 1)) != invoice_deadlines("RU", date(2024, 1, 1))


def test_periods_are_months() -> None:
    assert period_to_bill(date(2024, 1, 1)) == date(2023, 12, 1)
    assert period_to_bill(date(2024, 3, 31)) == date(2024, 2, 1)
    assert next_period(date(2023, 12, 1)) == date(2024, 1, 1) and next_period(date(2024, 1, 1)) == date(2024, 2, 1)
    assert previous_period(date(2024, 1, 1)) == date(2023, 12, 1)
    assert is_period(date(2024, 2, 1)) and not is_period(date(2024, 2, 2))


def test_next_years_calendar_is_looked_at_from_november_on() -> None:
    assert {state.year for state in year_states(date(2026, 10, 31))} == {2026}
    november = year_states(date(2026, 11, 1))
    assert {(state.country, state.year) for state in november} == {(c, y) for c in ("RU", "KZ") for y in (2026, 2027)}
    assert [state.problem is None for state in november] == [True, True, False, False]
    assert "provisional" in str(november[-1].problem)


def test_a_year_without_a_file_is_not_confirmed_and_says_what_is_missing() -> None:
    state = year_state("KZ", 2031)

    assert not state.confirmed and "KZ/2031.toml is missing" in str(state.problem)


@pytest.fixture
def corrected(monkeypatch: pytest.MonkeyPatch) -> Iterator[CalendarYear]:
    """Kazakhstan's 2024 with one more day off, one more worked, and the norm as it was."""
    entry = calendar_year("KZ", 2024)
    assert entry is not None
    other = CalendarYear(
        entry.country,
        entry.year,
        True,
        entry.source,
        entry.working_days,
        frozenset({date(2024, 6, 3), date(2024, 6, 5)}),
        frozenset({date(2024, 6, 8)}),
    )
    for module in (billing_calendar.working_days, year_checks):
        monkeypatch.setattr(module, "calendar_year", lambda country, year: other if year == 2024 else None)
    calendar_version.cache_clear()
    yield other
    calendar_version.cache_clear()


def test_a_correction_moves_days_changes_the_version_and_trips_over_the_norm(
    corrected: CalendarYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_working_day("KZ", date(2024, 6, 3)) and is_working_day("KZ", date(2024, 6, 8))
    version = calendar_version("KZ", 2024)
    state = year_state("KZ", 2024)
    assert not state.confirmed and "says 249 working days, counted are 248" in str(state.problem)

    monkeypatch.undo()
    calendar_version.cache_clear()
    assert re.fullmatch(r"KZ-2024-[0-9a-f]{8}", version) and calendar_version("KZ", 2024) != version


@pytest.mark.parametrize("version", ["0.105", "0.99", "0.106.1"])
def test_a_library_that_is_known_to_be_wrong_is_refused(version: str) -> None:
    with pytest.raises(BadCalendar, match="wrong for Russia in 2026"):
        require_library(version)


@pytest.mark.parametrize(
    "entry",
    [
        {"status": "sure", "source": "", "working_days": 247, "extra_off": [], "extra_work": []},
        {"status": "confirmed", "source": "", "working_days": "many", "extra_off": [], "extra_work": []},
        {"status": "confirmed", "source": "", "working_days": 247, "extra_off": [date(2025, 1, 1)], "extra_work": []},
        {
            "status": "confirmed",
            "source": "",
            "working_days": 247,
            "extra_off": [date(2024, 1, 3)],
            "extra_work": [date(2024, 1, 3)],
        },
        {"status": "confirmed", "source": ""},
    ],
)
def test_a_year_file_that_cannot_be_used_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        calendar_years._read("RU", 2024, entry)
