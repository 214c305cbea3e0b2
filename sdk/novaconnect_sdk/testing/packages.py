"""What the host relies on when it changes packages and the roaming plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from novaconnect_sdk import (
    Accepted,
    Action,
    Confirmation,
    Done,
    ErrorCode,
    Refused,
    SimRef,
    TryLater,
    Unknown,
    WriteResult,
)
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.world import Fault, OperatorWorld, Variant


def _size(driver: Any, bound: str) -> int:
    """The smallest or largest size that the driver declares."""
    declared = {capability.action: capability for capability in driver.capabilities()}[Action.CHANGE_PACKAGE]
    value = declared.parameters[bound]
    assert isinstance(value, int)
    return value


async def _change(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.change_package(sim, _size(driver, "maximum"), True, "a package of the suite")
    return result


async def _reconnect(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.reconnect_package(sim, "a reconnect of the suite")
    return result


async def _roam(driver: Any, sim: SimRef) -> WriteResult:
    result: WriteResult = await driver.set_roaming(sim, True, "roaming of the suite")
    return result


_WRITES = {"change": _change, "reconnect": _reconnect, "roaming": _roam}
_EACH = pytest.mark.parametrize("write", list(_WRITES.values()), ids=list(_WRITES))


class PackagesConformance(ConformanceFixtures):
    """Change, reconnect, roam. A change may take several calls: a failure before the first write is no change.

    The capability of CHANGE_PACKAGE has the parameters `minimum` and `maximum` in MB.
    """

    @pytest.mark.parametrize("auto_reconnect", [True, False])
    async def test_every_declared_size_can_be_had(
        self, driver: Any, world: OperatorWorld, auto_reconnect: bool
    ) -> None:
        sim = await world.known_sim()
        for size in (_size(driver, "minimum"), _size(driver, "maximum")):
            result = await driver.change_package(sim, size, auto_reconnect, "a package of the suite")
            assert isinstance(result, Done | Accepted), result
        assert await world.applied(sim, Action.CHANGE_PACKAGE) >= 1

    @pytest.mark.parametrize("step", [-1, 1])
    async def test_a_size_outside_is_refused_without_a_call(self, driver: Any, world: OperatorWorld, step: int) -> None:
        sim, before = await world.known_sim(), await world.requests()
        size = _size(driver, "minimum" if step < 0 else "maximum") + step
        result = await driver.change_package(sim, size, True, "wrong")
        checks.is_refused(result, (ErrorCode.INVALID,), True, world)
        assert await world.requests() == before

    async def test_a_reconnect_begins_one_term(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        assert isinstance(await _reconnect(driver, sim), Done | Accepted)
        assert await world.applied(sim, Action.RECONNECT_PACKAGE) == 1

    async def test_roaming_is_confirmed_in_its_time(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        result = await _roam(driver, sim)
        if isinstance(result, Accepted):
            assert result.handle is not None
            assert await driver.poll(result.handle) is Confirmation.NOT_YET
            await world.pass_time(result.deadline)
            assert await driver.poll(result.handle) is Confirmation.CONFIRMED
        assert isinstance(await _roam(driver, sim), Done)

    @_EACH
    async def test_a_package_of_an_unknown_sim_is_refused(
        self, driver: Any, world: OperatorWorld, write: checks.Write
    ) -> None:
        await checks.unknown_sim_is_refused(driver, world, write)

    @_EACH
    @pytest.mark.parametrize("fault", [*checks.LOST, *checks.UNREADABLE])
    async def test_a_lost_or_unreadable_answer_is_unknown_or_changed_nothing(
        self, driver: Any, world: OperatorWorld, write: checks.Write, fault: Fault
    ) -> None:
        sim = await world.known_sim()
        await world.fail_next(fault)
        result = await write(driver, sim)
        assert isinstance(result, Unknown | TryLater), result
        if isinstance(result, TryLater):
            assert await self._changes(world, sim) == [0, 0, 0]
        checks.is_discreet(result, world, sim)

    @_EACH
    async def test_a_throttled_package_may_be_repeated(
        self, driver: Any, world: OperatorWorld, write: checks.Write
    ) -> None:
        sim = await checks.throttled_is_try_later(driver, world, write)
        assert await self._changes(world, sim) == [0, 0, 0]

    @_EACH
    async def test_a_package_that_was_not_sent_may_be_repeated(
        self, make_driver: MakeDriver, world: OperatorWorld, write: checks.Write
    ) -> None:
        await checks.unreachable_is_try_later(await make_driver(Variant.UNREACHABLE), world, write)

    @_EACH
    async def test_a_package_with_a_wrong_secret_is_refused(
        self, make_driver: MakeDriver, world: OperatorWorld, write: checks.Write
    ) -> None:
        result = await write(await make_driver(Variant.WRONG_SECRET), await world.known_sim())
        assert isinstance(result, Refused), result
        assert result.code in (ErrorCode.CREDENTIALS, ErrorCode.FORBIDDEN)

    async def _changes(self, world: OperatorWorld, sim: SimRef) -> Sequence[int]:
        actions = (Action.CHANGE_PACKAGE, Action.RECONNECT_PACKAGE, Action.SET_ROAMING)
        return [await world.applied(sim, action) for action in actions]
