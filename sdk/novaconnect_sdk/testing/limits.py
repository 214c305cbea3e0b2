"""What the host relies on when it sets a traffic limit."""

from __future__ import annotations

from typing import Any

import pytest

from novaconnect_sdk import Accepted, Action, Done, ErrorCode, LivePart, LiveState, SimRef, WriteResult
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.world import Fault, OperatorWorld, Variant


async def _set_limit(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.set_limit(sim, 25, "a limit of the suite")
    return result


async def _megabytes(driver: Any, sim: SimRef) -> int | None:
    assert isinstance(driver, LiveState)
    reading = (await driver.read_live(sim, frozenset({LivePart.LIMIT}))).limit
    assert reading.value is not None, reading
    return reading.value.megabytes


class LimitsConformance(ConformanceFixtures):
    """Set and remove a limit; it is read back live."""

    async def test_a_limit_that_is_set_stands(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        assert isinstance(await _set_limit(driver, sim), Done | Accepted)
        assert await world.applied(sim, Action.SET_LIMIT) == 1
        assert await _megabytes(driver, sim) == 25

    async def test_a_limit_that_is_removed_is_gone(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        await _set_limit(driver, sim)
        assert isinstance(await driver.set_limit(sim, None, "no limit"), Done | Accepted)
        assert await _megabytes(driver, sim) is None

    async def test_a_limit_of_nothing_is_not_no_limit(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        assert isinstance(await driver.set_limit(sim, 0, "nothing at all"), Done | Accepted)
        assert await _megabytes(driver, sim) == 0

    async def test_a_negative_limit_is_refused_without_a_call(self, driver: Any, world: OperatorWorld) -> None:
        sim, before = await world.known_sim(), await world.requests()
        checks.is_refused(await driver.set_limit(sim, -1, "wrong"), (ErrorCode.INVALID,), True, world)
        assert await world.requests() == before

    async def test_a_limit_on_an_unknown_sim_is_refused(self, driver: Any, world: OperatorWorld) -> None:
        await checks.unknown_sim_is_refused(driver, world, _set_limit)

    @pytest.mark.parametrize("fault", checks.LOST)
    async def test_a_lost_answer_to_a_limit_is_unknown(self, driver: Any, world: OperatorWorld, fault: Fault) -> None:
        await checks.lost_answer_is_unknown(driver, world, _set_limit, fault)

    @pytest.mark.parametrize("fault", checks.UNREADABLE)
    async def test_an_unreadable_answer_to_a_limit_is_unknown(
        self, driver: Any, world: OperatorWorld, fault: Fault
    ) -> None:
        await checks.unreadable_answer_is_unknown(driver, world, _set_limit, fault)

    async def test_a_throttled_limit_may_be_repeated(self, driver: Any, world: OperatorWorld) -> None:
        await checks.throttled_is_try_later(driver, world, _set_limit)

    async def test_a_limit_that_was_not_sent_may_be_repeated(
        self, make_driver: MakeDriver, world: OperatorWorld
    ) -> None:
        await checks.unreachable_is_try_later(await make_driver(Variant.UNREACHABLE), world, _set_limit)
