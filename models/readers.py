"""Connections for queries that change nothing: taken and given back without a task, a lock or a round trip."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

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
Connect = Callable[[], Awaitable[asyncpg.Connection]]


class Readers:
    """At most so many read-only connections, opened when they are first needed; each query is a transaction of its own."""

    def __init__(self, connect: Connect, most: int) -> None:
        self._connect = connect
        self._most = most
        self._open = 0
        self._free: list[asyncpg.Connection] = []
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()

    async def fetch(self, sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """All rows; a connection that turns out to be dead is replaced once, unseen by the caller."""
        connection = await self._take()
        try:
            return await self._used(connection, connection.fetch(sql, *arguments))
        except CONNECTION_LOST:
            connection = await self._take_new()
            return await self._used(connection, connection.fetch(sql, *arguments))

    async def fetch_row(self, sql: str, *arguments: object) -> asyncpg.Record | None:
        """The first row, or None; a connection that turns out to be dead is replaced once, unseen by the caller."""
        connection = await self._take()
        try:
            return await self._used(connection, connection.fetchrow(sql, *arguments))
        except CONNECTION_LOST:
            connection = await self._take_new()
            return await self._used(connection, connection.fetchrow(sql, *arguments))

    async def close(self) -> None:
        """Close what is free; what is in use is closed when it comes back."""
        self._most = 0
        while self._free:
            connection = self._free.pop()
            try:
                await connection.close()
            except CONNECTION_LOST:
                connection.terminate()

    async def _used(self, connection: asyncpg.Connection, answer: Awaitable[Answer]) -> Answer:
        try:
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

    async def _take(self) -> asyncpg.Connection:
        while self._free:
            connection = self._free.pop()
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

    async def _take_new(self) -> asyncpg.Connection:
        """A connection opened now: whatever killed one idle connection has probably killed its neighbours too."""
        while self._free:
            self._free.pop().terminate()
            self._open -= 1
        return await self._take()

    async def _opened(self) -> asyncpg.Connection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._pass_on(None)
            raise

    def _give(self, connection: asyncpg.Connection) -> None:
        if connection.is_closed() or self._open > self._most:
            self._drop(connection)
        else:
            self._pass_on(connection)

    def _drop(self, connection: asyncpg.Connection) -> None:
        connection.terminate()
        self._open -= 1
        self._pass_on(None)

    def _pass_on(self, connection: asyncpg.Connection | None) -> None:
        """Give a connection, or with None the right to open one, to the one who waits longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is not None:
            self._free.append(connection)
