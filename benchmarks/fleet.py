"""What a page and a search of the fleet cost through the whole API, beside the bare SQL of the same answer.

One company's 100,000 SIMs among 1,000,000; a page is 150 SIMs with profile, groups and locks. The API is the real one:
uvicorn, authentication, schema. Bare SQL is the same rows by asyncpg, without any GraphQL: the floor.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx

from benchmarks.report import Report
from benchmarks.world import SEARCH, BenchmarkWorld, benchmark_world
from models.database import fetch
from settings import Settings
from supervisor.embedded_valkey import EmbeddedValkey
from supervisor.ports import choose_port

_NODE = "id iccid msisdn name isLocked profile { code title } groups { name } locks { kind } createdAt"

QUERIES = {
    "page of 150": ("query { sims(first: 150) { edges { node { %s } } pageInfo { endCursor } } }", {}),
    "page of 150 with totalCount": (
        "query { sims(first: 150) { totalCount edges { node { %s } } pageInfo { endCursor } } }",
        {},
    ),
    "search, about 1,000 match": (
        "query ($f: SimFilter) { sims(first: 150, filter: $f) { totalCount edges { node { %s } } } }",
        {"f": {"search": SEARCH}},
    ),
    "one SIM by ICCID": ("query ($i: Iccid) { sim(iccid: $i) { %s } }", {"i": "8937" + "500".rjust(15, "0")}),
}
"""What is asked; `%s` is the selection of a SIM."""

_FLOOR = {
    "page of 150": (
        "SELECT id, iccid, msisdn, name, lock_mask, profile_id, created_at FROM sim WHERE company_id = $1"
        " ORDER BY created_at DESC, id DESC LIMIT 151",
        "",
    ),
    "page of 150 with totalCount": (
        "SELECT id, iccid, msisdn, name, lock_mask, profile_id, created_at, (SELECT count(*) FROM sim WHERE company_id = $1)"
        " FROM sim WHERE company_id = $1 ORDER BY created_at DESC, id DESC LIMIT 151",
        "",
    ),
    "search, about 1,000 match": (
        "SELECT id, iccid, msisdn, name, lock_mask, profile_id, created_at, count(*) OVER () FROM sim"
        " WHERE company_id = $1 AND search_text LIKE $2 ORDER BY created_at DESC, id DESC LIMIT 151",
        f"%{SEARCH}%",
    ),
    "one SIM by ICCID": (
        "SELECT id, iccid, msisdn, name, lock_mask, profile_id, created_at FROM sim WHERE company_id = $1 AND iccid = $2",
        "8937" + "500".rjust(15, "0"),
    ),
}


async def main(sims: int, report: Report) -> None:
    """Run and report."""
    with tempfile.TemporaryDirectory(prefix="nova-") as folder:
        Path(folder).chmod(0o755)
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        valkey.start()
        try:
            async with benchmark_world(Path(folder) / "db", sims, valkey.url) as (world, settings):
                await _measure(world, settings, report)
        finally:
            valkey.stop()


async def _measure(world: BenchmarkWorld, settings: Settings, report: Report) -> None:
    port = choose_port()
    api = _start_api(settings, port)
    try:
        headers = {"Authorization": f"Bearer {world.owner_token}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            await _until_ready(client)
            for name in QUERIES:
                floor = await _median(partial(_bare, world, name))
                ours = await _median(partial(_asked, client, name))
                ratio = f"{ours / floor:.1f} x"
                report.line(f"{name}: {ours * 1000:.1f} ms through the API, {floor * 1000:.1f} ms bare SQL ({ratio})")
    finally:
        api.send_signal(signal.SIGTERM)
        api.wait(10)


def _start_api(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "DATABASE_URL": settings.require_database(),
        "REDIS_URL": settings.require_redis(),
        "NOVACONNECT_ENVIRONMENT": "test",
        "NOVACONNECT_PLUGINS": str(settings.plugins_file),
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    return subprocess.Popen([sys.executable, "manage.py", "api"], env=environ, start_new_session=True)


async def _until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the API did not become ready")


async def _median(ask: Callable[[], Awaitable[None]], rounds: int = 41) -> float:
    for _ in range(5):
        await ask()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


async def _asked(client: httpx.AsyncClient, name: str) -> None:
    query, variables = QUERIES[name]
    answer = (await client.post("/graphql", json={"query": query % _NODE, "variables": variables})).json()
    if "errors" in answer:
        raise RuntimeError(f"{name}: {answer['errors']}")


async def _bare(world: BenchmarkWorld, name: str) -> None:
    assert world.owner.company_ids is not None
    sql, argument = _FLOOR[name]
    await fetch(sql, world.owner.company_ids[0], *([argument] if argument else []))
