"""HTTP/1.1 by uvicorn, save that an answer goes to the network in one piece, and that idle connections share their timers.

One system call instead of two: one packet where it fits, and the client is woken once.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with another `Cycle`, and with a timer for keeping alive that is not set anew at every answer."""

    _answered_at: float | None = None
    """When the last answer was complete; None while a request is under way."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.__class__ = Cycle
        super()._start_asgi_task(cycle, app)

    def _unset_keepalive_if_required(self) -> None:
        """Something came, or the connection is lost."""
        self._answered_at = None
        if self.timeout_keep_alive_task is not None and self.transport.is_closing():
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def on_response_complete(self) -> None:
        """The next request of the connection may begin, or has a few seconds to come."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def _look_again(self, after: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(after, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection when it has been idle for as long as it may be; else look again when it could be."""
        self.timeout_keep_alive_task = None
        if self._answered_at is None:
            return  # the end of the answer sets the timer
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again(left)
        else:
            super().timeout_keep_alive_handler()


def cycle_of(send: Send) -> Cycle | None:
    """What stands behind an ASGI `send`; None if it is another server's, or if somebody in between may want to add something."""
    cycle = getattr(send, "__self__", None)
    return cycle if isinstance(cycle, Cycle) else None


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    def answer(self, headers: bytes, body: bytes) -> bool:
        """Send a whole answer of status 200; `headers` as they are written, each with its line end.

        False, and nothing is sent, where an answer is more than that: then the messages of ASGI do it.
        """
        if (
            self.response_started
            or self.disconnected
            or self.access_log
            or not self.keep_alive
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        ours = b"".join([b"%b: %b\r\n" % header for header in self.default_headers])
        self.transport.writelines((b"HTTP/1.1 200 OK\r\n%b%b\r\n" % (ours, headers), body))
        self.message_event.set()
        self.on_response()
        return True

    async def send(self, message: Any) -> None:
        """One message of ASGI."""
        # The answer to HEAD has no body with which its head could go.
        if not self.response_started and self.scope["method"] != "HEAD":
            self.transport = _HeadWithBody(self.transport)  # type: ignore[assignment]
        await super().send(message)


class _HeadWithBody:
    """What an answer is written to instead of its connection.

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
        elif self._began:
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
