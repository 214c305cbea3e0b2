"""What the host relies on when it asks whether a change has happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from novaconnect_sdk import Action, AnswerLost, Confirmation, ConfirmedBy, DriverError, NotSent, SimUnknown
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.world import DeviceWorld, Fault, Variant

_LOOKED_AT = (ConfirmedBy.STATE, ConfirmedBy.REGISTRATION, ConfirmedBy.DATA_SESSION)


def _looked_at(driver: Any) -> list[Action]:
    """The actions that the driver says it confirms by looking at the SIM."""
    declared = [each for each in driver.capabilities() if each.usable and each.confirmed_by in _LOOKED_AT]
    return [each.action for each in declared]


def _expected(driver: Any, action: Action, wanted: Confirmation) -> Confirmation:
    """What the driver must answer: IMPOSSIBLE where its capabilities name nothing to look at."""
    return wanted if action in _looked_at(driver) else Confirmation.IMPOSSIBLE


async def _polled(driver: Any, handle: str) -> object:
    try:
        return await driver.poll(handle)
    except DriverError:
        return DriverError


class ConfirmsConformance(ConformanceFixtures):
    """A change is confirmed by what happened after it, and by nothing else; what the capabilities name is what counts."""

    async def test_a_lock_is_confirmed_once_the_sim_is_blocked(self, driver: Any, world: DeviceWorld) -> None:
        sim, since = await world.known_sim(), world.now()
        assert await driver.confirm(sim, Action.LOCK, since) is _expected(driver, Action.LOCK, Confirmation.NOT_YET)
        await world.block(sim)
        assert await driver.confirm(sim, Action.LOCK, since) is _expected(driver, Action.LOCK, Confirmation.CONFIRMED)

    async def test_an_unlock_is_confirmed_once_the_sim_is_not_blocked(self, driver: Any, world: DeviceWorld) -> None:
        sim, since = await world.known_sim(), world.now()
        await world.block(sim)
        assert await driver.confirm(sim, Action.UNLOCK, since) is _expected(driver, Action.UNLOCK, Confirmation.NOT_YET)
        await world.unblock(sim)
        assert await driver.confirm(sim, Action.UNLOCK, since) is _expected(
            driver, Action.UNLOCK, Confirmation.CONFIRMED
        )

    async def test_a_cancel_location_is_confirmed_by_the_devices_return(self, driver: Any, world: DeviceWorld) -> None:
        sim, since = await world.known_sim(), world.now()
        assert await driver.confirm(sim, Action.CANCEL_LOCATION, since) is _expected(
            driver, Action.CANCEL_LOCATION, Confirmation.NOT_YET
        )
        await world.device_returns(sim)
        assert await driver.confirm(sim, Action.CANCEL_LOCATION, since) is _expected(
            driver, Action.CANCEL_LOCATION, Confirmation.CONFIRMED
        )

    async def test_a_return_before_the_cancel_location_confirms_nothing(self, driver: Any, world: DeviceWorld) -> None:
        sim = await world.known_sim()
        await world.device_returns(sim)
        await world.pass_time(timedelta(minutes=1))
        assert await driver.confirm(sim, Action.CANCEL_LOCATION, world.now()) is _expected(
            driver, Action.CANCEL_LOCATION, Confirmation.NOT_YET
        )

    async def test_a_return_that_is_over_still_confirms(self, driver: Any, world: DeviceWorld) -> None:
        sim, since = await world.known_sim(), world.now()
        await world.device_returns(sim)
        await world.end_session(sim)
        assert await driver.confirm(sim, Action.CANCEL_LOCATION, since) is _expected(
            driver, Action.CANCEL_LOCATION, Confirmation.CONFIRMED
        )

    async def test_an_unknown_sim_cannot_be_confirmed(self, driver: Any, world: DeviceWorld) -> None:
        for action in _looked_at(driver):
            with pytest.raises(SimUnknown):
                await driver.confirm(world.unknown_sim(), action, world.now())

    async def test_a_confirmation_whose_answer_is_lost_is_an_error(self, driver: Any, world: DeviceWorld) -> None:
        sim = await world.known_sim()
        for action in _looked_at(driver):
            await world.fail_next(Fault.LOST_BEFORE_APPLYING)
            with pytest.raises(AnswerLost):
                await driver.confirm(sim, action, world.now())

    async def test_a_confirmation_that_was_not_sent_is_an_error(
        self, make_driver: MakeDriver, world: DeviceWorld
    ) -> None:
        unreachable = await make_driver(Variant.UNREACHABLE)
        for action in _looked_at(unreachable):
            with pytest.raises(NotSent):
                await unreachable.confirm(await world.known_sim(), action, world.now())

    async def test_a_handle_that_is_none_of_ours_confirms_nothing(self, driver: Any) -> None:
        assert await _polled(driver, "no handle of this driver") in (Confirmation.IMPOSSIBLE, DriverError)
