"""The days' jobs in the running schedulers: two of them, a month that ends, and a leader that is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from models import UserRole
from models.database import execute, fetch, fetch_value
from services.schedule.day_jobs import DAY_JOBS
from tests.billing.world import LONG_AGO
from tests.end_to_end.conftest import MakeProgram, told
from tests.end_to_end.programs import until
from tests.payments.world import add_invoice
from tests.simulator.running import Simulator, simulator
from tests.worlds import add_company, add_login

LEADS = "this process runs the daily jobs"


@pytest.fixture
def operators(database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator whose clock everybody follows."""
    with simulator("--sims", "3", "--lively", "0") as running:
        for name, value in told(running, database, redis_url, {}).items():
            monkeypatch.setenv(name, value)
        yield running


async def ended(day: date) -> bool:
    """Whether all jobs of a day have ended for both calendars."""
    count = await fetch_value("SELECT count(*) FROM job_run WHERE day = $1 AND state IN ('DONE', 'HELD')", day)
    return bool(count == 2 * len(DAY_JOBS))


async def test_the_other_scheduler_goes_on_when_the_leader_is_killed_at_the_end_of_a_month(
    operators: Simulator, program: MakeProgram
) -> None:
    company = await add_company("Тайга", "RU")
    await execute("UPDATE company SET created_at = $1", LONG_AGO)
    await add_login(company, UserRole.OWNER, "Olga Owner")
    today = datetime.now(UTC).date()
    await add_invoice(company, "100.00", issued=today.isoformat())
    first, second = program("scheduler-1"), program("scheduler-2")
    await first.start()
    # What has come: of today, or before nine in the morning of yesterday, and so for each calendar.
    await until(lambda: _any("SELECT count(*) FROM job_run WHERE state IN ('DONE', 'HELD')", 2 * len(DAY_JOBS)))
    begun = await fetch_value("SELECT max(day) FROM job_run")
    await second.start()
    assert (LEADS in first.said, LEADS in second.said) == (True, False)

    # The last day that comes is the 2nd of the next month, ten days away at least.
    last = (today.replace(day=1) + timedelta(days=62)).replace(day=2)
    noon = datetime(last.year, last.month, last.day, 12, tzinfo=UTC)
    operators.advance((noon - datetime.now(UTC)).total_seconds())
    await until(lambda: _any(f"SELECT count(*) FROM job_run WHERE day > '{begun}'", 1))
    first.kill()
    await until(lambda: ended(last))

    assert LEADS in second.said and os.environ["CLOCK"] == "simulator"
    rows = await fetch("SELECT job, calendar, day, state, attempts FROM job_run WHERE day > $1", begun)
    assert {row["day"] for row in rows} == {begun + timedelta(days=n + 1) for n in range((last - begun).days)}
    assert len(rows) == (last - begun).days * 2 * len(DAY_JOBS)
    # At most the one job in which the leader was killed was begun twice.
    again = [row for row in rows if row["attempts"] > 1]
    assert len(again) <= 1 and all(row["attempts"] == 2 for row in again)
    told_of = await fetch(
        "SELECT kind, count(*) AS times FROM notification WHERE user_id IS NOT NULL GROUP BY kind ORDER BY kind"
    )
    assert [tuple(row) for row in told_of] == [("REMINDER_DAY_3", 1), ("REMINDER_DAY_5", 1)]
    # Nobody told of a bank statement, so the lock that is due is held.
    assert (
        await fetch_value("SELECT state FROM job_run WHERE job = 'LOCK' AND calendar = 'RU' AND day = $1", last)
        == "HELD"
    )
    await until(lambda: _any("SELECT count(*) FROM billing_run", 1))
    assert second.stop() == 0


async def _any(sql: str, least: int) -> bool:
    return bool(await fetch_value(sql) >= least)
