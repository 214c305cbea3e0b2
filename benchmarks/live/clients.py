"""`python -m benchmarks.live.clients`: thousands of subscribers in a process of their own, driven over stdin.

The first line is what to do (JSON); it prints `ready` when everybody has a snapshot, and after each further line what it
says: `resume` lets slow readers read again, `results` prints who got what when.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from collections import defaultdict
from typing import Any

import orjson
import uvloop

from benchmarks.live.socket_client import SocketClient

CONNECTING = 100
"""Sockets that are opened at a time."""


class Crowd:
    """All subscribers of the process."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.clients: dict[int, SocketClient] = {}
        self.arrivals: dict[int, list[float]] = defaultdict(list)
        self._gate = asyncio.Semaphore(CONNECTING)

    async def connect(self) -> None:
        """Open every socket and wait for its snapshot; the last `slow` of them then stop reading."""
        tokens = self.plan["tokens"]
        await asyncio.gather(*(self._connect(number, token) for number, token in enumerate(tokens)))

    def slow(self) -> list[SocketClient]:
        """Those that do not read."""
        quick = len(self.clients) - self.plan["slow"]
        return [client for number, client in self.clients.items() if number >= quick]

    async def _connect(self, number: int, token: str) -> None:
        document, variables = self.plan["subscriptions"][number % len(self.plan["subscriptions"])]
        is_slow = number >= len(self.plan["tokens"]) - self.plan["slow"]

        def note(value: int, at: float) -> None:
            if not is_slow:
                self.arrivals[value].append(at)

        async with self._gate:
            connection = socket.socket()
            connection.setblocking(False)
            if is_slow:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, ("127.0.0.1", self.plan["port"]))
            client = SocketClient(token, document, variables, note)
            self.clients[number] = client
            await loop.create_connection(lambda: client, sock=connection)
            await client.first


def _result(crowd: Crowd) -> dict[str, Any]:
    slow = crowd.slow()
    return {
        "arrivals": {str(value): times for value, times in crowd.arrivals.items()},
        "open": sum(client.is_open for client in crowd.clients.values()),
        "slow_events": [client.events for client in slow],
        "slow_values": [client.value for client in slow],
    }


async def _obey() -> None:
    lines = asyncio.StreamReader(limit=64 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    crowd = Crowd(orjson.loads(await lines.readline()))
    await crowd.connect()
    for client in crowd.slow():
        client.transport.pause_reading()
    print("ready", flush=True)
    while line := (await lines.readline()).strip():
        if line == b"resume":
            for client in crowd.slow():
                client.transport.resume_reading()
        elif line == b"results":
            print(orjson.dumps(_result(crowd)).decode(), flush=True)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(_obey())
