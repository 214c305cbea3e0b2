"""The host's budget as the suite plays it: counts calls, keeps to the driver's own limit of calls at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from novaconnect_sdk import DriverContext


class RecordingGate:
    """Lends the right to call and remembers how it was used. `calls` counts rights lent so far."""

    def __init__(self) -> None:
        self.calls = 0
        self._slots = asyncio.Semaphore(1)

    def allow(self, at_once: int) -> None:
        """Let so many calls go at once from now on."""
        self._slots = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """The right to make one request."""
        async with self._slots:
            self.calls += 1
            yield

    def context(self, now: Callable[[], datetime]) -> DriverContext:
        """What a driver is given."""
        return DriverContext(profile_code="TEST", call=self.call, now=now)
