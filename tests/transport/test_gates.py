"""What a request may cost, how often and by which way it may come: for each gate, what is sent and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import asyncpg
import orjson
import pytest
import strawberry
from graphql import get_introspection_query
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from strawberry import Schema

from benchmarks.hostile.queries import HOSTILE
from eventstream import EventHub
from models.database import fetch, fetch_value, readers, tortoise_config
from resolvers.error_policy import NovaSchema
from resolvers.schema import build_schema
from settings import BadSetting, GateSettings, Settings, load
from tests.servers import TestServers
from tests.transport.serving import Endpoint, messages, serving
from tests.worlds import TwoCompanies
from transport.graphql_app import build
from transport.metrics import metrics_routes

SLEEPING = "SELECT pg_sleep(60)::text"
STRICT = {"Accept": "application/graphql-response+json"}
Serve = Callable[..., AbstractAsyncContextManager[Endpoint]]


@strawberry.type
class Sleeper:
    """Fields that wait for the database in each way there is."""

    @strawberry.field
    async def pooled(self) -> str | None:
        await fetch(SLEEPING)
        return None

    @strawberry.field
    async def read(self) -> str | None:
        await readers().fetch(SLEEPING)
        return None

    @strawberry.field
    def awake(self) -> bool:
        return True

    @strawberry.field
    def cancelled(self) -> bool:
        raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")


@strawberry.type
class Ticker:
    """A stream that outlives the limit of an operation."""

    @strawberry.subscription
    async def tick(self) -> AsyncGenerator[int, None]:
        for number in range(3):
            yield number
            await asyncio.sleep(0.4)


SLEEPERS = NovaSchema(Sleeper, subscription=Ticker, seconds=0.5)


@pytest.fixture
def serve(world: TwoCompanies, servers: TestServers) -> Serve:
    """A server of its own over a schema, asked by the owner."""

    @asynccontextmanager
    async def run(schema: Schema | None = None, **gates: Any) -> AsyncIterator[Endpoint]:
        settings = Settings(gates=GateSettings(**gates))
        view = build(schema or build_schema(), settings, EventHub(servers.redis_url))
        routes = [Route("/graphql", view), WebSocketRoute("/graphql", view), *metrics_routes()]
        async with serving(Starlette(routes=routes)) as endpoint:
            yield endpoint.as_(world.owner.token)

    return run


def code_of(answer: Any) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


async def busy_statements() -> int:
    return int(
        await fetch_value(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%'"
            " AND pid <> pg_backend_pid()"
        )
    )


class TestAnOperationThatTakesTooLong:
    """The wall clock of an operation: its statement is cancelled, and its connection is free again."""

    @pytest.mark.parametrize("field", ["pooled", "read"])
    async def test_is_stopped_with_its_statement(self, serve: Serve, field: str) -> None:
        async with serve(SLEEPERS) as server:
            answers = await asyncio.gather(*(server.post({"query": f"{{ {field} awake }}"}) for _ in range(12)))
            async with asyncio.timeout(30):
                while await busy_statements():
                    await asyncio.sleep(0.05)
            after = await server.post({"query": "{ awake }"})

        assert {(answer.status_code, code_of(answer)) for answer in answers} == {(200, "TIMED_OUT")}
        assert all(answer.json()["data"] is None for answer in answers)
        assert after.json() == {"data": {"awake": True}}
        assert len(await asyncio.gather(*(readers().fetch("SELECT 1") for _ in range(12)))) == 12

    async def test_over_a_socket_too_while_subscriptions_go_on(self, serve: Serve) -> None:
        async with serve(SLEEPERS) as server, server.connect(additional_headers=server.headers) as socket:
            await socket.send('{"type": "connection_init"}')
            for name, query in (("ticks", "subscription { tick }"), ("sleeps", "{ pooled }")):
                await socket.send(orjson.dumps({"id": name, "type": "subscribe", "payload": {"query": query}}).decode())
            received = await messages(socket, "error")
            ticks = [message for message in received if message.get("id") == "ticks"]
            while ticks[-1]["type"] != "complete":
                ticks += await messages(socket, "next", "complete")

        assert received[-1]["id"] == "sleeps"
        assert received[-1]["payload"][0]["extensions"]["code"] == "TIMED_OUT"
        assert len([tick for tick in ticks if tick["type"] == "next"]) == 3

    async def test_a_statement_that_postgresql_ends_is_told_alike(self, serve: Serve) -> None:
        async with serve(SLEEPERS) as server:
            assert code_of(await server.post({"query": "{ cancelled }"})) == "TIMED_OUT"

    async def test_connections_of_the_api_have_a_limit_and_others_none(self, shared_database: str) -> None:
        async def limit(**options: Any) -> tuple[str, str]:
            config = tortoise_config(shared_database, as_application=True, **options)
            told = config["connections"]["default"]["credentials"]
            keep = ("host", "port", "user", "password", "database", "server_settings")
            connection = await asyncpg.connect(**{name: told[name] for name in keep})
            try:
                return await connection.fetchval("SHOW statement_timeout"), await connection.fetchval(
                    "SHOW client_connection_check_interval"
                )
            finally:
                await connection.close()

        assert await limit(statement_seconds=16) == ("16s", "1s")
        assert (await limit())[0] == "0"


class TestHostileDocuments:
    """Documents that cost more than they weigh are refused, and nothing of them runs."""

    @pytest.mark.parametrize("name", HOSTILE)
    async def test_they_are_refused(self, serve: Serve, name: str) -> None:
        async with serve() as server:
            answer = await server.post({"query": HOSTILE[name]}, headers=STRICT)

        assert "data" not in answer.json()
        assert (answer.status_code, code_of(answer)) in (
            (413, "REQUEST_TOO_LARGE"),
            (400, "QUERY_TOO_COMPLEX"),
            (400, "INVALID_REQUEST"),
        )

    async def test_variables_are_counted_however_often_the_document_was_asked(self, serve: Serve) -> None:
        query = "query($n: Int, $m: Int) { sims(first: $n) { nodes { sessions(first: $m) { nodes { bytes } } } } }"
        async with serve() as server:
            for variables in ({"n": 500, "m": 5}, {"n": 500, "m": 5}):
                assert "errors" not in (await server.post({"query": query, "variables": variables})).json()
            for variables in ({"n": 500, "m": 500}, {"n": 500}):
                answer = await server.post({"query": query, "variables": variables | {"m": 500}})
                assert code_of(answer) == "QUERY_TOO_COMPLEX"
                assert answer.json()["errors"][0]["extensions"]["allowed"] == 50_000

    async def test_over_sockets_and_event_streams_too(self, serve: Serve) -> None:
        query = HOSTILE["list recursion of depth 11"]
        async with serve() as server, server.connect(additional_headers=server.headers) as socket:
            await socket.send('{"type": "connection_init"}')
            await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}).decode())
            [error] = (await messages(socket, "error"))[-1]["payload"]
            streamed = await server.post({"query": query}, headers={"Accept": "text/event-stream"})

        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert '"QUERY_TOO_COMPLEX"' in streamed.text

    async def test_what_tools_ask_of_the_schema_passes(self, serve: Serve) -> None:
        async with serve() as server:
            answer = await server.post({"query": get_introspection_query(input_value_deprecation=True)})

        assert "errors" not in answer.json()

    async def test_validation_stops_at_five_errors_and_suggests_nothing(self, serve: Serve) -> None:
        async with serve() as server:
            answer = await server.post({"query": "{ viewr sim sms vewer node a b c d e f g }"})

        errors = answer.json()["errors"]
        assert len(errors) == 5
        assert not [error for error in errors if "mean" in error["message"]]


class TestTheRateLimit:
    """One credential asks so often a second, with bursts; the others notice nothing."""

    async def refused(self, server: Endpoint, query: str) -> Any:
        for _ in range(60):
            answer = await server.post({"query": query})
            if answer.status_code != 200:
                return answer
        raise AssertionError("never refused")

    @pytest.mark.parametrize("query", ["{ viewer { name } }", "{ sims { nodes { name } } }"])
    async def test_one_too_many_is_told_when_to_come_again(self, serve: Serve, world: TwoCompanies, query: str) -> None:
        async with serve(rate_limit=1) as server:
            answer = await self.refused(server, query)
            other = await server.as_(world.viewer.token).post({"query": query})

        assert (answer.status_code, code_of(answer)) == (429, "RATE_LIMITED")
        wait = answer.json()["errors"][0]["extensions"]["retryAfter"]
        assert answer.headers["retry-after"] == str(wait)
        assert 1 <= wait <= 10
        assert other.status_code == 200

    async def test_operations_of_a_socket_count_too(self, serve: Serve) -> None:
        async with serve(rate_limit=1) as server, server.connect(additional_headers=server.headers) as socket:
            await socket.send('{"type": "connection_init"}')
            for number in range(30):
                payload = {"query": "{ viewer { name } }"}
                message = {"id": str(number), "type": "subscribe", "payload": payload}
                await socket.send(orjson.dumps(message).decode())
            [error] = (await messages(socket, "error"))[-1]["payload"]

        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["retryAfter"] >= 1

    async def test_without_a_limit_nobody_is_refused(self, serve: Serve) -> None:
        async with serve(rate_limit=0) as server:
            answers = [await server.post({"query": "{ viewer { name } }"}) for _ in range(30)]

        assert {answer.status_code for answer in answers} == {200}


class TestQueriesByGet:
    """Off unless switched on, and then for queries alone."""

    async def asked(self, server: Endpoint, **parameters: str) -> Any:
        headers = server.headers | {"Accept": "application/graphql-response+json"}
        return await server.get(f"/graphql?{urlencode(parameters)}", **headers)

    async def test_a_query_with_variables_is_answered(self, serve: Serve) -> None:
        query = "query($n: Int) { sims(first: $n) { nodes { name } } }"
        async with serve(queries_by_get=True) as server:
            answer = await self.asked(server, query=query, variables='{"n": 1}')
            posted = await server.post({"query": query, "variables": {"n": 1}})

        assert (answer.status_code, answer.json()) == (200, posted.json())
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("parameters", "status"),
        [
            ({"query": 'mutation { cancelOperation(id: "x") { __typename } }'}, 405),
            ({"query": "subscription { operationsChanged { snapshot } }"}, 405),
            ({"query": "{ viewer { name } }", "variables": "{"}, 400),
            ({"query": "{ viewer { name } }", "variables": "[]"}, 400),
            ({"query": "{ viewer"}, 400),
            ({"variables": "{}"}, 405),
        ],
    )
    async def test_anything_else_is_refused(self, serve: Serve, parameters: dict[str, str], status: int) -> None:
        async with serve(queries_by_get=True) as server:
            answer = await self.asked(server, **parameters)

        assert answer.status_code == status

    async def test_without_a_token_there_is_the_same_401(self, serve: Serve) -> None:
        async with serve(queries_by_get=True) as server:
            answer = await self.asked(server.as_(None), query="{ viewer { name } }")

        assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        ((), "203.0.113.7", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.7", "203.0.113.7"),
        (("127.0.0.1",), "198.51.100.1, 203.0.113.7", "203.0.113.7"),  # the first was written by the client
        (("127.0.0.0/8", "203.0.113.0/24"), "198.51.100.1, 203.0.113.7", "198.51.100.1"),
        (("10.0.0.0/8",), "203.0.113.7", "127.0.0.1"),
    ],
)
async def test_only_proxies_that_are_trusted_say_whom_a_request_comes_from(
    proxies: tuple[str, ...], forwarded: str, expected: str
) -> None:
    async def whence(request: Request) -> PlainTextResponse:
        assert request.client is not None
        return PlainTextResponse(request.client.host)

    settings = Settings(gates=GateSettings(trusted_proxies=proxies))
    async with serving(Starlette(routes=[Route("/", whence)]), settings=settings) as server:
        assert (await server.get("/", **{"X-Forwarded-For": forwarded})).text == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("RATE_LIMIT", "many"),
        ("QUERIES_BY_GET", "perhaps"),
        ("METRICS_PORT", "70000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        load({name: value})


async def test_metrics_count_operations_and_name_nobody(serve: Serve, world: TwoCompanies) -> None:
    async with serve() as server:
        for _ in range(3):
            await server.post({"query": "query Mine { sims { nodes { name company { name } } } }"})
        await server.post({"query": "{ nothing }"})
        await server.as_(None).post({"query": "{ viewer { name } }"})
        answer = await server.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'novaconnect_operations_total{kind="query",outcome="ok",transport="http"}',
        'novaconnect_operations_total{kind="unknown",outcome="refused",transport="http"}',
        'novaconnect_refused_requests_total{code="UNAUTHENTICATED"}',
        'novaconnect_operation_seconds_count{transport="http"}',
    ):
        assert line in answer.text
    assert not [word for word in (world.company.name, "Mine", world.owner.token) if word in answer.text]
