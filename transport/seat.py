"""One subscriber's place at a shared stream; however slow they are, it holds one event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from access import Principal
from services.streams.audience import Delivery
from transport.rendered import Rendered


class Seat:
    """The latest event that its owner has not taken yet. Who misses a change gets a new snapshot when they are ready."""

    __slots__ = ("_ask", "_delivery", "_ended", "_last", "_missed", "_pending", "_wake", "is_newcomer", "principal")

    def __init__(self, principal: Principal, ask: Callable[[], None]) -> None:
        self.principal = principal
        self.is_newcomer = True
        """Whether its owner is ready for a snapshot and has none."""
        self._ask = ask
        self._pending: Rendered | None = None
        self._delivery: Delivery | None = None
        self._missed = False
        self._ended = False
        self._last: Rendered | None = None
        self._wake: asyncio.Future[None] | None = None

    @property
    def is_cut_short(self) -> bool:
        """Whether the stream ended before its owner knew its last state: then another stream will tell."""
        return self.is_newcomer or self._missed

    def offer(self, event: Rendered, delivery: Delivery) -> None:
        """Put an event there, if it is for this seat."""
        if self._ended or (delivery is Delivery.CATCH_UP and not self.is_newcomer):
            return
        if delivery in (Delivery.STATE, Delivery.CHANGE):
            if self.is_cut_short:
                return
            if self._pending is not None and not delivery is self._delivery is Delivery.STATE:
                # What lies there would be incomplete without this one, and both together would be a queue.
                self._pending, self._missed = None, True
                return
        self._pending, self._delivery = event, delivery
        self.is_newcomer = self._missed = False
        self._wake_owner()

    def end(self, last: Rendered | None) -> None:
        """The stream is over; `last` is an error to say so with."""
        if not self._ended:
            self._ended, self._last = True, last
            if last is not None:
                self.is_newcomer = self._missed = False
            self._wake_owner()

    def revoke(self, last: Rendered) -> None:
        """Its owner may not see any more what lies there."""
        self._pending = None
        self.end(last)

    async def next(self) -> Rendered | None:
        """The next event, or None when there will be none."""
        while True:
            if self._pending is not None:
                event, self._pending = self._pending, None
                return event
            if self._ended:
                last, self._last = self._last, None
                return last
            if self._missed:
                self._missed, self.is_newcomer = False, True
                self._ask()
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None

    def _wake_owner(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
