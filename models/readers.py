"""Connections for queries that change nothing: taken and given back without a task, a lock or a round trip."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

from models.deadlines import Deadlines
from models.scoped_connection import ScopedConnection, keep_scope
from models.tenancy import scope

Answer = TypeVar("Answer")
CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)
"""What a query raises when its connection was lost; a query cut off by `statement_timeout` is not among them."""
STATEMENT_SECONDS = 60.0
"""How long the answer to a statement is waited for, in case PostgreSQL's own limit does not end it."""

Connect = Callable[[], Awaitable[ScopedConnection]]


class Readers:
    """At most so many read-only connections, opened when they are first needed; each query is a transaction of its own.

    A session goes on acting for the companies it was last used for, and whoever acts for the same is given it first: then
    nothing has to be said to it before the query.
    """

    def __init__(self, connect: Connect, most: int) -> None:
        self._connect = connect
        self._most = most
        self._open = 0
        self._deadlines = Deadlines(STATEMENT_SECONDS)
        self._free: list[ScopedConnection] = []
        self._waiting: deque[asyncio.Future[ScopedConnection | None]] = deque()

    async def fetch(self, sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """All rows; a connection that turns out to be dead is replaced once, unseen by the caller."""
        found: Sequence[asyncpg.Record] = await self._read("fetch", sql, arguments)
        return found

    async def fetch_row(self, sql: str, *arguments: object) -> asyncpg.Record | None:
        """The first row, or None; a connection that turns out to be dead is replaced once, unseen by the caller."""
        return await self._read("fetchrow", sql, arguments)

    async def close(self) -> None:
        """Close what is free; what is in use is closed when it comes back."""
        self._most = 0
        while self._free:
            connection = self._free.pop()
            try:
                await connection.close()
            except CONNECTION_LOST:
                connection.terminate()

    async def _read(self, method: str, sql: str, arguments: tuple[object, ...]) -> Any:
        wanted = scope()
        connection = self._at_hand(wanted) or await self._take()
        try:
            return await self._used(connection, _asked(connection, wanted, method, sql, arguments))
        except CONNECTION_LOST:
            connection = await self._take_new()
            return await self._used(connection, _asked(connection, wanted, method, sql, arguments))

    async def _used(self, connection: ScopedConnection, answer: Awaitable[Answer]) -> Answer:
        try:
            with self._deadlines.limit():
                found = await answer
        except CONNECTION_LOST:
            self._drop(connection)
            raise
        except asyncpg.PostgresError:
            self._give(connection)
            raise
        except BaseException:  # cut off in the middle: nobody knows what the connection would say next
            self._drop(connection)
            raise
        self._give(connection)
        return found

    def _at_hand(self, wanted: str) -> ScopedConnection | None:
        """A free connection that acts for these companies already."""
        for place in range(len(self._free) - 1, -1, -1):
            connection = self._free[place]
            if connection.scope == wanted and not connection.is_closed():
                del self._free[place]
                return connection
        return None

    async def _take(self) -> ScopedConnection:
        if self._open < self._most:
            return await self._opened()
        while self._free:
            connection = self._free.pop(0)  # the one that was not needed for longest
            if not connection.is_closed():
                return connection
            self._open -= 1
        if self._open < self._most:
            return await self._opened()
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            given = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise
        return given if given is not None else await self._opened()

    async def _take_new(self) -> ScopedConnection:
        """A connection opened now: whatever killed one idle connection has probably killed its neighbours too."""
        while self._free:
            self._free.pop().terminate()
            self._open -= 1
        return await self._take()

    async def _opened(self) -> ScopedConnection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._pass_on(None)
            raise

    def _give(self, connection: ScopedConnection) -> None:
        if connection.is_closed() or self._open > self._most:
            self._drop(connection)
        else:
            self._pass_on(connection)

    def _drop(self, connection: ScopedConnection) -> None:
        connection.terminate()
        self._open -= 1
        self._pass_on(None)

    def _pass_on(self, connection: ScopedConnection | None) -> None:
        """Give a connection, or with None the right to open one, to the one who waits longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is not None:
            self._free.append(connection)


def _asked(
    connection: ScopedConnection, wanted: str, method: str, sql: str, arguments: tuple[object, ...]
) -> Awaitable[Any]:
    if connection.scope == wanted:
        return getattr(connection, method)(sql, *arguments)
    return _told_and_asked(connection, wanted, method, sql, arguments)


async def _told_and_asked(
    connection: ScopedConnection, wanted: str, method: str, sql: str, arguments: tuple[object, ...]
) -> Any:
    await keep_scope(connection, wanted)
    return await getattr(connection, method)(sql, *arguments)
