"""The endpoint over the real schema and live events, asked over real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from eventstream import EventHub, OperationChanged, publish
from models import Operation
from resolvers.schema import build_schema
from settings import Settings
from tests.transport.serving import Endpoint, messages, serving
from tests.worlds import BEGINNING, Login, TwoCompanies
from transport.graphql_app import GraphQLApp, build

SIMS = """subscription ($filter: SimFilter, $ids: [ID!]) { simsChanged(filter: $filter, ids: $ids) {
  snapshot sims { name profile { code } } noLongerMatching truncated } }"""
PROGRESS = "subscription ($id: ID!) { operationProgress(id: $id) { snapshot operation { state processed } } }"
OPERATIONS = "subscription { operationsChanged { snapshot operations { id state } } }"


@pytest.fixture
def view(hub: EventHub, world: TwoCompanies) -> GraphQLApp:
    """The endpoint as it stands in production."""
    return build(build_schema(), Settings(), hub)


@pytest.fixture
async def endpoint(view: GraphQLApp) -> AsyncIterator[Endpoint]:
    """It, served; who asks is still to be said."""
    async with serving(Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])) as running:
        yield running


class Subscriber:
    """One socket with one subscription."""

    def __init__(self, connection: Any, id: str) -> None:
        self.socket = connection
        self.id = id

    async def message(self) -> dict[str, Any]:
        """The next message."""
        [message] = await messages(self.socket, "next", "error", "complete")
        assert message["id"] == self.id
        return message

    async def event(self) -> dict[str, Any]:
        """The next event."""
        message = await self.message()
        assert message["type"] == "next" and "errors" not in message["payload"], message
        [event] = message["payload"]["data"].values()
        answer: dict[str, Any] = event
        return answer


@asynccontextmanager
async def subscribed(
    endpoint: Endpoint,
    login: Login,
    document: str,
    variables: Mapping[str, Any] | None = None,
    *,
    message_id: str = "1",
    receives: int | None = None,
) -> AsyncIterator[Subscriber]:
    """A subscription as a user for the length of a block; `receives` bytes at most wait in the client's kernel."""
    options: dict[str, Any] = {"max_size": None}
    if receives is not None:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        client.connect(("127.0.0.1", endpoint.port))
        client.setblocking(False)
        options |= {"sock": client, "max_queue": 1}
    async with endpoint.connect(**options) as connection:
        await connection.send(
            orjson.dumps({"type": "connection_init", "payload": {"token": login.token}}).decode(), text=True
        )
        await messages(connection, "connection_ack")
        payload = {"query": document, "variables": variables}
        await connection.send(orjson.dumps({"id": message_id, "type": "subscribe", "payload": payload}).decode())
        yield Subscriber(connection, message_id)


async def operation(login: Login, total: int = 3, **fields: Any) -> Operation:
    """A running operation of the user's company, all of whose items are queued."""
    values: dict[str, Any] = {"state": "RUNNING", "total": total, "queued": total, "accepted_risks": []}
    return await Operation.create(
        company_id=login.principal.company_ids[0],
        kind="LOCK",
        started_by_id=login.user.id,
        idempotency_key=str(time.monotonic_ns()),
        request_digest="",
        created_at=BEGINNING,
        **(values | fields),
    )


async def step(running: Operation, **counters: Any) -> None:
    """The operation moves on, as a worker would move it."""
    if counters:
        await Operation.filter(id=running.id).update(**counters)
    await publish([OperationChanged(running.company_id, running.id)])  # type: ignore[attr-defined]
