"""Asking the schema as the door does, over the real services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise.connection import get_connection

from drivers.registry import DriverRegistry, use_registry
from eventstream import EventHub
from models.database import fetch, readers
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from tests.worlds import Login

Answer = dict[str, Any]
Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture(autouse=True)
def drivers_of_the_shipped_file(shipped_drivers: DriverRegistry) -> None:
    """The drivers that `plugins.toml` ships, able to declare what they can do; nobody is called."""
    use_registry(shipped_drivers)


@pytest.fixture
def ask(redis_url: str) -> Ask:
    """A function that executes a document as a user: `data` and formatted `errors` of the answer."""
    silent = EventHub(redis_url)

    async def execute(login: Login, document: str, **variables: Any) -> Answer:
        context = RequestContext(principal=login.principal, hub=silent)
        result = await build_schema().execute(document, variables or None, context_value=context)
        return {"data": result.data, "errors": [error.formatted for error in result.errors or []]}

    return execute


@pytest.fixture
def read(ask: Ask) -> Ask:
    """The same for what must succeed: only its `data`."""

    async def execute(login: Login, document: str, **variables: Any) -> Answer:
        answer = await ask(login, document, **variables)
        assert answer["errors"] == []
        data: Answer = answer["data"]
        return data

    return execute


async def queries_of(work: Any) -> list[str]:
    """The statements that PostgreSQL gets during some work, over all connections of the pool and the readers."""
    holders = get_connection("default")._pool._holders
    # Every connection has to be there to be listened to.
    await asyncio.gather(*(fetch("SELECT pg_sleep(0.05)") for _ in holders))
    await asyncio.gather(*(readers().fetch("SELECT pg_sleep(0.05)") for _ in holders))
    connections = [*(holder._con for holder in holders), *readers()._free]
    seen: list[str] = []

    def note(record: Any) -> None:
        seen.append(record.query)

    for connection in connections:
        connection.add_query_logger(note)
    await work()
    await asyncio.sleep(0.01)  # loggers are called later
    for connection in connections:
        connection.remove_query_logger(note)
    # The rest is the library's own: it learns types and resets connections.
    return [query for query in seen if query.startswith("SELECT ") and " FROM " in query]
