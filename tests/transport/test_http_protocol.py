"""Answers over HTTP: in one piece where they are one, at once where they are streams, whole in every case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from settings import Settings
from tests.transport.serving import Endpoint, serving
from transport.http_protocol import cycle_of
from transport.serving import server_options

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: Any, receive: Any, send: Send) -> None:
    """Answers with "hello" in the way that the path names."""
    await receive()
    start = {"type": "http.response.start", "status": 200, "headers": HEADERS}
    path = scope["path"]
    if path == "/whole":
        cycle = cycle_of(send)  # type: ignore[arg-type]
        if cycle is not None and cycle.answer(b"content-type: text/plain\r\ncontent-length: 5\r\n", b"hello"):
            return
    if path == "/slow":
        await asyncio.sleep(0.5)
    if path == "/stream":
        await send({**start, "headers": HEADERS[:1]})
        await receive()  # until the client is gone
        return
    await send(start)
    if path == "/broken":
        raise RuntimeError("between head and body")
    if path == "/pieces":
        await send({"type": "http.response.body", "body": b"hel", "more_body": True})
        await send({"type": "http.response.body", "body": b"lo"})
    else:
        await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(scope="module")
async def endpoint() -> AsyncIterator[Endpoint]:
    """The application, served as the API is."""
    async with serving(app) as served:
        yield served


def request(path: str, method: str = "GET", more: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which nobody waits for ever."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(30):
            yield reader, writer
    finally:
        writer.close()


@pytest.mark.parametrize("path", ["/whole", "/plain"])
async def test_an_answer_comes_in_one_piece(endpoint: Endpoint, path: str) -> None:
    """Given an answer of known length, when it is asked for again and again, then each time the first piece is all of it."""
    async with connected(endpoint.port) as (reader, writer):
        for _ in range(20):
            writer.write(request(path))
            head, _, body = (await reader.read(65_536)).partition(b"\r\n\r\n")
            assert body == b"hello"
            lines = head.split(b"\r\n")
            assert lines[0] == b"HTTP/1.1 200 OK"
            assert {line.split(b":")[0] for line in lines[1:]} == {b"date", b"content-type", b"content-length"}


async def test_the_head_of_a_stream_does_not_wait(endpoint: Endpoint) -> None:
    """Given a stream that has nothing to tell yet, when it is asked for, then its head is there."""
    assert b"transfer-encoding: chunked" in await endpoint.raw(request("/stream"))


@pytest.mark.parametrize("path", ["/whole", "/plain"])
async def test_the_answer_to_head_has_no_body(endpoint: Endpoint, path: str) -> None:
    """Given HEAD, when the next request follows on the connection, then its answer follows right behind the head."""
    async with connected(endpoint.port) as (reader, writer):
        writer.write(request(path, "HEAD"))
        assert b"content-length: 5" in await reader.readuntil(b"\r\n\r\n")
        writer.write(request(path))
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("path", ["/whole", "/plain", "/pieces", "/slow"])
async def test_requests_sent_together_are_answered_in_turn(endpoint: Endpoint, path: str) -> None:
    """Given two requests in one write, when the second asks to close, then both are answered and the connection ends."""
    async with connected(endpoint.port) as (reader, writer):
        writer.write(request(path) + request(path, more="Connection: close\r\n"))
        answers = await reader.read()
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.count(b"hello") == 2
    assert answers.count(b"connection: close") == 1


async def test_continue_comes_before_the_answer(endpoint: Endpoint) -> None:
    """Given a client that waits to be asked for its body, when it is, then the answer follows the body."""
    async with connected(endpoint.port) as (reader, writer):
        writer.write(request("/whole", "POST", "Expect: 100-continue\r\nContent-Length: 2\r\n"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK")


async def test_an_answer_that_breaks_off_ends_the_connection(endpoint: Endpoint) -> None:
    """Given an application that fails behind the head, when it is asked, then nobody waits for the body."""
    async with connected(endpoint.port) as (reader, writer):
        writer.write(request("/broken"))
        assert (await reader.read()).endswith(b"content-length: 5\r\n\r\n")


async def test_an_idle_connection_is_closed_and_a_busy_one_is_not() -> None:
    """Given a connection that may be idle for a moment, when an answer takes longer, then it comes; then the server hangs up."""
    options = server_options(Settings()) | {"timeout_keep_alive": 0.2, "port": 0, "host": "127.0.0.1"}
    server = uvicorn.Server(uvicorn.Config(app, **options, lifespan="off"))
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        async with connected(server.servers[0].sockets[0].getsockname()[1]) as (reader, writer):
            for path in ("/plain", "/slow", "/whole", "/slow"):
                writer.write(request(path))
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK")
            assert await reader.read() == b""
    finally:
        server.should_exit = True
        await running
