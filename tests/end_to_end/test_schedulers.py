"""The days' jobs in the running schedulers: two of them, a month that ends, and a leader that is killed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from models import UserRole
from models.database import execute, fetch, fetch_value
from services.schedule.day_jobs import DAY_JOBS
from tests.billing.world import LONG_AGO, set_time
from tests.end_to_end.conftest import MakeProgram, told
from tests.end_to_end.programs import until
from tests.payments.world import add_invoice, statement
from tests.simulator.running import Simulator, simulator
from tests.worlds import add_company, add_login, add_profiles, add_sim

LEADS = "this process runs the daily jobs"


@pytest.fixture
def starts_at() -> str:
    """When the story begins; now, where it does not matter."""
    return datetime.now(UTC).isoformat()


@pytest.fixture
def operators(database: str, redis_url: str, starts_at: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator whose clock everybody follows."""
    with simulator("--sims", "3", "--lively", "0", "--starts-at", starts_at) as running:
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


@pytest.mark.parametrize("starts_at", ["2026-03-18T09:00:00+00:00"])
async def test_the_running_scheduler_locks_who_did_not_pay_and_unlocks_who_did(
    operators: Simulator, program: MakeProgram, starts_at: str
) -> None:
    """Given an invoice of February and a bank that spoke, a SIM is locked; given the payment, it is let go a day later."""
    company, staff = await add_company("Тайга", "RU"), await add_login(None, UserRole.STAFF, "Saule Staff")
    sim = await add_sim(company, (await add_profiles())["TC"], 1)
    invoice = await add_invoice(company, "100.00", issued="2026-02-02")
    set_time(datetime.fromisoformat(starts_at))
    await statement(staff, "x;17.03.2026;1;RUB;x;nobody", until="2026-03-17")
    scheduler = program("scheduler")
    await scheduler.start()

    asked = f"SELECT count(*) FROM operation_item WHERE sim_id = {sim.id} AND kind = '%s_FINANCIAL_LOCK'"
    await until(lambda: _any(asked % "SET", 1))
    assert await _state_of("LOCK", date(2026, 3, 18)) == "DONE"

    await statement(staff, f"y;18.03.2026;100.00;RUB;Тайга;{invoice.number}", until="2026-03-18")
    operators.advance(timedelta(days=1).total_seconds())
    await until(lambda: _any(asked % "LIFT", 1))
    assert await _state_of("UNLOCK", date(2026, 3, 19)) == "DONE"
    assert await fetch_value("SELECT lifted_because FROM financial_lock") == "PAID"
    assert scheduler.stop() == 0


async def _state_of(job: str, day: date) -> str:
    """How a job of the Russian calendar stands when it has ended."""
    sql = "SELECT state FROM job_run WHERE job = $1 AND calendar = 'RU' AND day = $2 AND state <> 'RUNNING'"
    async with asyncio.timeout(30):
        while (state := await fetch_value(sql, job, day)) is None:
            await asyncio.sleep(0.05)
    return str(state)


async def _any(sql: str, least: int) -> bool:
    return bool(await fetch_value(sql) >= least)
