"""What the host relies on when it locks and unlocks."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from novaconnect_sdk import Accepted, Action, Done, ErrorCode, SimRef, WriteResult
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.world import Fault, OperatorWorld, Variant


async def _lock(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.lock(sim, "a lock of the suite")
    return result


async def _unlock(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.unlock(sim, "an unlock of the suite")
    return result


_BOTH = pytest.mark.parametrize("write", [_lock, _unlock], ids=["lock", "unlock"])


class LocksConformance(ConformanceFixtures):
    """Lock and unlock: applied, repeatable, honest about what went wrong."""

    async def test_a_lock_blocks_the_sim(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        assert isinstance(await _lock(driver, sim), Done | Accepted)
        assert await world.is_blocked(sim)
        assert await world.applied(sim, Action.LOCK) == 1

    async def test_an_unlock_unblocks_the_sim(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        await _lock(driver, sim)
        assert isinstance(await _unlock(driver, sim), Done | Accepted)
        assert not await world.is_blocked(sim)

    async def test_a_lock_that_is_done_shows_what_it_saw(self, driver: Any, world: OperatorWorld) -> None:
        result = await _lock(driver, await world.known_sim())
        observed = result.observed if isinstance(result, Done | Accepted) else None
        assert observed is None or observed.as_of.tzinfo is not None
        assert observed is None or observed.blocked is not False

    async def test_a_lock_on_a_locked_sim_is_done(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        await _lock(driver, sim)
        assert isinstance(await _lock(driver, sim), Done | Accepted)
        assert await world.is_blocked(sim)
        assert await world.applied(sim, Action.LOCK) == 1

    async def test_an_unlock_of_an_unlocked_sim_is_done(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        assert isinstance(await _unlock(driver, sim), Done | Accepted)
        assert not await world.is_blocked(sim)

    async def test_one_lock_is_one_call(self, driver: Any, world: OperatorWorld, gate: RecordingGate) -> None:
        sim = await world.known_sim()
        before = await world.requests()
        await _lock(driver, sim)
        assert await world.requests() - before == gate.calls == 1

    @_BOTH
    async def test_an_unknown_sim_is_refused(self, driver: Any, world: OperatorWorld, write: checks.Write) -> None:
        await checks.unknown_sim_is_refused(driver, world, write)

    @_BOTH
    @pytest.mark.parametrize("fault", checks.LOST)
    async def test_a_lost_answer_to_a_lock_is_unknown(
        self, driver: Any, world: OperatorWorld, write: checks.Write, fault: Fault
    ) -> None:
        await checks.lost_answer_is_unknown(driver, world, write, fault)

    async def test_a_lock_whose_answer_was_lost_is_not_sent_again(self, driver: Any, world: OperatorWorld) -> None:
        sim = await checks.lost_answer_is_unknown(driver, world, _lock, Fault.LOST_AFTER_APPLYING)
        assert await world.is_blocked(sim)
        assert await world.applied(sim, Action.LOCK) == 1

    async def test_an_operator_that_falls_silent_is_not_waited_for(self, driver: Any, world: OperatorWorld) -> None:
        sim = await checks.lost_answer_is_unknown(driver, world, _lock, Fault.SILENCE)
        assert await world.applied(sim, Action.LOCK) == 1

    @_BOTH
    @pytest.mark.parametrize("fault", checks.UNREADABLE)
    async def test_an_unreadable_answer_to_a_lock_is_unknown(
        self, driver: Any, world: OperatorWorld, write: checks.Write, fault: Fault
    ) -> None:
        await checks.unreadable_answer_is_unknown(driver, world, write, fault)

    async def test_a_throttled_lock_changes_nothing_and_may_be_repeated(
        self, driver: Any, world: OperatorWorld
    ) -> None:
        sim = await checks.throttled_is_try_later(driver, world, _lock)
        assert not await world.is_blocked(sim)

    @_BOTH
    async def test_a_lock_that_was_not_sent_may_be_repeated(
        self, make_driver: MakeDriver, world: OperatorWorld, write: checks.Write
    ) -> None:
        await checks.unreachable_is_try_later(await make_driver(Variant.UNREACHABLE), world, write)

    @_BOTH
    async def test_a_wrong_secret_is_refused_until_it_is_mended(
        self, make_driver: MakeDriver, world: OperatorWorld, write: checks.Write
    ) -> None:
        await checks.wrong_secret_is_refused(await make_driver(Variant.WRONG_SECRET), world, write)

    async def test_after_a_failure_the_next_lock_works(self, driver: Any, world: OperatorWorld) -> None:
        await world.fail_next(Fault.HTML)
        first = await world.known_sim()
        checks.is_unknown(await _lock(driver, first), (ErrorCode.PROTOCOL,), world, first)
        assert isinstance(await _lock(driver, await world.known_sim()), Done | Accepted)

    async def test_nothing_that_names_a_sim_or_a_secret_is_logged(
        self, driver: Any, world: OperatorWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        sim = await world.known_sim()
        with caplog.at_level(logging.DEBUG):
            await _lock(driver, sim)
            await world.fail_next(Fault.HTML)
            await _unlock(driver, sim)
        written = caplog.text
        assert not [name for name in (*world.secrets(), sim.iccid, sim.msisdn, sim.imsi) if name and name in written]
