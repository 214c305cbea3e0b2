"""The process of the subscribers as the benchmark sees it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson


class CrowdProcess:
    """Subscribers that are there and have their snapshots."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, line: str) -> None:
        """Have them do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self) -> bytes:
        """What they say next."""
        assert self._process.stdout is not None
        async with asyncio.timeout(120):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the subscribers are gone")
        return line

    async def results(self) -> dict[str, Any]:
        """Who got what when."""
        await self.say("results")
        results: dict[str, Any] = orjson.loads(await self.hear())
        return results


@asynccontextmanager
async def crowd(port: int, tokens: list[str], subscriptions: list[Any], slow: int = 0) -> AsyncIterator[CrowdProcess]:
    """One subscriber for each token, subscribed in turn to each of (document, variables)."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.live.clients"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=256 * 1024 * 1024,
        start_new_session=True,
    )
    try:
        there = CrowdProcess(process)
        plan = {"port": port, "tokens": tokens, "subscriptions": subscriptions, "slow": slow}
        await there.say(orjson.dumps(plan).decode())
        await there.hear()
        yield there
    finally:
        process.kill()
        await process.wait()
