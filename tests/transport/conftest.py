"""The endpoint over the tiny schema, asked by the owner of the usual world."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from eventstream import EventHub
from settings import Settings
from tests.servers import TestServers
from tests.transport.serving import Endpoint, serving
from tests.transport.tiny_schema import schema
from tests.worlds import TwoCompanies
from transport.graphql_app import GraphQLApp, build


@pytest.fixture(scope="session")
async def view(shared_database: str, servers: TestServers) -> GraphQLApp:
    """The endpoint as it stands in production: no GraphiQL, one foreign origin allowed."""
    return build(schema, Settings(allowed_origins=("https://portal.example.com",)), EventHub(servers.redis_url))


@pytest.fixture(scope="session")
async def running(view: GraphQLApp) -> AsyncIterator[Endpoint]:
    """It, served."""
    async with serving(Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])) as endpoint:
        yield endpoint


@pytest.fixture
async def endpoint(running: Endpoint, world: TwoCompanies) -> Endpoint:
    """It, asked by the owner."""
    return running.as_(world.owner.token)
