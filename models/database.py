"""The connection to PostgreSQL: one pool a process, made by Tortoise and used for its rows and for set queries alike."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.connection import get_connection, get_connections
from tortoise.exceptions import BaseORMException

from models.readers import Readers
from models.scoped_connection import ScopedConnection, begins_here, local_scope, scope_at_hand, set_scope
from models.statement_spans import watch_connection
from models.tenancy import scope

APPLICATION_ROLE = "novaconnect_app"
"""The role that API and workers act as; it owns nothing, so row-level security binds it."""

JSON = dict[str, Any]
T = TypeVar("T")

_DEADLOCK_TRIES = 5

DATABASE_AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BaseORMException,
    OSError,
)
"""What a query raises when PostgreSQL stops, restarts or cannot be reached in the middle of it (`TimeoutError` included)."""


def connection_arguments(url: str) -> JSON:
    """asyncpg arguments from a `postgresql://` URL; a Unix socket directory may stand in `?host=`. No secrets are logged."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("DATABASE_URL must begin with postgresql://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    arguments: JSON = {
        "host": query.pop("host", None) or parts.hostname or "localhost",
        "port": parts.port or int(query.pop("port", 5432)),
        "user": unquote(parts.username) if parts.username else "postgres",
        "password": unquote(parts.password) if parts.password else None,
        "database": parts.path.lstrip("/") or "postgres",
    }
    if sslmode := query.pop("sslmode", None):
        arguments["ssl"] = sslmode
    return arguments


def tortoise_config(
    url: str, *, as_application: bool, pool_size: int = 10, statement_seconds: float | None = None
) -> JSON:
    """Tortoise's configuration; `as_application` takes the application role at connection start, where it outlives resets.

    PostgreSQL itself ends a statement after `statement_seconds`, and one whose client has gone within a second.
    """
    settings = {"application_name": "novaconnect", "jit": "off"}
    if statement_seconds is not None:
        settings["statement_timeout"] = str(int(statement_seconds * 1000))
        settings["client_connection_check_interval"] = "1000"
    if as_application:
        settings["role"] = APPLICATION_ROLE
    credentials = connection_arguments(url) | {
        "minsize": 1,
        "maxsize": pool_size,
        "server_settings": settings,
        "command_timeout": 60,
        "reset": _leave_as_it_is,
        "init": watch_connection,
        "setup": scope_at_hand,
        "connection_class": ScopedConnection,
    }
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {
            "models": {"models": ["models"], "default_connection": "default", "migrations": "models.migrations"},
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Spare the round trip of a reset at every release.

    Nobody changes the session of a pooled connection but `scope_at_hand`, which looks at each use: settings come at connection
    start, locks are of a transaction or on connections of their own. asyncpg itself still refuses to release an open
    transaction or a listener.
    """


async def open_database(
    url: str, *, as_application: bool = True, pool_size: int = 10, statement_seconds: float | None = None
) -> None:
    """Open the process's pool. The global fallback lets every task of the loop see it."""
    config = tortoise_config(
        url, as_application=as_application, pool_size=pool_size, statement_seconds=statement_seconds
    )
    await Tortoise.init(config=config, _enable_global_fallback=True)
    credentials = config["connections"]["default"]["credentials"]
    of_the_pool = ("minsize", "maxsize", "reset", "setup", "init")
    arguments = {name: value for name, value in credentials.items() if name not in of_the_pool}
    arguments["command_timeout"] = None  # readers have a limit of their own, which takes no timer for each statement
    arguments["server_settings"] = {**credentials["server_settings"], "default_transaction_read_only": "on"}

    async def connect() -> ScopedConnection:
        made: ScopedConnection = await asyncpg.connect(**arguments)
        await watch_connection(made)
        return made

    _reading.readers = Readers(connect, max(2, pool_size // 2))


async def close_database() -> None:
    """Close the pool and the readers."""
    if _reading.readers is not None:
        await _reading.readers.close()
        _reading.readers = None
    await Tortoise.close_connections()


class _Reading:
    readers: Readers | None = None


_reading = _Reading()


def readers() -> Readers:
    """Connections for reading outside of any transaction: the quickest way to rows, and nothing can be changed by it."""
    if _reading.readers is None:
        raise RuntimeError("the database is not open")
    return _reading.readers


@asynccontextmanager
async def connection() -> AsyncIterator[asyncpg.Connection]:
    """An asyncpg connection: that of the surrounding transaction if there is one, else one of the pool."""
    client = get_connection("default")
    async with client.acquire_connection() as raw:
        if isinstance(client, _Transaction) and client.scope != scope():
            await set_scope(raw, scope(), local=True)
            client.scope = scope()
        yield raw


class _Transaction(TransactionWrapper):
    """Tortoise's client inside a transaction. `scope` is what its statements are told; None when that is not known."""

    scope: str | None = None
    savepoints = 0

    def _in_transaction(self) -> TransactionContext:
        """For what Tortoise does in a transaction of its own (`get_or_create`, `bulk_create`): here a savepoint."""
        return NestedTransactionContext(_Savepoint(self))


class _Savepoint(_Transaction):
    """What Tortoise takes for a transaction inside another. asyncpg's own refuses one that was begun by a statement."""

    _named = itertools.count(1)

    async def savepoint(self) -> None:
        """Begin."""
        self._name = f"tortoise_{next(self._named)}"
        await self._connection.execute(f"SAVEPOINT {self._name}")

    async def release_savepoint(self) -> None:
        """Keep what was done."""
        await self._connection.execute(f"RELEASE SAVEPOINT {self._name}")
        self._finalized = True

    async def savepoint_rollback(self) -> None:
        """Take it back."""
        await self._connection.execute(f"ROLLBACK TO SAVEPOINT {self._name}")
        self._finalized = True


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Every query inside runs in one transaction, for the companies in force; a transaction inside another is a savepoint.

    Tortoise's own loses a pooled connection, and leaves the task on a dead one, when PostgreSQL goes away at BEGIN. That
    statement also says for which companies, so that saying it takes no round trip.
    """
    outer = get_connection("default")
    if isinstance(outer, _Transaction):
        async with _savepoint(outer):
            yield
        return
    assert isinstance(outer, AsyncpgDBClient)
    async with _taken_to_begin(outer) as raw:
        inner = _Transaction(outer)
        inner._connection, inner.scope = raw, scope()
        token = get_connections().set("default", inner)
        try:
            async with _begun(raw, f"BEGIN; {local_scope(inner.scope)}", "COMMIT", "ROLLBACK"):
                yield
        finally:
            get_connections().reset(token)


@asynccontextmanager
async def _taken_to_begin(client: AsyncpgDBClient) -> AsyncIterator[asyncpg.Connection]:
    taken = client.acquire_connection()
    with begins_here():
        raw = await taken.__aenter__()
    try:
        yield raw
    finally:
        await taken.__aexit__(None, None, None)


@asynccontextmanager
async def _savepoint(inside: _Transaction) -> AsyncIterator[None]:
    inside.savepoints += 1
    name = f"savepoint_{inside.savepoints}"
    begin, end, undo = f"SAVEPOINT {name}", f"RELEASE SAVEPOINT {name}", f"ROLLBACK TO SAVEPOINT {name}"
    try:
        async with _begun(inside._connection, begin, end, undo):
            yield
    except BaseException:
        inside.scope = None  # taken back with the rest, to what it was before
        raise


@asynccontextmanager
async def _begun(raw: asyncpg.Connection, begin: str, end: str, undo: str) -> AsyncIterator[None]:
    await raw.execute(begin)
    try:
        yield
    except BaseException:
        if not raw.is_closed():
            await raw.execute(undo)
        raise
    await raw.execute(end)


async def again_after_deadlock(work: Callable[[], Awaitable[T]]) -> T:
    """Do a whole transaction or statement, and do it again when PostgreSQL chose it as the victim of a deadlock.

    Results of operations and pages of an inventory touch many SIMs at once, each in its own order.
    """
    for attempt in range(_DEADLOCK_TRIES - 1):
        try:
            return await work()
        except asyncpg.DeadlockDetectedError:
            await asyncio.sleep(0.01 * 2**attempt)
    return await work()


async def fetch(sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
    """All rows of a query."""
    async with connection() as raw:
        return await raw.fetch(sql, *arguments)


async def fetch_row(sql: str, *arguments: object) -> asyncpg.Record | None:
    """The first row, or None."""
    async with connection() as raw:
        return await raw.fetchrow(sql, *arguments)


async def fetch_value(sql: str, *arguments: object) -> Any:
    """The first column of the first row, or None."""
    async with connection() as raw:
        return await raw.fetchval(sql, *arguments)


async def execute(sql: str, *arguments: object) -> str:
    """Run a statement; the answer is PostgreSQL's command tag."""
    async with connection() as raw:
        return await raw.execute(sql, *arguments)
