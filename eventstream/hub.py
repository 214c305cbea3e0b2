"""Receiving events: one connection a process, fanned out to listeners that hold a bounded, coalesced note of what changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from redis.asyncio import Redis
from redis.exceptions import RedisError

from eventstream.events import CHANNEL, Event, ExportChanged, OperationChanged, SimsChanged, UserNotified, decode

_log = logging.getLogger("novaconnect.eventstream")

MAX_NOTED = 10_000
"""Ids a listener remembers between two looks; beyond, it is told that it missed some and takes a new snapshot."""


class Listener:
    """What changed since the last look, for one subscriber. However slow it is, it costs at most `MAX_NOTED` ids.

    One with a `user_id` hears of that user's notifications and of nothing else; one that `hears_exports` is woken by them too.
    """

    def __init__(self, company_ids: tuple[int, ...] | None, user_id: int | None = None) -> None:
        self.company_ids = company_ids
        self.user_id = user_id
        self.hears_exports = False
        self._operations: set[int] = set()
        self._sims: set[int] = set()
        self._missed = False
        self._wake = asyncio.Event()

    def note(self, event: Event) -> None:
        """Remember an event if it concerns a company this listener sees, or the user it listens for."""
        if isinstance(event, UserNotified) or self.user_id is not None:
            if isinstance(event, UserNotified) and event.user_id == self.user_id:
                self._wake.set()
            return
        if self.company_ids is not None and event.company_id not in self.company_ids:
            return
        if isinstance(event, ExportChanged):
            if self.hears_exports:
                self._wake.set()
            return
        if isinstance(event, OperationChanged):
            self._operations.add(event.operation_id)
        elif isinstance(event, SimsChanged):
            self._sims.update(event.sim_ids)
        if len(self._operations) > MAX_NOTED or len(self._sims) > MAX_NOTED:
            self.note_gap()
        self._wake.set()

    def note_gap(self) -> None:
        """Events may have been lost: the next look must be a snapshot."""
        self._operations.clear()
        self._sims.clear()
        self._missed = True
        self._wake.set()

    def wake(self) -> None:
        """End the wait without news: there is another reason to look."""
        self._wake.set()

    async def wait(self, timeout: float) -> bool:
        """Wait until something changed or somebody woke it, at most `timeout` seconds; False when neither came."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout)
        return self._wake.is_set()

    def take(self) -> tuple[set[int], set[int], bool]:
        """Changed operations, changed SIMs, and whether some were missed; the notes are then empty."""
        taken = (self._operations, self._sims, self._missed)
        self._operations, self._sims, self._missed = set(), set(), False
        self._wake.clear()
        return taken


class EventHub:
    """The process's one subscription to Redis. After a lost connection every listener is told of a gap."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to receive, in the background."""
        self._task = asyncio.create_task(self._run(), name="event-hub")

    async def stop(self) -> None:
        """End the subscription."""
        self._stopping = True
        while self._task is not None and not self._task.done():
            # redis-py can lose a cancellation that comes while it connects, so one may not be enough.
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.5)

    @contextlib.contextmanager
    def listen(self, company_ids: tuple[int, ...] | None, user_id: int | None = None) -> Iterator[Listener]:
        """A listener for as long as the block lasts; None listens to every company."""
        listener = Listener(company_ids, user_id)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._receive()
            except (RedisError, OSError) as error:
                _log.warning("event stream interrupted: %s", type(error).__name__)
            except Exception as error:  # without this loop nobody would hear of anything any more
                _log.error("event stream broken: %s", type(error).__name__)
            for listener in tuple(self._listeners):
                listener.note_gap()
            await asyncio.sleep(0.5)

    async def _receive(self) -> None:
        redis = Redis.from_url(self._redis_url, socket_connect_timeout=2, health_check_interval=10)
        try:
            async with redis.pubsub() as subscription:
                await subscription.psubscribe(f"{CHANNEL}*")
                async for message in subscription.listen():
                    if message["type"] == "pmessage":
                        self._deliver(message["data"])
                    elif message["type"] == "psubscribe":
                        # Only from now on is everything heard: what listeners know must be read anew after this.
                        for listener in tuple(self._listeners):
                            listener.note_gap()
        finally:
            await redis.aclose()

    def _deliver(self, payload: bytes) -> None:
        event = decode(payload)
        if event is not None:
            for listener in tuple(self._listeners):
                listener.note(event)
