"""HTTP/1.1 by uvicorn, save that an answer goes to the network in one piece."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class HttpProtocol(HttpToolsProtocol):
    """Head and body of an answer in one system call: one packet where it fits, and the client is woken once."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # The answer to HEAD has no body with which its head could go.
        if cycle.scope["method"] != "HEAD":
            cycle.transport = _HeadWithBody(cycle.transport)  # type: ignore[assignment]
        super()._start_asgi_task(cycle, app)


class _HeadWithBody:
    """What a request writes to instead of its connection.

    A head that announces a length waits for the beginning of the body, which comes in the next step of uvicorn. The head of a
    stream, whose first piece may come much later, does not wait.
    """

    __slots__ = ("_began", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._began = False
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.writelines((head, data))
        elif self._began or data.startswith(b"HTTP/1.1 100 "):
            self._transport.write(data)
        else:
            self._began = True
            if b"\r\ncontent-length: " in data:
                self._head = data
            else:
                self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        if self._head is not None:  # whoever answers failed between head and body
            head, self._head = self._head, None
            self._transport.write(head)
        self._transport.close()
