"""The lease by which a process that calls operators or executes items shows that it lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from contextvars import ContextVar

import asyncpg

from models.database import APPLICATION_ROLE, DATABASE_AWAY, connection_arguments
from models.leases import HOLDER_LOCK

HEARTBEAT = 5.0
"""Seconds between two signs of life."""

EXPIRES_AFTER = 20.0
"""Seconds without a sign of life after which others take a process for dead, even if its connection stands."""

_TRY_AGAIN = 1.0
"""Seconds between two tries to become a lease holder again."""

# One statement, so that nobody sees the row before its lock: a row without a lock is taken for that of a dead process.
_BEGIN = """
WITH made AS (
  INSERT INTO lease_holder (title, started_at, seen_at) VALUES ($1, clock_timestamp(), clock_timestamp()) RETURNING id)
SELECT id, pg_advisory_lock($2::int, id::int) FROM made
"""

_begun_under: ContextVar[int | None] = ContextVar("lease_holder_of_the_work", default=None)

_log = logging.getLogger("novaconnect.lease")


class LeaseLost(Exception):
    """The process was taken for dead; what it holds is no longer its own."""


class ProcessLease:
    """A lease holder row, an advisory lock on a connection of its own, and a heartbeat.

    A killed process loses the lock with its connection, in milliseconds; a frozen one stops its heartbeat. `require()` is
    asked before every call to an operator, so that a process that was frozen does not call after others took over.
    """

    def __init__(self, database_url: str, title: str) -> None:
        self._database_url = database_url
        self._title = title
        self._connection: asyncpg.Connection | None = None
        self._broken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._seen = 0.0
        self.holder_id = 0

    async def open(self) -> None:
        """Become a lease holder and begin the heartbeat."""
        await self._renew_identity()
        self._task = asyncio.create_task(self._beat(), name="lease-heartbeat")

    async def close(self) -> None:
        """Give the lease back: what is still held can be taken over at once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        connection, self._connection = self._connection, None
        if connection is not None:
            # PostgreSQL may be gone already; then the lease is found lost by its advisory lock.
            with contextlib.suppress(*DATABASE_AWAY):
                await connection.execute(
                    "UPDATE lease_holder SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL",
                    self.holder_id,
                )
                await connection.close(timeout=2)

    def require(self) -> int:
        """The holder id, or `LeaseLost` when others may have taken this process for dead: its lock went with the connection,
        the last sign of life is too old, or the work at hand was begun under a lease that was lost meanwhile."""
        alive = self._connection is not None and not self._connection.is_closed()
        if not alive or time.monotonic() - self._seen > EXPIRES_AFTER - HEARTBEAT:
            raise LeaseLost("this process lost its lease: nothing is sent to operators until it has a new one")
        if _begun_under.get() not in (None, self.holder_id):
            raise LeaseLost("this work was begun under a lease that was lost: others have taken it over")
        return self.holder_id

    @contextlib.contextmanager
    def work_of(self, holder_id: int) -> Iterator[None]:
        """What is done inside belongs to this holder: once the process has become another, `require` refuses."""
        token = _begun_under.set(holder_id)
        try:
            yield
        finally:
            _begun_under.reset(token)

    async def _renew_identity(self) -> None:
        arguments = connection_arguments(self._database_url)
        settings = {"application_name": f"novaconnect lease {self._title}", "role": APPLICATION_ROLE}
        started = time.monotonic()
        connection = await asyncpg.connect(**arguments, server_settings=settings, command_timeout=HEARTBEAT)
        try:
            connection.add_termination_listener(self._notice_end)
            holder_id: int = await connection.fetchval(_BEGIN, self._title, HOLDER_LOCK)
        except BaseException:
            connection.terminate()
            raise
        # All three together: the old number with the new connection would look like a lease that stands.
        self._connection, self.holder_id, self._seen = connection, holder_id, started

    def _notice_end(self, connection: object) -> None:
        if connection is self._connection:
            self._broken.set()

    async def _beat(self) -> None:
        pause = HEARTBEAT
        while True:
            # Not `wait_for`: it can lose a cancellation that comes together with what is waited for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._broken.wait()
            self._broken.clear()
            pause = HEARTBEAT if await self._show_life() else _TRY_AGAIN

    async def _show_life(self) -> bool:
        """Renew the lease, or take a new one where it is lost; False when PostgreSQL could not be asked."""
        started = time.monotonic()
        try:
            if self._connection is None:
                raise LeaseLost("no lease")
            tag = await self._connection.execute(
                "UPDATE lease_holder SET seen_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL", self.holder_id
            )
            if tag == "UPDATE 0":
                raise LeaseLost("taken for dead")
            self._seen = started
            return True
        except Exception as error:  # without a heartbeat the process would be idle for ever
            if self._connection is not None:
                _log.warning("lease %s lost: %s", self.holder_id, type(error).__name__)
            return await self._replace()

    async def _replace(self) -> bool:
        lost, self._connection = self._connection, None
        if lost is not None:
            lost.terminate()
        try:
            await self._renew_identity()
        except Exception as error:  # tried again in a moment
            _log.info("no new lease yet: %s", type(error).__name__)
            return False
        return True
