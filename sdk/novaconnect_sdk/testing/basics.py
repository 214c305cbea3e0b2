"""What every driver must be, whatever it can do."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

import novaconnect_sdk
from novaconnect_sdk import (
    CancelsLocation,
    Capability,
    Confirms,
    Driver,
    Inventory,
    Limits,
    LiveState,
    Locks,
    Mode,
    Packages,
    SettingsError,
    UsageRecords,
    capability_mismatches,
)
from novaconnect_sdk.testing.cancel_location import CancelLocationConformance
from novaconnect_sdk.testing.confirms import ConfirmsConformance
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, made
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.inventory import InventoryConformance
from novaconnect_sdk.testing.limits import LimitsConformance
from novaconnect_sdk.testing.live_state import LiveStateConformance
from novaconnect_sdk.testing.locks import LocksConformance
from novaconnect_sdk.testing.packages import PackagesConformance
from novaconnect_sdk.testing.usage_records import UsageRecordsConformance
from novaconnect_sdk.testing.world import OperatorWorld, Variant

SUITE_OF_INTERFACE: dict[type, type] = {
    Locks: LocksConformance,
    CancelsLocation: CancelLocationConformance,
    Limits: LimitsConformance,
    Packages: PackagesConformance,
    Inventory: InventoryConformance,
    LiveState: LiveStateConformance,
    Confirms: ConfirmsConformance,
    UsageRecords: UsageRecordsConformance,
}
"""Which class of the suite tries which interface."""


class DriverBasics(ConformanceFixtures):
    """Name, limits, capabilities, settings, closing."""

    async def test_it_is_a_driver(self, driver: Any) -> None:
        assert isinstance(driver, Driver)
        assert driver.name == self.factory.name

    async def test_it_was_written_for_this_sdk(self) -> None:
        assert novaconnect_sdk.__version__ in SpecifierSet(self.factory.sdk_versions)

    async def test_every_interface_that_it_implements_is_under_test_and_no_other(self, driver: Any) -> None:
        implemented = {suite for interface, suite in SUITE_OF_INTERFACE.items() if isinstance(driver, interface)}
        inherited = {suite for suite in SUITE_OF_INTERFACE.values() if isinstance(self, suite)}
        assert inherited == implemented

    async def test_every_method_of_its_interfaces_is_asynchronous(self, driver: Any) -> None:
        for interface in SUITE_OF_INTERFACE:
            if isinstance(driver, interface):
                for name in [name for name in vars(interface) if not name.startswith("_")]:
                    assert inspect.iscoroutinefunction(getattr(driver, name)), name

    async def test_usable_capabilities_have_methods(self, driver: Any) -> None:
        assert capability_mismatches(driver) == []

    async def test_an_action_is_declared_at_most_once(self, driver: Any) -> None:
        actions = [capability.action for capability in driver.capabilities()]
        assert len(actions) == len(set(actions))

    async def test_capabilities_of_one_sim_are_of_the_same_actions(self, driver: Any, world: OperatorWorld) -> None:
        ours = driver.capabilities(await world.known_sim())
        assert all(isinstance(capability, Capability) for capability in ours)
        assert {capability.action for capability in ours} == {each.action for each in driver.capabilities()}

    async def test_what_is_confirmed_later_says_by_what_and_by_when(self, driver: Any) -> None:
        for capability in driver.capabilities():
            if capability.usable and capability.mode is Mode.ACCEPTED_THEN_CONFIRMED:
                assert capability.confirmed_by is not None, capability.action
                assert capability.maximum is not None, capability.action
                assert isinstance(driver, Confirms)

    async def test_durations_are_positive_and_in_order(self, driver: Any) -> None:
        for capability in driver.capabilities():
            for duration in (capability.typical, capability.maximum, capability.once_per):
                assert duration is None or duration > timedelta(0), capability.action
            if capability.typical and capability.maximum:
                assert capability.typical <= capability.maximum, capability.action

    async def test_capabilities_cost_no_call(self, driver: Any, world: OperatorWorld, gate: RecordingGate) -> None:
        before = await world.requests()
        driver.capabilities()
        assert gate.calls == 0
        assert await world.requests() == before

    async def test_its_limits_allow_something(self, driver: Any) -> None:
        assert driver.limits.calls_per_second > 0
        assert driver.limits.max_concurrency >= 1
        assert driver.limits.call_timeout > timedelta(0)

    async def test_its_account_key_names_no_secret(self, driver: Any, world: OperatorWorld) -> None:
        assert driver.account_key
        assert not [secret for secret in world.secrets() if secret in driver.account_key]

    async def test_two_drivers_of_one_login_share_an_account(self, driver: Any, make_driver: Any) -> None:
        assert (await make_driver(Variant.WORKING)).account_key == driver.account_key

    async def test_a_missing_setting_is_named(self, world: OperatorWorld, gate: RecordingGate) -> None:
        with pytest.raises(SettingsError) as caught:
            await made(self.factory, {}, gate.context(world.now))
        assert any(f"`{key}`" in caught.value.message for key in world.settings())

    async def test_its_own_words_for_itself_hold_no_secret(self, driver: Any, world: OperatorWorld) -> None:
        assert not [secret for secret in world.secrets() if secret in repr(driver)]

    async def test_it_may_be_closed_twice(self, driver: Any) -> None:
        await driver.close()
        await driver.close()
