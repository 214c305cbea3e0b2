"""One execution of a subscription and everybody who gets its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any

from graphql import GraphQLError
from strawberry import Schema
from strawberry.types.execution import ExecutionResult

from access import Principal, Revalidation
from eventstream import EventHub
from resolvers.context import RequestContext
from services.streams.audience import AccessEnded
from transport.rendered import Rendered, render
from transport.results import log_unexpected, masked
from transport.seat import Seat

SLICE = 200
"""Seats that are served before other work of the process gets its turn."""

Execute = Callable[[RequestContext], Awaitable[AsyncGenerator[Any, None]]]
"""Start the subscription in a context."""


class SharedStream:
    """An `Audience`: it grows and shrinks while the stream runs, and the stream ends with the last one who leaves."""

    def __init__(self, schema: Schema, hub: EventHub, principal: Principal, execute: Execute) -> None:
        self.principal = principal
        self.is_over = False
        """Whether nobody can join any more."""
        self._schema = schema
        self._context = RequestContext(principal=principal, hub=hub, shared_with=self)
        self._execute = execute
        self._seats: dict[Principal, set[Seat]] = {}
        self._revalidation = Revalidation()
        self._wake: Callable[[], None] | None = None
        self._running: asyncio.Task[None] | None = None

    def join(self, principal: Principal) -> Seat:
        """A seat for someone who was authenticated just now; its first event is a snapshot."""
        seat = Seat(principal, self._ask)
        self._seats.setdefault(principal, set()).add(seat)
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="shared-stream")
        self._ask()
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        group = self._seats.get(seat.principal, set())
        group.discard(seat)
        if not group:
            self._seats.pop(seat.principal, None)
        if not self._seats:
            self.is_over = True
            if self._running is not None:
                self._running.cancel()

    def has_newcomers(self) -> bool:
        """Whether somebody waits for a snapshot."""
        return any(seat.is_newcomer for seat in self._everybody())

    def when_somebody_comes(self, wake: Callable[[], None]) -> None:
        """Call `wake` then."""
        self._wake = wake

    async def authorise(self) -> None:
        """End the seats of those whose access ended or changed; the others notice nothing."""
        for principal in await self._revalidation.ended(tuple(self._seats)):
            for seat in self._seats.pop(principal, ()):
                seat.revoke(self._access_ended())
        if not self._seats:
            self.is_over = True  # who comes now must not get the error with which it ends
            raise AccessEnded

    def _ask(self) -> None:
        if self._wake is not None:
            self._wake()

    def _everybody(self) -> list[Seat]:
        return [seat for group in self._seats.values() for seat in group]

    def _access_ended(self) -> Rendered:
        error = AccessEnded()
        errors = [GraphQLError(str(error), original_error=error)]
        self._schema.process_errors(errors)
        return render(ExecutionResult(data=None, errors=errors))

    async def _run(self) -> None:
        last: Rendered | None = None
        try:
            last = await self._tell()
        except Exception as error:  # everybody is told
            mask = masked(log_unexpected(error, "a shared stream"))
            unexpected = GraphQLError(mask["message"], extensions=mask["extensions"])
            last = render(ExecutionResult(data=None, errors=[unexpected]))
        finally:
            self.is_over = True
        await self._serve(lambda seat: seat.end(last))

    async def _tell(self) -> Rendered | None:
        """Tell every event to those it is for; the error with which the stream ended is given back."""
        last: Rendered | None = None
        async with aclosing(await self._execute(self._context)) as results:
            async for result in results:
                delivery, self._context.delivery = self._context.delivery, None
                event = render(result)
                if delivery is None:
                    last = event  # nobody meant it for anybody: the stream broke
                else:
                    await self._serve(partial(Seat.offer, event=event, delivery=delivery))
        return last

    async def _serve(self, each: Callable[[Seat], None]) -> None:
        seats = self._everybody()
        for first in range(0, len(seats), SLICE):
            for seat in seats[first : first + SLICE]:
                each(seat)
            await asyncio.sleep(0)
