"""PostgreSQL restarted, Valkey away, a stop in the middle: work goes on where it was, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from models.database import fetch_value
from tests.end_to_end.conftest import MakeProgram
from tests.end_to_end.programs import until
from tests.operations.engine import LOCK, MSU_LOCK, SETTLE_SECONDS, Engine, SimCard
from tests.servers import TestServers


async def state(operation_id: int) -> str:
    """The operation's state."""
    return str(await fetch_value("SELECT state FROM operation WHERE id = $1", operation_id))


async def is_done(house: Engine, operation_id: int) -> None:
    """Wait until the operation is done and its lost answers are settled."""

    async def condition() -> bool:
        unsettled = await fetch_value(
            "SELECT count(*) FROM operation_item WHERE operation_id = $1 AND state = 'UNKNOWN' AND check_at IS NOT NULL",
            operation_id,
        )
        if unsettled:
            house.advance(SETTLE_SECONDS)
            await asyncio.sleep(0.5)
        return not unsettled and await state(operation_id) == "DONE"

    await until(condition)


async def some_are_done(operation_id: int, count: int) -> None:
    """Wait until so many items have succeeded."""

    async def condition() -> bool:
        done: int = await fetch_value("SELECT succeeded FROM operation WHERE id = $1", operation_id)
        return done >= count

    await until(condition)


def applied_once(house: Engine, sims: list[SimCard], *, at_most: bool = False) -> bool:
    """Each SIM's block was applied (at most) once at the operator, and never asked for again."""
    answer = house.simulator.admin("sims/query", {"iccids": [sim.iccid for sim in sims]})
    allowed = {(1, 0), (0, 0)} if at_most else {(1, 0)}
    return all(
        (sim["writes"]["blocks_applied"], sim["writes"]["blocks_repeated"]) in allowed for sim in answer["items"]
    )


@pytest.fixture
async def restored(servers: TestServers) -> AsyncIterator[TestServers]:
    """The servers, running again at the end whatever a story did to them."""
    yield servers
    if servers.postgres.pid() is None:
        await asyncio.to_thread(servers.postgres.start)
    servers.valkey.stop()
    servers.valkey.start()


async def test_a_worker_lives_through_a_restart_of_postgresql(
    house: Engine, program: MakeProgram, restored: TestServers
) -> None:
    sims = await house.sims("TC", 300) + await house.sims("TD", 300)
    worker, scheduler = program("worker"), program("scheduler")
    await worker.start()
    await scheduler.start()
    operation = await house.accept(LOCK, sims, MSU_LOCK)
    await some_are_done(operation, 150)

    await asyncio.to_thread(restored.postgres.stop)
    await asyncio.sleep(1)
    await asyncio.to_thread(restored.postgres.start)
    await is_done(house, operation)

    row = await house.operation(operation)
    assert row["succeeded"] + row["failed"] == len(sims)
    assert row["succeeded"] > 500
    assert applied_once(house, sims, at_most=True)
    assert worker.stop() == 0
    assert scheduler.stop() == 0


async def test_an_operation_accepted_without_valkey_runs_when_it_is_back(
    house: Engine, program: MakeProgram, restored: TestServers
) -> None:
    sims = await house.sims("TC", 20) + await house.sims("TD", 20)
    worker, scheduler = program("worker"), program("scheduler")
    await worker.start()
    await scheduler.start()
    restored.valkey.stop()

    operation = await house.accept(LOCK, sims, MSU_LOCK)
    assert await state(operation) == "QUEUED"
    await asyncio.sleep(1.5)
    assert await state(operation) == "QUEUED"

    restored.valkey.start()
    await is_done(house, operation)
    assert (await house.operation(operation))["succeeded"] == len(sims)
    assert applied_once(house, sims)


async def test_an_operation_accepted_before_any_worker_runs_when_one_starts(
    house: Engine, program: MakeProgram
) -> None:
    sims = await house.sims("TD", 30)
    operation = await house.accept(LOCK, sims)

    await program("worker").start()
    await is_done(house, operation)

    assert applied_once(house, sims)


async def test_a_worker_that_is_stopped_lets_its_calls_end(house: Engine, program: MakeProgram) -> None:
    sims = await house.sims("TC", 1000)
    worker = program("worker")
    await worker.start()
    operation = await house.accept(LOCK, sims, MSU_LOCK)
    await some_are_done(operation, 100)

    assert worker.stop() == 0

    row = await house.operation(operation)
    assert (row["calling"], row["unknown"]) == (0, 0)
    assert 100 <= row["succeeded"] < len(sims)
    assert applied_once(house, sims, at_most=True)
    assert await fetch_value("SELECT count(*) FROM lease_holder WHERE title = 'worker' AND ended_at IS NULL") == 0


async def test_two_workers_together_keep_the_documented_limits(strict_house: Engine, program: MakeProgram) -> None:
    sims = await strict_house.sims("TD", 15)
    await asyncio.gather(*(program(f"worker-{number}").start() for number in (1, 2)))
    await program("scheduler").start()

    operation = await strict_house.accept(LOCK, sims)
    await is_done(strict_house, operation)

    assert applied_once(strict_house, sims)
    assert strict_house.simulator.admin("violations")["total"] == 0
