"""A tiny operator on a real socket that answers what a test tells it to, for answers the simulator never gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class ScriptedOperator:
    """Answers with `reply(request)`: the status line's code, extra headers and the body."""

    reply: Callable[[Seen], tuple[int, dict[str, str], bytes]]
    address: str = ""
    seen: list[Seen] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request_line, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.seen.append(Seen(request_line.split(" ")[1], headers, body))
            status, extra, answer = self.reply(self.seen[-1])
            extra = {"Content-Length": str(len(answer)), "Connection": "close", **extra}
            writer.write(f"HTTP/1.1 {status} Scripted\r\n".encode())
            writer.write("".join(f"{name}: {value}\r\n" for name, value in extra.items()).encode() + b"\r\n" + answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted_operator(
    reply: Callable[[Seen], tuple[int, dict[str, str], bytes]] | bytes,
) -> AsyncIterator[ScriptedOperator]:
    """An operator that answers so until the end of the block; bytes are an answer with HTTP 200."""
    operator = ScriptedOperator((lambda seen: (200, {}, reply)) if isinstance(reply, bytes) else reply)
    server = await asyncio.start_server(operator.serve, "127.0.0.1", 0)
    operator.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield operator
