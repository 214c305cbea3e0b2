"""Cancel location: accepted, then confirmed by what the network shows, or visibly unknown."""

from __future__ import annotations

import pytest

from domain.operations import RiskCode
from tests.operations.engine import LOCK, RESET, UNLOCK, Engine

TEN_HOURS = 36_000


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_a_reset_is_accepted_and_confirmed_when_the_sim_is_back(engine: Engine, profile: str) -> None:
    sim = await engine.sim(profile)
    engine.force(sim, in_session=True)
    operation = await engine.run(RESET, [sim])
    row = await engine.operation(operation)
    assert await engine.outcome(operation) == ("AWAITING_CONFIRMATION", "ACCEPTED_BY_OPERATOR")
    assert (row["state"], row["waiting"], row["finished_at"]) == ("RUNNING", 1, None)

    engine.advance(TEN_HOURS)
    await engine.drain()

    assert await engine.outcome(operation) == ("SUCCEEDED", "CONFIRMED")
    assert (await engine.operation(operation))["state"] == "DONE"
    assert engine.writes(sim, "cancel_locations_applied") == 1


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_before_the_sim_is_back_nothing_is_confirmed(engine: Engine, profile: str) -> None:
    sim = await engine.sim(profile)
    engine.force(sim, in_session=True)
    engine.fault("accepted_never_done", times=1)
    operation = await engine.run(RESET, [sim])

    engine.advance(3600)
    await engine.drain()

    assert await engine.outcome(operation) == ("AWAITING_CONFIRMATION", "ACCEPTED_BY_OPERATOR")


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_a_sim_that_never_comes_back_is_unknown_after_the_deadline(engine: Engine, profile: str) -> None:
    sim = await engine.sim(profile)
    engine.force(sim, in_session=True)
    engine.fault("accepted_never_done", times=1)
    operation = await engine.run(RESET, [sim])

    engine.advance(TEN_HOURS + 60)
    await engine.drain()

    assert await engine.outcome(operation) == ("UNKNOWN", "NOT_CONFIRMED")
    row = await engine.operation(operation)
    assert (row["state"], row["unknown"]) == ("DONE", 1)


async def test_after_an_unconfirmed_reset_another_may_be_asked_for(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.fault("accepted_never_done", times=1)
    await engine.run(RESET, [sim])
    engine.advance(TEN_HOURS + 60)
    await engine.drain()

    operation = await engine.run(RESET, [sim])

    assert (await engine.outcome(operation))[0] == "AWAITING_CONFIRMATION"
    assert engine.simulator.admin("violations")["total"] == 0


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_a_second_reset_within_ten_hours_is_a_risk(engine: Engine, profile: str) -> None:
    sim = await engine.sim(profile)
    await engine.run(RESET, [sim])

    operation = await engine.accept(RESET, [sim])

    assert await engine.outcome(operation) == ("REFUSED", "RESET_UNDER_WAY")


async def test_two_resets_asked_for_at_once_are_sent_once(engine: Engine) -> None:
    sim = await engine.sim("TC")
    first, second = await engine.accept(RESET, [sim]), await engine.accept(RESET, [sim])

    await engine.drain()
    engine.advance(TEN_HOURS - 60)
    await engine.drain()

    assert (await engine.outcome(first))[0] == "SUCCEEDED"
    assert await engine.outcome(second) == ("REFUSED", "RESET_UNDER_WAY")
    assert engine.writes(sim, "cancel_locations_applied") == 1


async def test_an_accepted_repeat_waits_until_the_first_is_settled(engine: Engine) -> None:
    sim = await engine.sim("TD")
    first = await engine.run(RESET, [sim])
    second = await engine.run(RESET, [sim], RiskCode.RESET_UNDER_WAY)
    assert (await engine.outcome(second))[0] == "QUEUED"

    engine.advance(TEN_HOURS + 60)
    await engine.drain()

    assert (await engine.outcome(first))[0] == "SUCCEEDED"
    assert (await engine.outcome(second))[0] == "AWAITING_CONFIRMATION"
    assert engine.simulator.admin("violations")["total"] == 0


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_a_waiting_reset_holds_back_no_lock(engine: Engine, profile: str) -> None:
    sim = await engine.sim(profile)
    await engine.run(RESET, [sim])

    locked = await engine.run(LOCK, [sim])
    unlocked = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(locked) == ("SUCCEEDED", "APPLIED")
    assert await engine.outcome(unlocked) == ("SUCCEEDED", "APPLIED")


async def test_a_reset_that_waits_for_another_holds_back_no_lock_either(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await engine.run(RESET, [sim])
    held = await engine.run(RESET, [sim], RiskCode.RESET_UNDER_WAY)

    locked = await engine.run(LOCK, [sim])

    assert (await engine.outcome(held))[0] == "QUEUED"
    assert await engine.outcome(locked) == ("SUCCEEDED", "APPLIED")


@pytest.mark.parametrize(
    ("profile", "fault"), [("TC", "timeout_after"), ("TC", "html"), ("TD", "disconnect"), ("TD", "empty")]
)
async def test_a_reset_whose_answer_was_lost_stays_unknown_for_good(engine: Engine, profile: str, fault: str) -> None:
    sim = await engine.sim(profile)
    engine.force(sim, in_session=True)
    engine.fault(fault, times=1, apply=True)
    operation = await engine.run(RESET, [sim])
    assert (await engine.outcome(operation))[0] == "UNKNOWN"

    # The SIM comes back by itself, as a SIM that was never reset would; that proves nothing.
    engine.advance(TEN_HOURS + 60)
    await engine.drain()

    assert (await engine.outcome(operation))[0] == "UNKNOWN"
    assert engine.writes(sim, "cancel_locations_applied") == 1


async def test_an_unknown_reset_holds_back_resets_and_nothing_else(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="cnl", times=1, apply=True)
    await engine.run(RESET, [sim])

    refused = await engine.accept(RESET, [sim])
    held = await engine.run(RESET, [sim], RiskCode.RESET_UNDER_WAY)
    locked = await engine.run(LOCK, [sim])

    assert await engine.outcome(refused) == ("REFUSED", "RESET_UNDER_WAY")
    assert (await engine.outcome(held))[0] == "QUEUED"
    assert await engine.outcome(locked) == ("SUCCEEDED", "APPLIED")

    engine.advance(TEN_HOURS + 60)
    await engine.drain()
    assert (await engine.outcome(held))[0] == "AWAITING_CONFIRMATION"
