"""The nightly synchronisation: complete, resumable, one process at a time, and nobody is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from domain.clock import clock
from domain.sync_window import pause_between_calls, window_at
from jobs import scheduler
from models.database import connection_arguments, execute, fetch, fetch_row, fetch_value
from novaconnect_sdk import SimPage
from services.execution import hints
from services.execution.hints import open_hints
from services.inventory import record_partitions
from services.inventory.daily_sync import start_synchronisation, synchronise_profile, wake_synchronisation
from services.inventory.record_partitions import keep_partitions_ahead
from services.inventory.sync_runs import claim_nightly
from services.process.runtime import Runtime
from tests.operations.engine import Engine


@pytest.fixture
async def engine(engine: Engine) -> Engine:
    """The engine of the other stories, whose first inventory is forgotten: the first night reads everything."""
    await execute("DELETE FROM sync_run")
    return engine


STORED = "SELECT (SELECT count(*) FROM data_session) + (SELECT count(*) FROM call_record)"


def go_to_night(engine: Engine, nights: int = 0) -> None:
    """Let time pass until half past midnight at UTC+05:00, and so many nights more."""
    now = clock.now()
    target = now.replace(hour=19, minute=30, second=0, microsecond=0)
    while target <= now:
        target += timedelta(days=1)
    engine.advance((target - now).total_seconds() + nights * 86_400)


async def profile_id(code: str) -> int:
    """A profile's database id."""
    found: int = await fetch_value("SELECT id FROM profile WHERE code = $1", code)
    return found


async def last_run(code: str) -> asyncpg.Record:
    """The newest run of a profile."""
    row = await fetch_row(
        "SELECT * FROM sync_run WHERE profile_id = $1 ORDER BY id DESC LIMIT 1", await profile_id(code)
    )
    assert row is not None
    return row


async def synchronise(engine: Engine, code: str, runtime: Runtime | None = None) -> bool:
    """Do the night's run of a profile in this process."""
    return await synchronise_profile(await profile_id(code), runtime or engine.runtime)


@pytest.mark.parametrize(
    ("moment", "on"),
    [
        ("2025-03-01T18:59:59", None),
        ("2025-03-01T19:00:00", date(2025, 3, 2)),
        ("2025-03-02T01:59:59", date(2025, 3, 2)),
        ("2025-03-02T02:00:00", None),
        ("2023-06-30T19:00:00", date(2023, 7, 1)),
    ],
)
def test_the_window_is_midnight_to_seven_at_five_hours_east(moment: str, on: date | None) -> None:
    """The window does not follow Almaty, which stood six hours east until March 2024."""
    window = window_at(datetime.fromisoformat(moment).replace(tzinfo=UTC))

    assert (window.on if window else None) == on


def test_half_of_the_budget_is_left_to_people_while_there_is_time() -> None:
    """A thousand calls at 5/s leave every other call free; a hundred thousand in six hours leave none."""
    assert pause_between_calls(1000, 3600, 5) == pytest.approx(0.2)
    assert pause_between_calls(100_000, 6 * 3600, 5) == 0


@pytest.mark.parametrize("code", ["TC", "TD"])
async def test_a_night_brings_statuses_and_records(engine: Engine, code: str) -> None:
    """Given a SIM in session, when the night comes, then its state and its sessions are there, and every SIM was seen."""
    sim = await engine.sim(code)
    engine.force(sim, in_session=True)
    go_to_night(engine)
    engine.force(sim, in_session=False)

    assert await synchronise(engine, code)

    run = await last_run(code)
    assert (run["complete"], run["error"], run["phase"], run["seen"]) == (True, None, "RECORDS", 12)
    assert run["finished_at"] is not None
    assert run["records"] >= run["records_changed"] > 0
    assert (await engine.stored(sim))["session_started_at"] is not None
    assert await fetch_value("SELECT count(*) FROM data_session WHERE sim_id = $1", sim.id) > 0
    total = await fetch_row(
        "SELECT (SELECT count(*) FROM data_session) AS one, (SELECT sum(sessions) FROM usage_daily) AS other"
    )
    assert total is not None
    assert total["one"] == total["other"]


async def test_calls_and_messages_come_with_the_night(engine: Engine) -> None:
    """Given TC SIMs with sessions, which the operator precedes by calls and messages, then each is stored once."""
    sims = await engine.sims("TC", 12)
    for sim in sims:
        engine.force(sim, in_session=True)
    go_to_night(engine)

    await synchronise(engine, "TC")
    first = await fetch_value("SELECT count(*) FROM call_record")
    await execute("DELETE FROM sync_run")
    await synchronise(engine, "TC")

    kinds = {row["kind"] for row in await fetch("SELECT DISTINCT kind FROM call_record")}
    assert first > 0
    assert kinds <= {"VOICE", "SMS"}
    assert await fetch_value("SELECT count(*) FROM call_record") == first


async def test_records_read_again_change_nothing(engine: Engine) -> None:
    """Given a night's run, when the next night reads the same records again, then none is there twice."""
    go_to_night(engine)
    await synchronise(engine, "TC")
    before = await fetch_value(STORED)
    go_to_night(engine)

    await synchronise(engine, "TC")

    run = await last_run("TC")
    assert run["records_changed"] == await fetch_value(STORED) - before


async def test_it_runs_once_a_night_and_not_by_day(engine: Engine) -> None:
    """Given a night, when hints come twice, then one run is made; by day there is none."""
    go_to_night(engine)
    assert await wake_synchronisation() == 2

    first, second = await asyncio.gather(synchronise(engine, "TD"), synchronise(engine, "TD"))
    third = await synchronise(engine, "TD")

    assert sorted((first, second, third)) == [False, False, True]
    assert await wake_synchronisation() == 1
    engine.advance(10 * 3600)
    assert await wake_synchronisation() == 0
    assert not await synchronise(engine, "TC")


async def test_between_full_runs_only_what_changed_is_read(engine: Engine) -> None:
    """Given a complete run, when the next night comes, then only changed SIMs are read; after a week all of them are."""
    go_to_night(engine)
    await synchronise(engine, "TD")
    engine.advance(6 * 3600)
    sim = await engine.sim("TD")
    engine.simulator.rest(f"devices/{sim.iccid}", "PUT", json={"status": "DEACTIVATED"})
    go_to_night(engine)

    await synchronise(engine, "TD")
    second = await last_run("TD")
    go_to_night(engine, nights=7)
    await synchronise(engine, "TD")
    later = await last_run("TD")

    assert (second["kind"], second["changed_since"] is not None) == ("INCREMENTAL", True)
    assert 1 <= second["seen"] < 12
    assert (await engine.stored(sim))["observed_blocked"] is True
    assert (later["kind"], later["seen"]) == ("FULL", 12)


class Shortened:
    """A driver in front of the real one whose inventory lacks a SIM, ends early, or is empty."""

    def __init__(self, driver: Any, *, without: str = "", complete: bool = True, empty: bool = False) -> None:
        self._driver, self._without, self._complete, self._empty = driver, without, complete, empty

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def read_sim(self, sim: Any) -> Any:
        """As the real one."""
        return await self._driver.read_sim(sim)

    async def list_sims(self, cursor: str | None, changed_since: datetime | None) -> SimPage:
        """The real page, shortened."""
        page = await self._driver.list_sims(cursor, changed_since)
        items = () if self._empty else tuple(item for item in page.items if item.ref.iccid != self._without)
        return replace(page, items=items, complete=page.complete and self._complete)


def shorten(engine: Engine, monkeypatch: pytest.MonkeyPatch, **how: Any) -> None:
    """Let the TD operator's inventory be short."""
    running = engine.runtime.registry.profiles["TD"]
    changed = {**engine.runtime.registry.profiles, "TD": replace(running, driver=Shortened(running.driver, **how))}
    monkeypatch.setattr(engine.runtime.registry, "profiles", changed)


async def test_a_sim_that_left_is_marked_and_unmarked_when_it_returns(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a complete inventory without a SIM, then it is marked and kept; when it is listed again, the mark goes."""
    sim = await engine.sim("TD")
    go_to_night(engine)
    with monkeypatch.context() as gone:
        shorten(engine, gone, without=sim.iccid)
        await synchronise(engine, "TD")
    marked, first = await engine.stored(sim), await last_run("TD")
    go_to_night(engine, nights=7)
    await synchronise(engine, "TD")

    assert marked["left_operator_at"] is not None
    assert first["left_operator"] == 1
    assert (await engine.stored(sim))["left_operator_at"] is None
    assert (await last_run("TD"))["returned"] == 1


@pytest.mark.parametrize("how", [{"complete": False, "without": "x"}, {"empty": True}])
async def test_an_inventory_that_is_not_believed_marks_nobody(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    """Given a partial or an empty inventory, when it is read, then no SIM is marked."""
    go_to_night(engine)
    shorten(engine, monkeypatch, **how)

    await synchronise(engine, "TD")

    run = await last_run("TD")
    assert not run["complete"]
    assert run["left_operator"] == 0
    assert await fetch_value("SELECT count(*) FROM sim WHERE left_operator_at IS NOT NULL") == 0


async def test_a_run_whose_process_died_is_taken_up(engine: Engine) -> None:
    """Given a run in the hands of a living process, nobody else takes it; when that dies, another goes on with it."""
    go_to_night(engine)
    window = window_at(clock.now())
    assert window is not None
    async with engine.elsewhere() as other:
        run = await claim_nightly(await profile_id("TD"), window.on, other.lease.holder_id)
        assert run is not None
        assert not await synchronise(engine, "TD")
        await execute("UPDATE sync_run SET cursor = 'lost:3' WHERE id = $1", run.id)

    assert await wake_synchronisation() == 2
    assert await synchronise(engine, "TD")

    done = await last_run("TD")
    assert (done["id"], done["attempts"], done["complete"], done["error"]) == (run.id, 2, True, None)


async def test_an_operator_that_fails_at_night_is_tried_again(engine: Engine) -> None:
    """Given an operator that is down, then the run says so; five minutes later it is due again."""
    go_to_night(engine)
    engine.fault("http_500")
    await synchronise(engine, "TD")
    failed = await last_run("TD")
    due_at_once = await wake_synchronisation()
    engine.heal()
    engine.advance(400)

    assert failed["error"]
    assert due_at_once == 1
    assert await wake_synchronisation() == 2
    assert await synchronise(engine, "TD")
    assert (await last_run("TD"))["error"] is None


async def test_a_process_that_stops_lets_go_of_its_run(engine: Engine) -> None:
    """Given a run in the background, when the process stops, then the run is open and free for another."""
    go_to_night(engine)
    async with engine.elsewhere() as other:
        start_synchronisation(await profile_id("TD"), other)
        start_synchronisation(await profile_id("TD"), other)
        assert len(other.synchronising) == 1
        while not await fetch("SELECT 1 FROM sync_run WHERE holder_id = $1", other.lease.holder_id):
            await asyncio.sleep(0)

    assert (await last_run("TD"))["holder_id"] is None
    await synchronise(engine, "TD")
    assert (await last_run("TD"))["complete"] is True


async def test_partitions_are_there_before_their_month(engine: Engine) -> None:
    """Given any day, when the scheduler has passed, then the next month has its partitions."""
    await keep_partitions_ahead()

    ahead = (clock.now() + timedelta(days=32)).strftime("_%Y_%m")
    for parent in ("data_session", "call_record"):
        assert await fetch_value("SELECT to_regclass($1) IS NOT NULL", parent + ahead)


RUNS = """
{ syncRuns(first: 5, profile: "TD") { totalCount nodes { profile { code } kind phase windowOn startedAt finishedAt changedSince
  complete attempts seen added changed drifted leftOperator returned records recordsChanged error } } }
"""


async def test_staff_sees_the_runs_and_nobody_else(engine: Engine, ask: Any) -> None:
    """Given a night with drift, when staff asks, then the counts are there; an owner is refused."""
    sim = await engine.sim("TD")
    engine.force(sim, blocked=True)
    go_to_night(engine)
    await synchronise(engine, "TD")

    shown = await ask(engine.staff, RUNS)
    refused = await ask(engine.owner, RUNS)

    (run,) = shown["data"]["syncRuns"]["nodes"]
    assert shown["data"]["syncRuns"]["totalCount"] == 1
    assert (run["profile"]["code"], run["kind"], run["seen"], run["drifted"]) == ("TD", "FULL", 12, 1)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_run_whose_lease_was_lost_is_free_for_whoever_has_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a process that loses its lease in the night and lives on, then its run is not in its hands for ever."""
    go_to_night(engine)
    driver: Any = engine.runtime.registry.driver("TD")
    lease = engine.runtime.lease

    async def interrupted(cursor: str | None, changed_since: datetime | None) -> SimPage:
        lease._seen -= 60
        lease.require()
        raise AssertionError("the lease stands")

    with monkeypatch.context() as patched:
        patched.setattr(driver, "list_sims", interrupted)
        await synchronise(engine, "TD")
    lease._seen += 60

    assert (await last_run("TD"))["finished_at"] is None
    assert await wake_synchronisation() == 2
    assert await synchronise(engine, "TD")
    assert (await last_run("TD"))["error"] is None


async def test_a_step_of_the_scheduler_that_fails_holds_up_no_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given month partitions that cannot be made, when the scheduler goes round, then the night's runs are woken."""
    go_to_night(engine)
    name = "ensure_record_partitions"
    owner = await asyncpg.connect(**connection_arguments(engine.settings.require_database()))
    messages = Redis.from_url(engine.settings.broker_url)
    await messages.flushdb()
    open_hints(engine.settings.broker_url)
    monkeypatch.setattr(record_partitions, "_made_on", None)
    await owner.execute(f"ALTER FUNCTION {name} RENAME TO gone")
    try:
        await scheduler._round()

        assert await messages.llen("dramatiq:operations") > 0
    finally:
        await owner.execute(f"ALTER FUNCTION gone RENAME TO {name}")
        await owner.close()
        await messages.aclose()
        monkeypatch.setattr(hints, "_broker", None)
