"""WebSockets after graphql-transport-ws: who gets in, what is refused, and when a socket ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import websockets

from models import AccessToken, User, UserRole
from tests.transport.serving import PROTOCOL, Endpoint, close_code, messages, until
from tests.transport.tiny_schema import waiting
from tests.worlds import TwoCompanies
from transport import limits
from transport.graphql_app import GraphQLApp

INIT = {"type": "connection_init"}


def subscribe(operation_id: str, query: str, **payload: Any) -> dict[str, Any]:
    return {"id": operation_id, "type": "subscribe", "payload": {"query": query, **payload}}


async def send(socket: Any, *sent: Any) -> None:
    for message in sent:
        await socket.send(message if isinstance(message, bytes) else json.dumps(message))


@asynccontextmanager
async def acknowledged(endpoint: Endpoint) -> AsyncIterator[Any]:
    """A socket that has been let in."""
    async with endpoint.connect() as socket:
        await send(socket, INIT | {"payload": {"authorization": f"Bearer {endpoint.token}"}})
        assert await messages(socket, "connection_ack") == [{"type": "connection_ack"}]
        yield socket


class TestWhoGetsIn:
    """The token comes in the first message, or with the upgrade."""

    @pytest.mark.parametrize(
        "payload",
        [
            {"authorization": "Bearer {}"},
            {"Authorization": "bearer {}"},
            {"token": "{}"},
            {"other": 1, "authorization": "Bearer {}"},
        ],
    )
    async def test_a_token_in_the_payload_is_acknowledged(self, endpoint: Endpoint, payload: dict[str, Any]) -> None:
        filled = {key: value.format(endpoint.token) if key != "other" else value for key, value in payload.items()}
        async with endpoint.connect() as socket:
            await send(socket, INIT | {"payload": filled}, subscribe("1", "{ me }"))
            received = await messages(socket, "complete")
            assert [message["type"] for message in received] == ["connection_ack", "next", "complete"]
            assert received[1]["payload"] == {"data": {"me": "Olga Owner"}}

    @pytest.mark.parametrize("init", [INIT, INIT | {"payload": None}, INIT | {"payload": {}}])
    async def test_a_token_in_the_header_is_acknowledged(self, endpoint: Endpoint, init: dict[str, Any]) -> None:
        async with endpoint.connect(additional_headers=endpoint.headers) as socket:
            await send(socket, init)
            assert await messages(socket, "connection_ack")

    @pytest.mark.parametrize(
        "payload",
        [
            None,
            {},
            {"token": "nct_unknown"},
            {"token": 7},
            {"authorization": "Basic x"},
            {"authorization": None},
            {"token": "x" * 9000},
        ],
    )
    async def test_a_bad_token_is_closed_4403_before_the_acknowledgement(
        self, endpoint: Endpoint, payload: dict[str, Any] | None
    ) -> None:
        async with endpoint.connect() as socket:
            await send(socket, INIT | {"payload": payload})
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4403

    async def test_subscribing_before_that_is_closed_4401(self, endpoint: Endpoint) -> None:
        async with endpoint.connect(additional_headers=endpoint.headers) as socket:
            await send(socket, subscribe("1", "{ me }"))
            assert await close_code(socket) == 4401

    async def test_saying_nothing_is_closed_4408(
        self, endpoint: Endpoint, view: GraphQLApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert view.connection_init_wait_timeout == timedelta(seconds=10)
        monkeypatch.setattr(view, "connection_init_wait_timeout", timedelta(seconds=0.2))
        async with endpoint.connect() as socket:
            assert await close_code(socket) == 4408

    async def test_introducing_oneself_twice_is_closed_4429(self, endpoint: Endpoint) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, INIT)
            assert await close_code(socket) == 4429

    @pytest.mark.parametrize("protocols", [["graphql-ws"], ["mqtt"], None])
    async def test_another_protocol_is_closed_4406(self, endpoint: Endpoint, protocols: list[str] | None) -> None:
        async with endpoint.connect(subprotocols=protocols) as socket:
            assert await close_code(socket) == 4406

    async def test_a_foreign_origin_is_refused_at_the_door(self, endpoint: Endpoint) -> None:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with endpoint.connect(origin="https://evil.example.com"):
                pass
        assert refused.value.response.status_code == 403

    @pytest.mark.parametrize("origin", [None, "https://portal.example.com", "same"])
    async def test_own_and_allowed_origins_come_in(self, endpoint: Endpoint, origin: str | None) -> None:
        async with endpoint.connect(origin=endpoint.url if origin == "same" else origin) as socket:
            assert socket.subprotocol == PROTOCOL


class TestWhatIsRefused:
    """Bad messages close the socket with the protocol's code; bad operations end alone."""

    @pytest.mark.parametrize(
        "message",
        [
            b"\x00",
            [],
            7,
            None,
            {},
            {"type": "nonsense" * 100},
            {"type": ["ping"]},
            {"type": "connection_ack"},
            {"type": "subscribe"},
            {"type": "subscribe", "id": ""},
            {"type": "subscribe", "id": {"a": 1}, "payload": {"query": "{ me }"}},
            {"type": "subscribe", "id": "1", "payload": "{ me }"},
            {"type": "subscribe", "id": "1", "payload": {}},
            {"type": "subscribe", "id": "1", "payload": {"query": 7}},
            {"type": "complete"},
            {"type": "complete", "id": []},
            {"type": "connection_init", "payload": "x"},
        ],
    )
    async def test_what_is_no_message_is_closed_4400(
        self, endpoint: Endpoint, message: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, message)
            assert await close_code(socket) == 4400
        assert not [record for record in caplog.records if record.levelname == "ERROR"]

    @pytest.mark.parametrize("text", ["", "{", "[" * 30_000, '{"type": "ping", "payload": NaN}'])
    async def test_what_is_no_json_is_closed_4400(self, endpoint: Endpoint, text: str) -> None:
        async with acknowledged(endpoint) as socket:
            await socket.send(text)
            assert await close_code(socket) == 4400

    async def test_a_message_over_64_kb_is_closed_1009(self, endpoint: Endpoint) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, subscribe("1", "{ me } #" + "x" * 64 * 1024))
            assert await close_code(socket) == 1009

    @pytest.mark.parametrize(
        ("query", "payload", "code"),
        [
            ("{", {}, "INVALID_REQUEST"),
            ("{ " + "x" * 500 + "(", {}, "INVALID_REQUEST"),
            ("{ nothing }", {}, "INVALID_REQUEST"),
            ("{" * 60, {}, "QUERY_TOO_COMPLEX"),
            ("query A { me }", {"operationName": "B"}, "INVALID_REQUEST"),
            ("{ me }", {"operationName": 7}, "INVALID_REQUEST"),
            ("{ me }", {"variables": []}, "INVALID_REQUEST"),
            ("", {}, "INVALID_REQUEST"),
        ],
    )
    async def test_a_bad_operation_ends_with_an_error_and_the_others_go_on(
        self, endpoint: Endpoint, query: str, payload: dict[str, Any], code: str
    ) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, subscribe("good", "subscription { wait }"), subscribe("bad", query, **payload))
            error = (await messages(socket, "error"))[-1]
            assert (error["id"], error["payload"][0]["extensions"]["code"]) == ("bad", code)
            await send(socket, subscribe("next", "{ me }"))
            assert (await messages(socket, "complete"))[-1]["id"] == "next"

    @pytest.mark.parametrize(("query", "code"), [("refused", "INVALID_CURSOR"), ("broken", "INTERNAL_ERROR")])
    async def test_a_subscription_that_fails_says_why(self, endpoint: Endpoint, query: str, code: str) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, subscribe("1", f"subscription {{ {query} }}"))
            first, last, _ = await messages(socket, "complete")
            assert first["payload"] == {"data": {query: 1}}
            assert last["payload"]["errors"][0]["extensions"]["code"] == code
            assert "8937204" not in str(last)

    async def test_twenty_subscriptions_are_the_most(self, endpoint: Endpoint) -> None:
        async with acknowledged(endpoint) as socket:
            for number in range(limits.MAX_SUBSCRIPTIONS):
                await send(socket, subscribe(f"s{number}", "subscription { wait }"))
            await send(socket, subscribe("over", "subscription { wait }"))
            error = (await messages(socket, "error"))[-1]
            assert (error["id"], error["payload"][0]["extensions"]["code"]) == ("over", "INVALID_REQUEST")
            await send(socket, {"type": "complete", "id": "s0"}, subscribe("again", "{ me }"))
            assert (await messages(socket, "complete"))[-1]["id"] == "again"

    async def test_one_id_twice_is_closed_4409(self, endpoint: Endpoint) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, *[subscribe("1", "subscription { wait }")] * 2)
            assert await close_code(socket) == 4409


class TestWhatRuns:
    """The ordinary life of a socket."""

    async def test_subscriptions_queries_and_mutations_share_a_socket(self, endpoint: Endpoint) -> None:
        async with acknowledged(endpoint) as socket:
            await send(
                socket,
                subscribe("s", "subscription($to: Int!) { count(to: $to) }", variables={"to": 2}),
                subscribe("m", "mutation { touch }"),
                subscribe("q", "query A { me } query B { paint(colour: RED) }", operationName="B"),
            )
            received: list[dict[str, Any]] = []
            while sum(message["type"] == "complete" for message in received) < 3:
                received += await messages(socket, "complete")
            data = {key: [m["payload"]["data"] for m in received if m["id"] == key and "payload" in m] for key in "smq"}
            assert data == {"s": [{"count": 0}, {"count": 1}], "m": [{"touch": True}], "q": [{"paint": "red"}]}

    async def test_a_ping_is_answered(self, endpoint: Endpoint) -> None:
        async with acknowledged(endpoint) as socket:
            await send(
                socket, {"type": "ping"}, {"type": "pong"}, {"type": "complete", "id": "unknown"}, {"type": "ping"}
            )
            assert [*await messages(socket, "pong"), *await messages(socket, "pong")] == [{"type": "pong"}] * 2

    @pytest.mark.parametrize("complete", [True, False])
    async def test_nothing_runs_on_when_it_is_completed_or_its_socket_closed(
        self, endpoint: Endpoint, complete: bool
    ) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, subscribe("1", "subscription { wait }"))
            await messages(socket, "next")
            assert waiting
            if complete:
                await send(socket, {"type": "complete", "id": "1"})
                await until(lambda: not waiting)
        await until(lambda: not waiting)


class TestARevokedTokenEndsTheSocket:
    """4403, whether the socket is silent, busy or about to ask."""

    async def test_when_it_is_silent(self, endpoint: Endpoint, world: TwoCompanies) -> None:
        async with acknowledged(endpoint) as socket, acknowledged(endpoint.as_(world.viewer.token)) as other:
            await AccessToken.filter(user=world.owner.user).update(revoked_at=world.owner.user.created_at)
            assert await close_code(socket) == 4403
            await send(other, subscribe("1", "{ me }"))
            assert (await messages(other, "complete"))[0]["payload"] == {"data": {"me": "Vera Viewer"}}

    async def test_when_it_asks(self, endpoint: Endpoint, world: TwoCompanies) -> None:
        async with acknowledged(endpoint) as socket:
            await User.filter(id=world.owner.user.id).update(disabled_at=world.owner.user.created_at)
            await send(socket, subscribe("1", "{ me }"))
            assert await close_code(socket) == 4403

    async def test_when_a_subscription_finds_out(self, endpoint: Endpoint, world: TwoCompanies) -> None:
        async with acknowledged(endpoint) as socket:
            await send(socket, subscribe("1", "subscription { whileValid }"))
            await messages(socket, "next")
            await User.filter(id=world.owner.user.id).update(role=UserRole.VIEWER)
            assert await close_code(socket) == 4403
