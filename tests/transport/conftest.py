"""The endpoint over the tiny schema, asked by the owner of the usual world."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from eventstream import EventHub
from settings import Settings
from tests.transport.serving import Endpoint, serving
from tests.transport.tiny_schema import schema
from tests.worlds import TwoCompanies
from transport.graphql_app import build


@pytest.fixture
async def endpoint(world: TwoCompanies, redis_url: str) -> AsyncIterator[Endpoint]:
    """The endpoint as it stands in production: no GraphiQL, one foreign origin allowed."""
    view = build(schema, Settings(allowed_origins=("https://portal.example.com",)), EventHub(redis_url))
    app = Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])
    async with serving(app) as running:
        yield running.as_(world.owner.token)
