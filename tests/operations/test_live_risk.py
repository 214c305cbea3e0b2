"""Locking a SIM in a live device is a risk: judged at acceptance from what is stored, and again by a fresh look."""

from __future__ import annotations

import pytest

from models.database import execute
from services.operations.retry_failed_items import retry_failed_items
from tests.operations.engine import LOCK, MSU_LOCK, Engine, SimCard


async def live_and_known(engine: Engine, hours_since: float | None) -> SimCard:
    """A SIM whose data session is open (None) or ended so many hours ago, and ours to know."""
    sim = await engine.sim("TC")
    engine.force(sim, in_session=True)
    if hours_since is not None:
        engine.advance(60)
        engine.force(sim, in_session=False)
        engine.advance(hours_since * 3600)
    await engine.synchronise("TC")
    return sim


@pytest.mark.parametrize("hours_since", [None, 0, 23.9])
async def test_a_live_sim_is_refused_at_acceptance_without_asking_anybody(
    engine: Engine, hours_since: float | None
) -> None:
    sim = await live_and_known(engine, hours_since)
    looks = engine.requests("checkdatasession")

    operation = await engine.accept(LOCK, [sim])

    assert await engine.outcome(operation) == ("REFUSED", "MSU_LOCK")
    assert (await engine.operation(operation))["state"] == "DONE"
    await engine.drain()
    assert (engine.requests("checkdatasession"), engine.requests("sblock")) == (looks, 0)


async def test_a_sim_of_which_nothing_is_known_counts_as_live(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await execute("UPDATE sim SET session_as_of = NULL, session_active = NULL WHERE id = $1", sim.id)

    assert await engine.outcome(await engine.accept(LOCK, [sim])) == ("REFUSED", "MSU_LOCK")


async def test_a_sim_a_day_out_of_session_is_locked(engine: Engine) -> None:
    sim = await live_and_known(engine, 24.1)

    operation = await engine.run(LOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")


async def test_a_sim_that_came_alive_since_is_refused_by_the_fresh_look(engine: Engine) -> None:
    sim = await engine.sim("TC")
    operation = await engine.accept(LOCK, [sim])
    assert await engine.outcome(operation) == ("QUEUED", None)
    engine.force(sim, in_session=True)

    await engine.drain()

    assert await engine.outcome(operation) == ("REFUSED", "MSU_LOCK")
    assert engine.requests("sblock") == 0
    assert engine.really(sim)["blocked"] is False
    assert (await engine.stored(sim))["session_active"] is True


async def test_after_the_fresh_look_the_next_lock_is_refused_at_acceptance(engine: Engine) -> None:
    sim = await engine.sim("TC")
    operation = await engine.accept(LOCK, [sim])
    engine.force(sim, in_session=True)
    await engine.drain()
    assert await engine.outcome(operation) == ("REFUSED", "MSU_LOCK")

    again = await engine.accept(LOCK, [sim])

    assert await engine.outcome(again) == ("REFUSED", "MSU_LOCK")


async def test_an_accepted_risk_runs_without_a_look(engine: Engine) -> None:
    sim = await live_and_known(engine, None)
    looks = engine.requests("checkdatasession")

    operation = await engine.run(LOCK, [sim], MSU_LOCK)

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert engine.requests("checkdatasession") == looks
    assert engine.really(sim)["blocked"] is True


@pytest.mark.parametrize("fault", ["html", "empty", "truncated_xml", "http_500", "disconnect"])
async def test_a_look_that_brings_no_answer_is_repeated_later(engine: Engine, fault: str) -> None:
    sim = await engine.sim("TC")
    engine.fault(fault, command="checkdatasession", times=1)

    operation = await engine.run(LOCK, [sim])

    assert await engine.outcome(operation) == ("QUEUED", "OPERATOR_UNAVAILABLE")
    assert engine.requests("sblock") == 0
    engine.advance(60)
    await engine.drain()
    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")


async def test_where_no_look_brings_an_answer_nothing_is_locked_and_the_item_can_be_retried(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("html", command="checkdatasession")
    operation = await engine.run(LOCK, [sim])
    for _ in range(5):
        engine.advance(3600)
        await engine.drain()

    assert await engine.outcome(operation) == ("FAILED", "OPERATOR_UNAVAILABLE")
    assert engine.requests("sblock") == 0
    engine.heal()
    await retry_failed_items(engine.owner.principal, operation)
    await engine.drain()
    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")


async def test_a_look_that_is_throttled_is_repeated_later(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("throttle", command="checkdatasession", times=1)
    operation = await engine.run(LOCK, [sim])
    assert (await engine.outcome(operation))[0] == "QUEUED"

    engine.advance(60)
    await engine.drain()

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")


async def test_a_look_with_a_login_that_is_not_accepted_can_be_retried(engine: Engine) -> None:
    sim = await engine.sim("TC")
    operation = await engine.accept(LOCK, [sim])
    async with engine.elsewhere(TSIM_PASSWORD="changed-at-the-operator") as runtime:
        await engine.drain(runtime)

    assert await engine.outcome(operation) == ("FAILED", "OPERATOR_CREDENTIALS")


async def test_a_live_sim_of_an_operator_without_signalling_locks_is_locked(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, in_session=True)
    await engine.synchronise("TD")

    operation = await engine.run(LOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
