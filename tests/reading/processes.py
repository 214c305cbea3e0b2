"""The API's process as far as calls to operators go: drivers without a budget, which is opened at the first look."""

from __future__ import annotations

from typing import Self

from drivers.registry import registry, use_registry
from services.process.runtime import CallsOnDemand, call_on_demand, load_drivers
from settings import Settings


class Door:
    """Inside, a look is one of the API's process; outside again, of the process that was there before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Self:
        self._before = registry()
        self._calls = CallsOnDemand(self._settings, await load_drivers(self._settings), "api")
        call_on_demand(self._calls)
        return self

    async def __aexit__(self, *_: object) -> None:
        call_on_demand(None)
        await self._calls.close()
        use_registry(self._before)
