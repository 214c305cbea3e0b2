"""A real server on a real port for as long as a test needs it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
import websockets
from starlette.types import ASGIApp

from settings import Settings
from transport.serving import server_options

PROTOCOL = "graphql-transport-ws"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to pytest."""
        yield


@dataclass(frozen=True)
class Endpoint:
    """A running server and the token that its requests carry unless they say otherwise."""

    port: int
    token: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def as_(self, token: str | None) -> Endpoint:
        """The same server, asked by somebody else."""
        return Endpoint(self.port, token)

    async def post(self, body: Any = None, *, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """POST to /graphql: `body` as JSON, or `content=` as it is."""
        if body is not None:
            options["json"] = body
        sent = {"Content-Type": "application/json"} | self.headers | (headers or {})
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return await client.post(f"{self.url}/graphql", headers=sent, **options)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return await client.get(f"{self.url}{path}", headers=headers)

    def connect(self, **options: Any) -> Any:
        """A WebSocket to /graphql that has said nothing yet."""
        options = {"subprotocols": [PROTOCOL], "proxy": None} | options
        return websockets.connect(f"ws://127.0.0.1:{self.port}/graphql", **options)

    async def raw(self, request: bytes, until: bytes = b"\r\n\r\n") -> bytes:
        """Send bytes, keep the connection open, and read what comes up to `until`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            async with asyncio.timeout(30):
                return await reader.readuntil(until)
        finally:
            writer.close()

    async def hang_up_after(self, request: bytes) -> None:
        """Send bytes and be gone."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, lifespan: str = "off", settings: Settings | None = None) -> AsyncIterator[Endpoint]:
    """Serve the application as `manage.py api` does, on a free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, **server_options(settings or Settings()), lifespan=lifespan, ws="auto"))  # type: ignore[arg-type]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if running.done():
                running.result()
                raise RuntimeError("the server ended before it began")
            await asyncio.sleep(0.01)
        yield Endpoint(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await running
        listener.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


async def messages(socket: Any, *types: str) -> list[dict[str, Any]]:
    """Messages from a socket up to and with the first of one of these types."""
    import orjson

    received: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while not received or received[-1]["type"] not in types:
            received.append(orjson.loads(await socket.recv()))
    return received


async def close_code(socket: Any) -> int:
    """Read to the end of a socket, and give the code with which the server closed it."""
    async with asyncio.timeout(30):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
    return int(socket.close_code)
