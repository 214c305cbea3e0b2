"""A WebSocket client that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import re
import struct
import time
from collections.abc import Callable
from typing import cast

import orjson

_VALUE = re.compile(rb'(?:"processed":|"tick )(\d+)')
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class SocketClient(asyncio.Protocol):
    """One subscriber: it notes when it got which value (the number behind `processed`, or behind `tick` in a name)."""

    def __init__(
        self, token: str, query: str, variables: dict[str, str], on_value: Callable[[int, float], None]
    ) -> None:
        self.first = asyncio.get_running_loop().create_future()
        self.value = -1
        self.events = 0
        self.is_open = True
        self.transport: asyncio.Transport
        self._subscribe = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
        self._token = token
        self._on_value = on_value
        self._buffer = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self.transport.write(
            b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if not self.first.done():
            self.first.set_exception(exc or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._upgraded = True
            self._send({"type": "connection_init", "payload": {"token": self._token}})
        while (frame := self._frame()) is not None:
            self._received(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 127, 2
        if length == 126 and len(buffer) >= 4:
            length, start = struct.unpack_from("!H", buffer, 2)[0], 4
        elif length == 127 and len(buffer) >= 10:
            length, start = struct.unpack_from("!Q", buffer, 2)[0], 10
        elif length >= 126:
            return None
        if len(buffer) < start + length:
            return None
        opcode, payload = buffer[0] & 15, bytes(buffer[start : start + length])
        del buffer[: start + length]
        return opcode, payload

    def _received(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self.transport.write(bytes((0x80 | _PONG, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif opcode == _CLOSE:
            self.transport.close()
        elif opcode == _TEXT and b'"next"' in payload[:40]:
            self._event(payload)
        elif opcode == _TEXT and b"connection_ack" in payload:
            self._send(self._subscribe)

    def _event(self, payload: bytes) -> None:
        self.events += 1
        found = _VALUE.search(payload)
        if found is not None:
            value, before = int(found[1]), self.value
            self.value = value
            # A hint that comes after the look that saw its change makes the same state come twice.
            if value != before:
                self._on_value(value, time.monotonic())
        if not self.first.done():
            self.first.set_result(None)

    def _send(self, message: object) -> None:
        # A masking key of zeros leaves the payload as it is.
        payload = orjson.dumps(message)
        head = (
            bytes((0x81, 0x80 | len(payload))) if len(payload) < 126 else struct.pack("!BBH", 0x81, 0xFE, len(payload))
        )
        self.transport.write(head + b"\0\0\0\0" + payload)
