"""How live streams look for news: not too often, not too rarely, and never for those who lost access."""

from __future__ import annotations

import asyncio
import time

from access import Principal, is_still_valid
from domain.errors import DomainError, RefusalCode
from eventstream import Listener

LOOKS_PER_SECOND = 5
"""A subscriber gets at most so many events a second; what happens between two looks is one event."""

IDLE_SECONDS = 15.0
"""Without news a stream looks by itself after so long: a lost hint delays an event, never loses it."""


class AccessEnded(DomainError):
    """The token, its user or their role is not what it was when the stream began."""

    code = RefusalCode.UNAUTHENTICATED


class LivePace:
    """The looks of one stream at its listener's notes."""

    def __init__(self, principal: Principal, listener: Listener) -> None:
        self._principal = principal
        self._listener = listener
        self._looked_at = time.monotonic()

    async def look(self, idle_seconds: float = IDLE_SECONDS) -> tuple[set[int], set[int], bool, bool]:
        """Wait for news: changed operations, changed SIMs, whether some were missed, whether this is an idle look.

        Raises `AccessEnded`; so every event that follows a look is authorised anew.
        """
        rest = self._looked_at + 1 / LOOKS_PER_SECOND - time.monotonic()
        if rest > 0:
            await asyncio.sleep(rest)
        woken = await self._listener.wait(idle_seconds)
        operations, sims, missed = self._listener.take()
        self._looked_at = time.monotonic()
        await self.authorise()
        return operations, sims, missed, not woken

    async def authorise(self) -> None:
        """Raise `AccessEnded` unless the one who subscribed may still see what they could see then."""
        if not await is_still_valid(self._principal):
            raise AccessEnded("Your access has ended or changed: authenticate again and subscribe anew.")
