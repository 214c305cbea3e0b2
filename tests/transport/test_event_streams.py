"""Server-sent events after graphql-sse, for clients that cannot or will not open a WebSocket."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from tests.transport.serving import Endpoint, until
from tests.transport.tiny_schema import waiting
from transport.accept import EVENT_STREAM, GRAPHQL_RESPONSE


async def stream(endpoint: Endpoint, query: str, *, take: int = 100, **headers: str) -> list[tuple[str, Any]]:
    """The events of a stream to its end, or the first `take` of them."""
    events: list[tuple[str, Any]] = []
    name = ""
    sent = {"Accept": EVENT_STREAM} | endpoint.headers | headers
    async with (
        httpx.AsyncClient(trust_env=False, timeout=10) as client,
        client.stream("POST", f"{endpoint.url}/graphql", json={"query": query}, headers=sent) as answer,
    ):
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store, no-transform"
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data:"):
                data = line[5:].strip()
                events.append((name, orjson.loads(data) if data else None))
                if len(events) == take:
                    break
    return events


async def test_a_subscription_streams_to_its_end(endpoint: Endpoint) -> None:
    assert await stream(endpoint, "subscription { count(to: 3) }") == [
        *(("next", {"data": {"count": number}}) for number in range(3)),
        ("complete", None),
    ]


async def test_events_come_while_it_runs_and_a_client_may_leave(endpoint: Endpoint) -> None:
    assert await stream(endpoint, "subscription { wait }", take=1) == [("next", {"data": {"wait": 1}})]
    await until(lambda: not waiting)


async def test_a_query_can_be_streamed_too(endpoint: Endpoint) -> None:
    assert await stream(endpoint, "{ me }") == [("next", {"data": {"me": "Olga Owner"}}), ("complete", None)]


async def test_a_client_that_takes_anything_gets_streams_for_subscriptions_only(endpoint: Endpoint) -> None:
    accept = f"{GRAPHQL_RESPONSE}, application/json, {EVENT_STREAM}"
    events = await stream(endpoint, "subscription { count(to: 1) }", Accept=accept)
    assert events == [("next", {"data": {"count": 0}}), ("complete", None)]
    answer = await endpoint.post({"query": "{ me }"}, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(GRAPHQL_RESPONSE)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "INVALID_REQUEST"),
        ("subscription { nothing }", "INVALID_REQUEST"),
        ("subscription { count(to: true) }", "INVALID_VALUE"),
        ("subscription { refused }", "INVALID_CURSOR"),
        ("subscription { broken }", "INTERNAL_ERROR"),
    ],
)
async def test_an_error_is_the_last_event_and_has_a_code(endpoint: Endpoint, query: str, code: str) -> None:
    *before, (name, payload), end = await stream(endpoint, query)
    assert end == ("complete", None)
    assert (name, payload["errors"][0]["extensions"]["code"]) == ("next", code)
    assert "8937204" not in str(payload)
    assert len(before) == (code in ("INVALID_CURSOR", "INTERNAL_ERROR"))


async def test_without_a_token_there_is_no_stream(endpoint: Endpoint) -> None:
    answer = await endpoint.as_(None).post({"query": "{ me }"}, headers={"Accept": EVENT_STREAM})
    assert answer.status_code == 401
