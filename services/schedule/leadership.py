"""One leader among several schedulers: an advisory lock on a connection of its own, lost with it."""

from __future__ import annotations

import contextlib
import logging

import asyncpg

from models.database import APPLICATION_ROLE, DATABASE_AWAY, connection_arguments

LOCK = 71_001_001
"""The advisory lock of the daily jobs."""

_log = logging.getLogger("novaconnect.schedule")


class Leadership:
    """Whether this process is the one that runs the daily jobs. No connection of the pool is held for it.

    A leader that dies loses the lock with its connection, and another process gets it at its next question. Should a frozen
    one wake up in the middle of a job beside the new leader, both do the same work once: every step has a unique row.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: asyncpg.Connection | None = None

    async def is_leader(self) -> bool:
        """Try to become it, or see that it still is; False while another one is, or the database is away."""
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = None
                candidate = await self._connect()
                if not await candidate.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                    await candidate.close(timeout=2)
                    return False
                self._connection = candidate
                _log.info("this process runs the daily jobs")
            return bool(await self._connection.fetchval("SELECT true"))
        except DATABASE_AWAY as error:
            _log.warning("leadership is in doubt: %s", type(error).__name__)
            if self._connection is not None:
                self._connection.terminate()
                self._connection = None
            return False

    async def _connect(self) -> asyncpg.Connection:
        settings = {"application_name": "novaconnect scheduler", "role": APPLICATION_ROLE}
        arguments = connection_arguments(self._database_url)
        return await asyncpg.connect(**arguments, server_settings=settings, command_timeout=10, timeout=10)

    async def close(self) -> None:
        """Step down."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*DATABASE_AWAY):
                await connection.close(timeout=2)
