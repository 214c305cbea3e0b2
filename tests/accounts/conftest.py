"""Asking the schema as somebody, and tokens that are good for less than everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from access import authenticate, digest_of, new_token
from domain.scopes import Scope
from eventstream import EventHub
from models import AccessToken, SimGroup
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from settings import Settings
from tests.graphql.conftest import ask, drivers_of_the_shipped_file, read
from tests.servers import TestServers
from tests.transport.serving import Endpoint, serving
from tests.worlds import Login
from transport.graphql_app import build

__all__ = ["ask", "drivers_of_the_shipped_file", "read"]


async def with_token(
    login: Login, scopes: Collection[Scope] = tuple(Scope), groups: Iterable[SimGroup] | None = None
) -> Login:
    """The same user with another token."""
    token = new_token()
    await AccessToken.create(
        user=login.user,
        name="narrow",
        prefix=token[:8],
        digest=digest_of(token),
        expires_at=datetime.now(UTC) + timedelta(days=1),
        scopes=[scope.value for scope in scopes],
        group_ids=None if groups is None else [group.id for group in groups],
    )
    principal = await authenticate(token)
    assert principal is not None
    return Login(login.user, token, principal)


def context_of(login: Login) -> RequestContext:
    """The context of one request."""
    return RequestContext(principal=login.principal, hub=EventHub("redis://nobody.invalid"))


@pytest.fixture(scope="session")
async def endpoint_of_the_schema(shared_database: str, servers: TestServers) -> AsyncIterator[Endpoint]:
    """The application's own schema, served."""
    hub = EventHub(servers.redis_url)
    view = build(build_schema(), Settings(), hub)
    hub.start()
    async with serving(Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])) as endpoint:
        yield endpoint
    await hub.stop()
