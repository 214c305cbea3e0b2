"""A load of one request over and over: connections kept open, each asking again as soon as it has its answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers a second, and how long they took in milliseconds."""

    per_second: float
    p50: float
    p99: float


def request_bytes(path: str, host: str, body: bytes, token: str | None) -> bytes:
    """The request as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
    ]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Client(asyncio.Protocol):
    """One connection. Only what is needed of HTTP: the status, and the body's length or its last chunk."""

    def __init__(self, request: bytes, until: float, done: asyncio.Future[None]) -> None:
        self.request = request
        self.until = until
        self.done = done
        self.durations: list[float] = []
        self.last = b""
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        header = bytes(self._received[:head]).lower()
        place = header.find(b"content-length:")
        if place >= 0:
            end = head + 4 + int(header[place + 15 :].split(b"\r\n", 1)[0])
            if len(self._received) < end:
                return
        elif not self._received.endswith(b"0\r\n\r\n"):
            return
        self._answered(header, head)

    def _answered(self, header: bytes, head: int) -> None:
        now = time.perf_counter()
        self.durations.append(now - self._asked)
        if not header.startswith(b"http/1.1 200"):
            self._end(RuntimeError(f"{header[:40]!r} {bytes(self._received[head : head + 300])!r}"))
            return
        self.last = bytes(self._received[head + 4 :])
        self._received.clear()
        if now < self.until:
            self._ask()
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        self.transport.close()
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed the connection"))


async def measure(host: str, port: int, request: bytes, connections: int, seconds: float) -> Measured:
    """Ask for so many seconds over so many connections; raises when any answer is not a 200."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = []
    for _ in range(connections):
        client = _Client(request, began + seconds, loop.create_future())
        clients.append(client)
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - began
    durations = sorted(duration for client in clients for duration in client.durations)
    count = len(durations)
    return Measured(count / took, durations[count // 2] * 1000, durations[min(count - 1, count * 99 // 100)] * 1000)
