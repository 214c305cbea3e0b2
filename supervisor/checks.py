"""What is looked at before anything is started, each with the one line that says what to change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import redis.asyncio
from redis.exceptions import RedisError

from models.database import connection_arguments
from settings import BadSetting, read_plugins_file
from supervisor.errors import CannotStart
from supervisor.ports import is_free

_PATIENCE_SECONDS = 5.0


def check_port(host: str, port: int) -> None:
    """The API's port must be free."""
    if not is_free(port, host):
        raise CannotStart(
            f"port {port} is in use: stop what listens there, or choose another one: make run PORT={port + 1}"
        )


def check_plugins_file(path: Path) -> None:
    """`plugins.toml` must be readable as a whole; a single bad plugin is reported later and does not stop the rest."""
    try:
        read_plugins_file(path)
    except BadSetting as error:
        raise CannotStart(str(error)) from error


async def check_database(variable: str, url: str) -> None:
    """A PostgreSQL that was named by a variable must let us in."""
    try:
        connection = await asyncpg.connect(**connection_arguments(url), timeout=_PATIENCE_SECONDS)
    except ValueError as error:
        raise CannotStart(f"{variable} is not a PostgreSQL address: {error}.") from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotStart(
            f"PostgreSQL at {_place(url)} cannot be used ({_reason(error)}): start it or change {variable}; "
            "unset it to use an embedded one."
        ) from error
    await connection.close()


async def check_redis(variable: str, url: str) -> None:
    """A Redis or Valkey that was named by a variable must answer."""
    try:
        client = redis.asyncio.from_url(url, socket_connect_timeout=_PATIENCE_SECONDS, socket_timeout=_PATIENCE_SECONDS)
    except ValueError as error:
        raise CannotStart(
            f"{variable} is not a Redis address: it begins with redis://, rediss:// or unix://."
        ) from error
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS * 2):
            await client.ping()
    except (OSError, TimeoutError, RedisError) as error:
        raise CannotStart(
            f"Redis at {_place(url)} cannot be used ({_reason(error)}): start it or change {variable}; "
            "unset it to use an embedded one."
        ) from error
    finally:
        await client.aclose()


def _place(url: str) -> str:
    """Where an address points, without user and password."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"


def _reason(error: BaseException) -> str:
    # The text of a connection error may repeat the address with its password; the kind is enough to act on.
    return type(error).__name__
