"""`python -m benchmarks.hostile`: how long each hostile document keeps the server, alone and among ordinary queries."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from benchmarks.api_process import api_process
from benchmarks.hostile.queries import HOSTILE
from models.database import close_database, open_database
from models.migrate import migrate
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres
from supervisor.embedded_valkey import EmbeddedValkey
from tests.worlds import two_companies

PAGE = {"query": "{ sims(first: 50) { nodes { iccid name isLocked profile { code } } } }"}
TIMES = 20
REFUSED_WITHIN = 0.1


async def main() -> None:
    """Measure and print a table; the last line says whether all was refused in time."""
    folder = Path(tempfile.mkdtemp(prefix="nova-"))
    postgres, valkey = EmbeddedPostgres(folder / "pg", durable=False), EmbeddedValkey(folder / "valkey")
    postgres.start()
    valkey.start()
    try:
        await migrate(postgres.url())
        await open_database(postgres.url(), as_application=False)
        token = (await two_companies()).owner.token
        await close_database()
        settings = Settings(database_url=postgres.url(), redis_url=valkey.url, environment="test")
        async with api_process(settings) as (port, pid):
            await _measure(f"http://127.0.0.1:{port}/graphql", token, psutil.Process(pid))
    finally:
        valkey.stop()
        postgres.stop()


async def _measure(url: str, token: str, server: psutil.Process) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as client:
        for _ in range(50):
            (await client.post(url, json=PAGE)).raise_for_status()
        alone = sorted([await _timed(client, url, PAGE) for _ in range(300)])
        worst = 0.0
        for name, query in HOSTILE.items():
            before = _busy(server)
            took = [await _timed(client, url, {"query": query}, refused=True) for _ in range(TIMES)]
            busy = (_busy(server) - before) / TIMES
            worst = max(worst, *took)
            times = f"processor {_ms(busy)}   median {_ms(statistics.median(took))}   longest {_ms(max(took))}"
            print(f"{name:32} {len(query):>8,} characters   {times}")
        beside = sorted(await _beside(client, url))
    print(
        f"ordinary page, alone:            median {_ms(alone[len(alone) // 2])}   p99 {_ms(alone[int(len(alone) * 0.99)])}"
    )
    print(
        f"ordinary page, beside them all:  median {_ms(beside[len(beside) // 2])}   p99 {_ms(beside[int(len(beside) * 0.99)])}"
    )
    print(f"load average {os.getloadavg()[0]:.1f}")
    print("all refused in time" if worst < REFUSED_WITHIN else f"NOT in time: {_ms(worst)}")


def _busy(server: psutil.Process) -> float:
    """Seconds of processor time that the API has taken."""
    times = server.cpu_times()
    return float(times.user + times.system)


async def _beside(client: httpx.AsyncClient, url: str) -> list[float]:
    """Pages asked one after another while every hostile document comes once a tenth of a second."""
    over = asyncio.Event()

    async def attack() -> None:
        while not over.is_set():
            for query in HOSTILE.values():
                await _timed(client, url, {"query": query}, refused=True)
                await asyncio.sleep(0.1)

    attacking = asyncio.create_task(attack())
    found = []
    ends = time.monotonic() + 8
    while time.monotonic() < ends:
        found.append(await _timed(client, url, PAGE))
        await asyncio.sleep(0.01)
    over.set()
    await attacking
    return found


async def _timed(client: httpx.AsyncClient, url: str, body: dict[str, str], *, refused: bool = False) -> float:
    began = time.perf_counter()
    answer = await client.post(url, json=body)
    took = time.perf_counter() - began
    if ("data" in answer.json()) is refused:
        raise SystemExit(f"unexpected answer: {answer.text[:300]}")
    return took


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:7.1f} ms"


if __name__ == "__main__":
    asyncio.run(main())
