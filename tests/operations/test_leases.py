"""Processes that die or are taken for dead: what they held is unknown, and what they say later changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from domain.changes import ChangePackage
from domain.clock import clock
from drivers.process_lease import LeaseLost, ProcessLease
from drivers.registry import use_registry
from models.database import execute, fetch_value
from services.execution.claim_items import claim_items
from services.execution.drain_account import drain_account
from services.execution.execute_item import execute_item
from services.execution.item_results import ClaimedItem, ItemResult
from services.execution.recover_items import recover_items
from services.execution.write_results import write_results
from services.process.runtime import Runtime, open_runtime
from tests.operations.engine import LOCK, RESET, Engine

_BURIED = "SELECT ended_at IS NOT NULL FROM lease_holder WHERE id = $1"


@pytest.fixture
async def doomed(engine: Engine) -> AsyncIterator[Runtime]:
    """Another process that takes work and will not finish it."""
    runtime = await open_runtime(engine.settings, "doomed")
    use_registry(engine.runtime.registry)
    yield runtime
    await runtime.close()


async def die(runtime: Runtime) -> None:
    """What SIGKILL does as PostgreSQL sees it: the connection is gone and with it the advisory lock."""
    lease = runtime.lease
    assert lease._task is not None
    assert lease._connection is not None
    lease._task.cancel()
    lease._connection.terminate()
    await execute("UPDATE lease_holder SET seen_at = seen_at - interval '2 seconds' WHERE id = $1", lease.holder_id)
    for _ in range(100):
        await recover_items()
        if await fetch_value(_BURIED, lease.holder_id):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the dead process was not noticed")


async def take(engine: Engine, runtime: Runtime, profile: str = "TD") -> ClaimedItem:
    """The process claims the next item."""
    (item,) = await claim_items(await engine.account(profile), runtime.lease.require(), 1)
    return item


async def call(engine: Engine, item: ClaimedItem) -> ItemResult:
    """The process calls the operator."""
    return (await execute_item(item, engine.runtime.registry)).result


async def test_a_call_of_a_process_that_died_before_sending_ends_as_not_applied(
    engine: Engine, doomed: Runtime
) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    await take(engine, doomed)

    await die(doomed)
    assert await engine.outcome(operation) == ("UNKNOWN", "WORKER_LOST")
    await engine.settle()

    assert await engine.outcome(operation) == ("FAILED", "NOT_APPLIED")
    assert engine.writes(sim, "blocks_applied") == 0


async def test_a_call_of_a_process_that_died_after_sending_is_settled_by_reading(
    engine: Engine, doomed: Runtime
) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    await call(engine, await take(engine, doomed))

    await die(doomed)
    await engine.settle()

    assert await engine.outcome(operation) == ("SUCCEEDED", "SETTLED_BY_READING")
    assert await engine.reasons(sim) == {"VOLUNTARY"}
    assert (engine.writes(sim, "blocks_applied"), engine.writes(sim, "blocks_repeated")) == (1, 0)


async def test_a_reset_of_a_process_that_died_stays_unknown(engine: Engine, doomed: Runtime) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(RESET, [sim])
    await call(engine, await take(engine, doomed))

    await die(doomed)
    engine.advance(40_000)
    await engine.drain()

    assert await engine.outcome(operation) == ("UNKNOWN", "WORKER_LOST")
    assert engine.writes(sim, "cancel_locations_applied") == 1


async def test_a_package_change_of_a_process_that_died_may_be_repeated_soon(engine: Engine, doomed: Runtime) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    lost = await engine.accept(ChangePackage(20), [sim])
    await take(engine, doomed)
    await die(doomed)
    await engine.settle()
    assert await engine.outcome(lost) == ("UNKNOWN", "WORKER_LOST")

    again = await engine.run(ChangePackage(20), [sim])
    assert await engine.outcome(again) == ("QUEUED", None)
    engine.advance(3700)
    await engine.drain()

    assert await engine.outcome(again) == ("SUCCEEDED", "APPLIED")


async def test_a_result_that_comes_after_the_burial_changes_nothing(engine: Engine, doomed: Runtime) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    result = await call(engine, await take(engine, doomed))
    await die(doomed)

    assert await write_results([result], doomed.lease.holder_id) == set()

    assert await engine.outcome(operation) == ("UNKNOWN", "WORKER_LOST")
    assert await engine.reasons(sim) == set()


async def test_a_result_of_an_earlier_attempt_changes_nothing(engine: Engine) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    holder = engine.runtime.lease.holder_id
    first = await take(engine, engine.runtime)
    engine.fault("throttle", command="devices.put", times=1)
    await write_results([await call(engine, first)], holder)
    engine.advance(60)
    second = await take(engine, engine.runtime)
    stale = await call(engine, first)

    assert await write_results([stale], holder) == set()

    assert (await engine.item(operation))["state"] == "CALLING"
    assert (await engine.item(operation))["attempt"] == second.attempt == first.attempt + 1


async def test_a_result_is_written_once(engine: Engine) -> None:
    operation = await engine.accept(LOCK, [await engine.sim("TD")])
    holder = engine.runtime.lease.holder_id
    result = await call(engine, await take(engine, engine.runtime))

    assert await write_results([result], holder) == {result.item_id}
    assert await write_results([result], holder) == set()

    assert (await engine.operation(operation))["succeeded"] == 1


async def test_a_buried_process_takes_no_more_items(engine: Engine, doomed: Runtime) -> None:
    await engine.accept(LOCK, await engine.sims("TD", 3))
    await die(doomed)

    assert await claim_items(await engine.account("TD"), doomed.lease.holder_id, 3) == []


async def test_a_living_process_is_not_buried(engine: Engine) -> None:
    await engine.accept(LOCK, [await engine.sim("TD")])
    await take(engine, engine.runtime)
    await execute("UPDATE lease_holder SET seen_at = seen_at - interval '10 seconds'")

    assert await recover_items() == 0


async def test_a_frozen_process_is_buried_though_its_connection_stands(engine: Engine, doomed: Runtime) -> None:
    operation = await engine.accept(LOCK, [await engine.sim("TD")])
    await take(engine, doomed)
    await execute(
        "UPDATE lease_holder SET seen_at = seen_at - interval '60 seconds' WHERE id = $1", doomed.lease.holder_id
    )

    assert await recover_items() == 1

    assert await engine.outcome(operation) == ("UNKNOWN", "WORKER_LOST")


async def test_a_process_that_cannot_be_sure_of_its_lease_sends_nothing(engine: Engine, doomed: Runtime) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    doomed.lease._seen -= 60

    with pytest.raises(LeaseLost):
        doomed.lease.require()
    assert await drain_account(await engine.account("TD"), doomed) is False

    assert await engine.outcome(operation) == ("QUEUED", None)
    assert engine.writes(sim, "blocks_applied") == 0


async def test_what_a_process_left_in_the_air_without_dying_is_taken_up_by_itself(engine: Engine) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    await take(engine, engine.runtime)

    await engine.drain()
    assert await engine.outcome(operation) == ("UNKNOWN", "WORKER_LOST")
    await engine.settle()

    assert await engine.outcome(operation) == ("FAILED", "NOT_APPLIED")


async def test_the_call_slots_of_the_dead_are_used_again(engine: Engine, doomed: Runtime) -> None:
    slots = "SELECT count(*) FROM call_slot WHERE holder_id = $1"
    await execute("UPDATE call_slot SET holder_id = $1, taken_at = clock_timestamp()", doomed.lease.holder_id)
    await die(doomed)
    assert await fetch_value(slots, doomed.lease.holder_id) > 0

    await execute(
        "UPDATE lease_holder SET ended_at = ended_at - interval '5 seconds' WHERE id = $1", doomed.lease.holder_id
    )
    await recover_items()

    assert await fetch_value(slots, doomed.lease.holder_id) == 0
    operation = await engine.run(LOCK, [await engine.sim("TD")])
    assert (await engine.outcome(operation))[0] == "SUCCEEDED"


async def test_two_processes_share_the_work_and_do_nothing_twice(engine: Engine, doomed: Runtime) -> None:
    sims = await engine.sims("TD", 12) + await engine.sims("TC", 12)
    operation = await engine.accept(LOCK, sims)

    await asyncio.gather(engine.drain(), engine.drain(doomed))
    await engine.drain()

    assert set(await engine.outcomes(operation)) == {("SUCCEEDED", "APPLIED")}
    assert all(engine.writes(sim, "blocks_applied") == 1 for sim in sims)
    assert all(engine.writes(sim, "blocks_repeated") == 0 for sim in sims)
    assert (await engine.operation(operation))["finished_at"] <= clock.now()


async def test_a_call_that_waits_while_the_lease_is_lost_is_not_sent_under_the_next_one(engine: Engine) -> None:
    sim = await engine.sim("TD")
    lease, account = engine.runtime.lease, await engine.account("TD")
    operation = await engine.accept(LOCK, [sim])
    # The budget lets the call go in three seconds; by then the process has another lease, and others may have the item.
    for budget in engine.runtime.budgets:
        budget._times.clear()
    await execute(
        "UPDATE operator_account SET next_call_at = clock_timestamp() + interval '3 seconds' WHERE id = $1", account
    )
    working = asyncio.create_task(drain_account(account, engine.runtime))
    await until(lambda: outcome_is(engine, operation, "CALLING"))
    before = lease.holder_id
    assert lease._connection is not None
    lease._connection.terminate()

    with pytest.raises(LeaseLost):
        lease.require()
    await working
    await until(lambda: holds_again(lease))

    assert lease.holder_id > before
    assert engine.writes(sim, "blocks_applied") == 0
    await execute("UPDATE lease_holder SET seen_at = seen_at - interval '2 seconds' WHERE id = $1", before)
    await recover_items()
    await engine.settle()
    assert await engine.outcome(operation) == ("FAILED", "NOT_APPLIED")
    again = await engine.run(LOCK, [sim])
    assert await engine.outcome(again) == ("SUCCEEDED", "APPLIED")


async def outcome_is(engine: Engine, operation_id: int, state: str) -> bool:
    """Whether the operation's item stands there."""
    return (await engine.outcome(operation_id))[0] == state


async def holds_again(lease: ProcessLease) -> bool:
    """Whether the process is a lease holder."""
    try:
        return lease.require() > 0
    except LeaseLost:
        return False


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so, however busy the machine is."""
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.02)
