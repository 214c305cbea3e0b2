"""What the host relies on when it cancels a SIM's location."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from novaconnect_sdk import Accepted, Action, SimRef, WriteResult
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.world import Fault, OperatorWorld, Variant


async def _cancel(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.cancel_location(sim, "a cancel location of the suite")
    return result


class CancelLocationConformance(ConformanceFixtures):
    """Cancel location: accepted once, never repeated, honest about what went wrong."""

    async def test_a_cancel_location_is_accepted_and_confirmed_later(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        result = await _cancel(driver, sim)
        assert isinstance(result, Accepted), result
        assert timedelta(0) < result.poll_after < result.deadline
        assert await world.applied(sim, Action.CANCEL_LOCATION) == 1

    async def test_its_deadline_is_the_declared_maximum(self, driver: Any, world: OperatorWorld) -> None:
        declared = {capability.action: capability for capability in driver.capabilities()}[Action.CANCEL_LOCATION]
        result = await _cancel(driver, await world.known_sim())
        assert isinstance(result, Accepted)
        assert result.deadline == declared.maximum

    async def test_one_cancel_location_is_one_call(
        self, driver: Any, world: OperatorWorld, gate: RecordingGate
    ) -> None:
        sim = await world.known_sim()
        before = await world.requests()
        await _cancel(driver, sim)
        assert await world.requests() - before == gate.calls == 1

    async def test_a_cancel_location_of_an_unknown_sim_is_refused(self, driver: Any, world: OperatorWorld) -> None:
        await checks.unknown_sim_is_refused(driver, world, _cancel)

    @pytest.mark.parametrize("fault", checks.LOST)
    async def test_a_lost_answer_to_a_cancel_location_is_unknown_and_not_sent_again(
        self, driver: Any, world: OperatorWorld, fault: Fault
    ) -> None:
        sim = await checks.lost_answer_is_unknown(driver, world, _cancel, fault)
        applied = 1 if fault is Fault.LOST_AFTER_APPLYING else 0
        assert await world.applied(sim, Action.CANCEL_LOCATION) == applied

    @pytest.mark.parametrize("fault", checks.UNREADABLE)
    async def test_an_unreadable_answer_to_a_cancel_location_is_unknown(
        self, driver: Any, world: OperatorWorld, fault: Fault
    ) -> None:
        await checks.unreadable_answer_is_unknown(driver, world, _cancel, fault)

    async def test_a_throttled_cancel_location_did_not_happen(self, driver: Any, world: OperatorWorld) -> None:
        sim = await checks.throttled_is_try_later(driver, world, _cancel)
        assert await world.applied(sim, Action.CANCEL_LOCATION) == 0

    async def test_a_cancel_location_that_was_not_sent_may_be_repeated(
        self, make_driver: MakeDriver, world: OperatorWorld
    ) -> None:
        await checks.unreachable_is_try_later(await make_driver(Variant.UNREACHABLE), world, _cancel)

    async def test_a_cancel_location_with_a_wrong_secret_is_refused(
        self, make_driver: MakeDriver, world: OperatorWorld
    ) -> None:
        await checks.wrong_secret_is_refused(await make_driver(Variant.WRONG_SECRET), world, _cancel)
