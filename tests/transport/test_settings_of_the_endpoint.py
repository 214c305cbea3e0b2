"""What the settings change at the endpoint."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from eventstream import EventHub
from settings import BadSetting, Settings
from tests.transport.serving import Endpoint, serving
from tests.transport.tiny_schema import schema
from transport.graphql_app import build


async def test_in_development_a_browser_gets_graphiql(redis_url: str) -> None:
    view = build(schema, Settings(graphiql=True), EventHub(redis_url))
    async with serving(Starlette(routes=[Route("/graphql", view)])) as endpoint:
        page = await endpoint.get("/graphql", Accept="text/html,*/*;q=0.8")
        assert (page.status_code, "graphiql" in page.text.lower()) == (200, True)
        assert page.headers["cache-control"] == "no-store"
        assert (await endpoint.get("/graphql", Accept="application/json")).status_code == 405
        assert (await endpoint.post({"query": "{ me }"})).status_code == 401


async def test_in_production_it_does_not(running: Endpoint) -> None:
    assert (await running.get("/graphql", Accept="text/html")).status_code == 405


@pytest.mark.parametrize("origin", ["example.com", "https://example.com/page"])
def test_an_origin_that_is_none_is_a_bad_setting(origin: str) -> None:
    with pytest.raises(BadSetting, match="ALLOWED_ORIGINS"):
        build(schema, Settings(allowed_origins=(origin,)), EventHub("redis://127.0.0.1:1"))
