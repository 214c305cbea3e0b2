"""The lease by which a process that calls operators or executes items shows that it lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import asyncpg

from models.database import APPLICATION_ROLE, DATABASE_AWAY, connection_arguments
from models.leases import HOLDER_LOCK

HEARTBEAT = 5.0
"""Seconds between two signs of life."""

EXPIRES_AFTER = 20.0
"""Seconds without a sign of life after which others take a process for dead, even if its connection stands."""

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
        self._task: asyncio.Task[None] | None = None
        self._seen = 0.0
        self.holder_id = 0

    async def open(self) -> None:
        """Become a lease holder and begin the heartbeat."""
        try:
            await self._renew_identity()
        except BaseException:
            if self._connection is not None:
                self._connection.terminate()
            raise
        self._task = asyncio.create_task(self._beat(), name="lease-heartbeat")

    async def close(self) -> None:
        """Give the lease back: what is still held can be taken over at once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            # PostgreSQL may be gone already; then the lease is found lost by its advisory lock.
            with contextlib.suppress(*DATABASE_AWAY):
                await self._connection.execute(
                    "UPDATE lease_holder SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL",
                    self.holder_id,
                )
                await self._connection.close(timeout=2)
            self._connection = None

    def require(self) -> int:
        """The holder id, or `LeaseLost` when the last sign of life is too old to be sure."""
        if time.monotonic() - self._seen > EXPIRES_AFTER - HEARTBEAT:
            raise LeaseLost("this process lost its lease: nothing is sent to operators until it has a new one")
        return self.holder_id

    async def _renew_identity(self) -> None:
        arguments = connection_arguments(self._database_url)
        settings = {"application_name": f"novaconnect lease {self._title}", "role": APPLICATION_ROLE}
        started = time.monotonic()
        self._connection = await asyncpg.connect(**arguments, server_settings=settings, command_timeout=HEARTBEAT)
        self.holder_id = await self._connection.fetchval(
            "INSERT INTO lease_holder (title, started_at, seen_at) VALUES ($1, clock_timestamp(), clock_timestamp())"
            " RETURNING id",
            self._title,
        )
        await self._connection.execute("SELECT pg_advisory_lock($1, $2)", HOLDER_LOCK, self.holder_id)
        self._seen = started

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            started = time.monotonic()
            try:
                assert self._connection is not None
                tag = await self._connection.execute(
                    "UPDATE lease_holder SET seen_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL",
                    self.holder_id,
                )
                if tag == "UPDATE 0":
                    raise LeaseLost("taken for dead")
                self._seen = started
            except (*DATABASE_AWAY, LeaseLost) as error:
                _log.warning("lease %s lost: %s", self.holder_id, type(error).__name__)
                await self._replace()

    async def _replace(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        with contextlib.suppress(*DATABASE_AWAY):
            await self._renew_identity()
