"""Working days: the expected days of every month of two years in both countries, and ends of days in local zones."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from billing_calendar.working_days import add_working_days, calendar_of, end_of_working_days, local_date

CASES = list(csv.DictReader(Path(__file__).with_name("calendar_cases_2023_2024.csv").read_text("utf-8").splitlines()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['country']}-{case['issued_on']}")
def test_the_days_that_are_expected(case: dict[str, str]) -> None:
    issued = date.fromisoformat(case["issued_on"])

    found = [add_working_days(case["country"], issued, count).isoformat() for count in (3, 5, 6)]

    assert found == [case["day3"], case["day5"], case["day6"]]


def test_russian_companies_follow_russia_and_all_others_kazakhstan() -> None:
    assert [calendar_of(country) for country in ("RU", "ru", "KZ", "DE")] == ["RU", "RU", "KZ", "KZ"]


def test_a_deadline_is_the_end_of_the_day_there() -> None:
    friday_evening = datetime(2024, 4, 5, 20, 30, tzinfo=UTC)  # already Saturday in Astana, still Friday in Moscow

    assert end_of_working_days("KZ", friday_evening, 3) == datetime(2024, 4, 10, 19, tzinfo=UTC)
    assert end_of_working_days("RU", friday_evening, 3) == datetime(2024, 4, 10, 21, tzinfo=UTC)
    assert local_date("KZ", datetime(2024, 4, 10, 19, tzinfo=UTC)) == date(2024, 4, 11)


def test_the_day_itself_never_counts() -> None:
    with pytest.raises(ValueError):
        add_working_days("KZ", date(2024, 4, 5), 0)
