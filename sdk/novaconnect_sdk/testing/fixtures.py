"""Fixtures of the suite: a driver made by the author's factory for the author's world."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar

import pytest
import pytest_asyncio

from novaconnect_sdk import DriverContext, DriverFactory, Settings
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.world import OperatorWorld, Variant

MakeDriver = Callable[[Variant], Awaitable[Any]]
"""Makes a driver with settings of a variant; it is closed after the test."""


async def made(factory: DriverFactory, settings: Settings, context: DriverContext) -> Any:
    """A driver, whether its factory is asynchronous or not."""
    created = factory.create(settings, context)
    return await created if inspect.isawaitable(created) else created


class ConformanceFixtures:
    """What every class of the suite builds on. The author sets `factory` and overrides the fixture `world`."""

    pytestmark = pytest.mark.asyncio

    factory: ClassVar[DriverFactory]

    @pytest.fixture
    def world(self) -> OperatorWorld:
        """The operator's side; to be overridden."""
        raise NotImplementedError("give your test class a fixture `world` that returns an OperatorWorld")

    @pytest_asyncio.fixture
    async def gate(self) -> RecordingGate:
        """The budget lent to the driver."""
        return RecordingGate()

    @pytest_asyncio.fixture
    async def make_driver(self, world: OperatorWorld, gate: RecordingGate) -> AsyncIterator[MakeDriver]:
        """Makes drivers and closes them after the test."""
        drivers: list[Any] = []

        async def make(variant: Variant) -> Any:
            driver = await made(self.factory, world.settings(variant), gate.context(world.now))
            drivers.append(driver)
            gate.allow(driver.limits.max_concurrency)
            return driver

        yield make
        for driver in drivers:
            await driver.close()

    @pytest_asyncio.fixture
    async def driver(self, make_driver: MakeDriver) -> Any:
        """The driver with settings that work."""
        return await make_driver(Variant.WORKING)
