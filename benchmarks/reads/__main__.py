"""`python -m benchmarks.reads`: start all servers, check that they agree, load them in turn, print and keep the tables."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import psutil
import typer
import uvloop

from benchmarks.reads.answers import difference, in_our_words
from benchmarks.reads.contenders import NODE, Contender, contenders, running
from benchmarks.reads.data import kept_world, running_database
from benchmarks.reads.load import measure
from benchmarks.reads.questions import FAR, FLOOR, ONE_AT_A_TIME, OURS, Questions, questions
from benchmarks.reads.result import Results, tables
from benchmarks.report import Report
from supervisor.embedded_valkey import EmbeddedValkey

WARM_UP = 0.5
"""Seconds that every server is asked every question before anything is measured."""


def main(
    sims: Annotated[int, typer.Option(help="SIMs in the data set; a tenth belongs to the one who asks.")] = 1_000_000,
    seconds: Annotated[
        float, typer.Option(help="How long a server with a goal is loaded at a time; others a fifth of it.")
    ] = 7,
    rounds: Annotated[int, typer.Option(help="How often each is loaded; medians are shown.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where the data set and the result are kept.")] = Path("var/bench-reads"),
) -> None:
    """Measure reads."""
    began = time.monotonic()
    report = Report(f"reads of {sims:,} SIMs")
    if not (NODE / "node_modules").is_dir():
        report.line("Without node, or before `npm ci` in benchmarks/reads/node: only the Python servers run.")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    valkey = EmbeddedValkey(folder / "valkey")
    valkey.start()
    try:
        with running_database(folder) as url:
            found = uvloop.run(_compare(url, valkey.url, folder, sims, seconds, rounds, report))
    finally:
        valkey.stop()
    text = f"{_circumstances(seconds, rounds)}\n\n{found}\n"
    (folder / "result.md").write_text(text)
    report.line(
        f"\n{text}\nThis is kept in {folder / 'result.md'}. It took {(time.monotonic() - began) / 60:.1f} minutes."
    )


def _circumstances(seconds: float, rounds: int) -> str:
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with `--seconds {seconds:g} --rounds {rounds}`. Machine:"
        f" {os.cpu_count()} cores, {platform.machine()}, shared by PostgreSQL, server and clients; Python"
        f" {platform.python_version()}; load average at the end {os.getloadavg()[0]:.1f}."
    )


async def _compare(
    url: str, redis_url: str, folder: Path, sims: int, seconds: float, rounds: int, report: Report
) -> str:
    report.line(f"{_clock()} data set: made in about two minutes if it is not there")
    kept, token = await kept_world(folder, url, redis_url, sims)
    asked = await questions(url, kept.company_id, token)
    servers = contenders()
    names = [name for name in asked.ours if name != FAR]
    with running(servers, url, redis_url, kept.company_id, folder / "servers.log") as pids:
        await _check(servers, asked, report)
        results: Results = {}
        await _load(servers, names, asked, WARM_UP, 16, {})
        for at in range(rounds):
            report.line(f"{_clock()} round {at + 1} of {rounds}, load average {os.getloadavg()[0]:.1f}")
            await _load(servers, names, asked, seconds, 16, results)
            pair = [server for server in servers if server.name in (OURS, FLOOR)]
            await _load(pair, list(ONE_AT_A_TIME), asked, seconds / 2, 1, results)
        memory = {server.name: psutil.Process(pids[server.name]).memory_info().rss / 2**20 for server in servers}
    return tables(results, names, [server.name for server in servers], memory)


def _clock() -> str:
    return f"{datetime.now(UTC):%H:%M:%S}"


async def _load(
    servers: list[Contender], names: list[str], asked: Questions, seconds: float, connections: int, results: Results
) -> None:
    """Every question once to every server, one server after the other."""
    for name in names:
        for server in servers:
            if request := asked.request(server, name):
                long = seconds if server.has_goal or seconds < 1 else seconds / 5
                taken = await measure("127.0.0.1", server.port, request, connections, long)
                results.setdefault((server.name, name, connections), []).append(taken)


async def _check(servers: list[Contender], asked: Questions, report: Report) -> None:
    """Every server answers every question with the same whole answer, or the comparison ends here."""
    first: dict[str, Any] = {}
    async with httpx.AsyncClient(timeout=60) as client:
        for server in servers:
            for name in asked.ours:
                body = asked.body(server, name)
                if body is None:
                    continue
                answer = await _ask(client, server, body, asked.token)
                ours = first.setdefault(name, answer)
                said = in_our_words(answer, ours) if server.postgraphile else answer
                if where := difference(ours, said):
                    raise SystemExit(f"{server.name} answers {name} differently: {where}")
    found = first["search"]["sims"]["totalCount"]
    report.line(f"{len(servers)} servers give {len(first)} equal answers; the search finds {found:,} SIMs.")


async def _ask(client: httpx.AsyncClient, server: Contender, body: Any, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if server.token else {}
    for attempt in range(120):
        try:
            response = await client.post(f"http://127.0.0.1:{server.port}/graphql", json=body, headers=headers)
        except httpx.TransportError:
            if attempt == 119:
                raise
            await asyncio.sleep(0.5)
            continue
        answer = response.json()
        if response.status_code != 200 or "errors" in answer:
            raise SystemExit(f"{server.name} refuses: {response.text[:500]}")
        return answer["data"]
    raise SystemExit(f"{server.name} does not start")


if __name__ == "__main__":
    typer.run(main)
