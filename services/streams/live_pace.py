"""How live streams look for news: not too often, not too rarely, and never for those who lost access."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from eventstream import Listener
from services.streams.audience import Audience

LOOKS_PER_SECOND = 5
"""A subscriber gets at most so many events a second; what happens between two looks is one event."""

IDLE_SECONDS = 15.0
"""Without news a stream looks by itself after so long: a lost hint delays an event, never loses it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is new: ids of changed operations and SIMs, whether some were missed, whether anybody awaits a snapshot.

    `idle` when nothing is: the look was due.
    """

    operations: set[int]
    sims: set[int]
    missed: bool
    newcomers: bool
    idle: bool


class LivePace:
    """The looks of one stream at its listener's notes."""

    def __init__(self, audience: Audience, listener: Listener) -> None:
        self._audience = audience
        self._listener = listener
        self._looked_at = time.monotonic()
        audience.when_somebody_comes(listener.wake)

    async def look(self, idle_seconds: float = IDLE_SECONDS) -> Look:
        """Wait for news. Raises `AccessEnded`; so every event that follows a look is authorised anew."""
        rest = self._looked_at + 1 / LOOKS_PER_SECOND - time.monotonic()
        if rest > 0:
            await asyncio.sleep(rest)
        woken = await self._listener.wait(idle_seconds)
        operations, sims, missed = self._listener.take()
        self._looked_at = time.monotonic()
        await self._audience.authorise()
        return Look(operations, sims, missed, self._audience.has_newcomers(), idle=not woken)

    async def authorise(self) -> None:
        """Authorise anew without a look."""
        await self._audience.authorise()
