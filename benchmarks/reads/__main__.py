"""`python -m benchmarks.reads`: start all servers, check that they agree, load them in turn, print the table."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import httpx
import orjson
import psutil
import typer
import uvloop

from benchmarks.reads import postgraphile_queries, queries
from benchmarks.reads.contenders import NODE, Contender, agreed, contenders, running
from benchmarks.reads.data import kept_world, running_database
from benchmarks.reads.load import Measured, measure, request_bytes
from benchmarks.report import Report
from models.database import connection_arguments
from supervisor.embedded_valkey import EmbeddedValkey

Results = dict[tuple[str, str, int], list[Measured]]


def main(
    sims: Annotated[int, typer.Option(help="SIMs in the data set; a tenth belongs to the one who asks.")] = 1_000_000,
    seconds: Annotated[float, typer.Option(help="How long each server is loaded at a time.")] = 10,
    rounds: Annotated[int, typer.Option(help="How often each is loaded; medians are shown.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where the data set is kept.")] = Path("var/bench-reads"),
) -> None:
    """Measure reads."""
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
            uvloop.run(_compare(url, valkey.url, folder, sims, seconds, rounds, report))
    finally:
        valkey.stop()


async def _compare(
    url: str, redis_url: str, folder: Path, sims: int, seconds: float, rounds: int, report: Report
) -> None:
    world = await kept_world(folder, url, redis_url, sims)
    owner = await asyncpg.connect(**connection_arguments(url))
    await owner.execute(postgraphile_queries.SEARCH_FUNCTION)
    await owner.close()
    asked = ("8937" + "500".rjust(15, "0"), "777")
    ours = queries.bodies(*asked)
    theirs = postgraphile_queries.bodies(world.company_id, *asked)
    servers = contenders(ours)
    with running(servers, url, redis_url, world.company_id, folder / "servers.log") as pids:
        requests: dict[tuple[str, str], bytes] = {}
        for server in servers:
            for name, body in (theirs if server.postgraphile else ours).items():
                if not server.only or name in server.only:
                    token = world.token if server.token else None
                    requests[server.name, name] = request_bytes("/graphql", "127.0.0.1", orjson.dumps(body), token)
        await _check(servers, ours, theirs, world.token, report)
        results: Results = {}
        for connections in (16, 1):
            for _ in range(rounds):
                for name in ours:
                    for server in servers:
                        if request := requests.get((server.name, name)):
                            taken = await measure("127.0.0.1", server.port, request, connections, seconds)
                            results.setdefault((server.name, name, connections), []).append(taken)
        _show(servers, list(ours), results, report)
        for server in servers:
            report.line(f"{server.name}: {psutil.Process(pids[server.name]).memory_info().rss / 2**20:.0f} MB")


async def _check(servers: list[Contender], ours: Any, theirs: Any, token: str, report: Report) -> None:
    """Every server answers every question alike, or the comparison ends here."""
    first: dict[str, Any] = {}
    async with httpx.AsyncClient(timeout=60) as client:
        for server in servers:
            for name, body in (theirs if server.postgraphile else ours).items():
                if server.only and name not in server.only:
                    continue
                answer = await _ask(client, server, body, token)
                found = agreed(answer)
                if first.setdefault(name, found) != found:
                    raise SystemExit(f"{server.name} answers {name} differently: see its log")
    report.line(f"{len(servers)} servers agree on {len(first)} questions.")


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


def _show(servers: list[Contender], names: list[str], results: Results, report: Report) -> None:
    for connections in (16, 1):
        report.line(f"\nRequests a second at {connections} connections, and milliseconds p50 / p99\n")
        report.line("| server | " + " | ".join(names) + " |")
        report.line("|---|" + "---|" * len(names))
        for server in servers:
            cells = [_cell(results.get((server.name, name, connections))) for name in names]
            report.line(f"| {server.name} | " + " | ".join(cells) + " |")
        for other in servers[1:]:
            ratios = [_ratio(results, servers[0].name, other.name, name, connections) for name in names]
            report.line(f"| NovaConnect : {other.name} | " + " | ".join(ratios) + " |")


def _cell(taken: list[Measured] | None) -> str:
    if not taken:
        return "-"
    middle = [statistics.median(value) for value in zip(*((m.per_second, m.p50, m.p99) for m in taken), strict=True)]
    return f"{middle[0]:,.0f} ({middle[1]:.1f} / {middle[2]:.1f})"


def _ratio(results: Results, ours: str, other: str, name: str, connections: int) -> str:
    pair = [results.get((server, name, connections)) for server in (ours, other)]
    if not pair[0] or not pair[1]:
        return "-"
    medians = [statistics.median(m.per_second for m in taken) for taken in (pair[0], pair[1])]
    return f"{medians[0] / medians[1]:.2f}"


if __name__ == "__main__":
    typer.run(main)
