"""One transaction, and what may only leave the house after it is committed: queue hints and live events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from eventstream import publish
from eventstream.events import Event
from models.database import transaction
from services.execution.hints import Hint, send_hints


@dataclass(slots=True)
class UnitOfWork:
    """Collects; nothing is sent before the commit, nothing at all after a rollback."""

    hints: list[Hint] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def enqueue(self, actor_name: str, *arguments: int) -> None:
        """Wake an actor by name after the commit. A lost hint costs a second: the reconcile loop sends it again."""
        self.hints.append((actor_name, arguments))

    def publish(self, event: Event) -> None:
        """Send a live event after the commit."""
        self.events.append(event)


@asynccontextmanager
async def unit_of_work() -> AsyncIterator[UnitOfWork]:
    """Open a transaction; every query inside runs in it."""
    uow = UnitOfWork()
    async with transaction():
        yield uow
    if uow.hints:
        # dramatiq's enqueue blocks on its socket: never on the event loop.
        await asyncio.to_thread(send_hints, list(dict.fromkeys(uow.hints)))
    if uow.events:
        await publish(uow.events)
