"""Cancelling what is queued and queueing again what failed."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from domain.errors import Forbidden, NotFound, NothingToDo
from models.database import connection_arguments
from services.execution.claim_items import claim_items
from services.execution.execute_item import execute_item
from services.execution.write_results import write_results
from services.operations.cancel_operation import cancel_operation
from services.operations.retry_failed_items import retry_failed_items
from tests.operations.engine import LOCK, UNLOCK, Engine


async def test_cancelling_takes_back_what_is_queued(engine: Engine) -> None:
    sims = await engine.sims("TD", 4)
    operation = await engine.accept(LOCK, sims)

    await cancel_operation(engine.owner.principal, operation)
    await engine.drain()

    assert await engine.outcomes(operation) == [("CANCELLED", "CANCELLED_BY_USER")] * 4
    row = await engine.operation(operation)
    assert (row["state"], row["cancelled"], row["finished_at"] is not None) == ("CANCELLED", 4, True)
    assert engine.requests("devices.put") == 0


async def test_what_was_sent_before_the_cancellation_ends_as_it_ends(engine: Engine) -> None:
    sims = await engine.sims("TD", 3)
    operation = await engine.accept(LOCK, sims)
    holder = engine.runtime.lease.holder_id
    (item,) = await claim_items(await engine.account("TD"), holder, 1)

    await cancel_operation(engine.owner.principal, operation)
    assert (await engine.operation(operation))["state"] == "RUNNING"
    executed = await execute_item(item, engine.runtime.registry)
    await write_results([executed.result], holder)

    assert sorted(await engine.outcomes(operation)) == [("CANCELLED", "CANCELLED_BY_USER")] * 2 + [
        ("SUCCEEDED", "APPLIED")
    ]
    assert (await engine.operation(operation))["state"] == "CANCELLED"


async def test_a_cancelled_lock_makes_way_for_what_was_queued_behind_it(engine: Engine) -> None:
    sim = await engine.sim("TD")
    lock = await engine.accept(LOCK, [sim])
    unlock = await engine.accept(UNLOCK, [sim])
    await cancel_operation(engine.owner.principal, lock)

    await engine.drain()

    assert await engine.outcome(unlock) == ("REFUSED", "NOT_LOCKED")


async def test_a_cancellation_does_not_meet_a_worker_half_way(engine: Engine) -> None:
    sims = await engine.sims("TD", 3)
    operation = await engine.accept(LOCK, sims)
    url = connection_arguments(engine.settings.require_database())
    worker = await asyncpg.connect(**url)
    try:
        # A worker takes items first and their operation afterwards.
        async with worker.transaction():
            await worker.execute("SET LOCAL deadlock_timeout = '20s'")
            await worker.execute("UPDATE operation_item SET turn = turn WHERE operation_id = $1", operation)
            cancelling = asyncio.create_task(cancel_operation(engine.owner.principal, operation))
            await until_somebody_waits(worker)
            await worker.execute("UPDATE operation SET revision = revision + 1 WHERE id = $1", operation)
        await cancelling
    finally:
        await worker.close()

    assert await engine.outcomes(operation) == [("CANCELLED", "CANCELLED_BY_USER")] * 3


async def until_somebody_waits(connection: asyncpg.Connection) -> None:
    """Until another connection waits for a lock."""
    async with asyncio.timeout(30):
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.02)


async def test_an_ended_operation_cannot_be_cancelled(engine: Engine) -> None:
    operation = await engine.run(LOCK, [await engine.sim("TD")])

    with pytest.raises(NothingToDo):
        await cancel_operation(engine.owner.principal, operation)


async def test_only_those_who_may_change_it_cancel_or_retry_an_operation(engine: Engine) -> None:
    operation = await engine.accept(LOCK, [await engine.sim("TD")])

    for change in (cancel_operation, retry_failed_items):
        with pytest.raises(Forbidden):
            await change(engine.viewer.principal, operation)
        with pytest.raises(NotFound) as foreign:
            await change(engine.other_owner.principal, operation)
        with pytest.raises(NotFound) as unknown:
            await change(engine.owner.principal, 999_999)
        assert foreign.value.message == unknown.value.message
    assert await engine.outcome(operation) == ("QUEUED", None)


async def test_a_failed_item_is_queued_again_and_done(engine: Engine) -> None:
    good, bad = await engine.sims("TD", 2)
    engine.fault("disconnect", command="devices.put", iccid=bad.iccid, times=1)
    operation = await engine.run(LOCK, [good, bad])
    await engine.settle()
    assert await engine.outcomes(operation) == [("SUCCEEDED", "APPLIED"), ("FAILED", "NOT_APPLIED")]

    await retry_failed_items(engine.owner.principal, operation)
    row = await engine.operation(operation)
    assert (row["state"], row["queued"], row["finished_at"]) == ("RUNNING", 1, None)
    await engine.drain()

    assert await engine.outcomes(operation) == [("SUCCEEDED", "APPLIED")] * 2
    assert (await engine.operation(operation))["state"] == "DONE"
    assert engine.writes(good, "blocks_applied") == engine.writes(bad, "blocks_applied") == 1


async def test_a_retry_has_all_its_attempts_again(engine: Engine) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    async with engine.elsewhere(JASPER_BASE_URL="http://127.0.0.1:9") as runtime:
        for _ in range(5):
            await engine.drain(runtime)
            engine.advance(3600)
        assert (await engine.outcome(operation))[0] == "FAILED"

        await retry_failed_items(engine.owner.principal, operation)
        await engine.drain(runtime)

    assert (await engine.outcome(operation))[0] == "QUEUED"


async def test_a_retry_stands_behind_what_was_accepted_since(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.fault("disconnect", command="devices.put", times=1)
    operation = await engine.run(LOCK, [sim])
    await engine.settle()
    later = [await engine.accept(LOCK, [sim]), await engine.accept(UNLOCK, [sim])]

    await retry_failed_items(engine.owner.principal, operation)
    await engine.drain()

    assert [(await engine.outcome(entry))[0] for entry in later] == ["SUCCEEDED", "SUCCEEDED"]
    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is True


async def test_without_failed_items_there_is_nothing_to_retry(engine: Engine) -> None:
    sims = [await engine.sim("TD"), await engine.sim("VK")]
    operation = await engine.run(LOCK, sims)

    with pytest.raises(NothingToDo):
        await retry_failed_items(engine.owner.principal, operation)
    assert await engine.outcomes(operation) == [("SUCCEEDED", "APPLIED"), ("REFUSED", "UNSUPPORTED")]
