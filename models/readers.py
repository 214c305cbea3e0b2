"""Connections for queries that change nothing: taken and given back without a task, a lock or a round trip."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

Answer = TypeVar("Answer")
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
        """All rows."""
        connection = await self._take()
        return await self._used(connection, connection.fetch(sql, *arguments))

    async def fetch_row(self, sql: str, *arguments: object) -> asyncpg.Record | None:
        """The first row, or None."""
        connection = await self._take()
        return await self._used(connection, connection.fetchrow(sql, *arguments))

    async def close(self) -> None:
        """Close what is free; what is in use is closed when it comes back."""
        self._most = 0
        while self._free:
            await self._free.pop().close()

    async def _used(self, connection: asyncpg.Connection, answer: Awaitable[Answer]) -> Answer:
        try:
            found = await answer
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
