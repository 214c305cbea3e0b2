"""The benchmark itself: a real API process, real changes, and subscribers each with a token of their own."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from access import digest_of, new_token
from benchmarks.api_process import api_process
from benchmarks.live.crowd import CrowdProcess, crowd
from benchmarks.report import Report
from benchmarks.world import BenchmarkWorld, benchmark_world
from domain.clock import clock
from eventstream import OperationChanged, SimsChanged, close_publisher, open_publisher, publish
from models import Operation
from models.database import execute, fetch
from schema.ids import global_id
from settings import Settings
from supervisor.embedded_valkey import EmbeddedValkey

SIMS = 10_000
"""SIMs of the world; the ten companies have a tenth each. What is watched does not depend on how many there are."""

CROWDS = (1_000, 5_000)
TICKS = 8
BURST = 20
"""Changes that follow each other so fast that they are one or two events."""

PROGRESS = "subscription ($id: ID!) { operationProgress(id: $id) { snapshot operation { state processed total } } }"
ONE_SIM = "subscription ($id: ID!) { simsChanged(ids: [$id]) { snapshot noLongerMatching sims { id name isLocked } } }"
FLEET = """subscription { simsChanged(filter: {}) { snapshot truncated noLongerMatching
  sims { id iccid name msisdn isLocked profile { code title } groups { name } } } }"""


class Stage:
    """What changes: one operation, and SIMs of one company."""

    def __init__(self, company_id: int, operation: Operation, sim_ids: list[int]) -> None:
        self.company_id = company_id
        self.operation = operation
        self.sim_ids = sim_ids

    async def change(self, value: int, sims: int = 1) -> float:
        """Let everything stand at a value; gives the moment at which it was told."""
        await execute("UPDATE operation SET succeeded = $2 WHERE id = $1", self.operation.id, value)
        await execute("UPDATE sim SET name = 'tick ' || $2 WHERE id = ANY($1)", self.sim_ids[:sims], str(value))
        told = time.monotonic()
        await publish(
            [
                OperationChanged(self.company_id, self.operation.id),
                SimsChanged(self.company_id, tuple(self.sim_ids[:sims])),
            ]
        )
        return told


async def main(sims: int, report: Report) -> None:
    """Run and report."""
    with tempfile.TemporaryDirectory(prefix="nova-") as folder:
        Path(folder).chmod(0o755)
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        valkey.start()
        try:
            async with benchmark_world(Path(folder) / "db", SIMS, valkey.url) as (world, settings):
                open_publisher(settings.require_redis())
                tokens, stage = await _tokens(world, max(CROWDS)), await _stage(world)
                for count in CROWDS:
                    await _crowds(settings, tokens[:count], stage, report)
                await _slow_readers(settings, tokens[:100], stage, report)
                await close_publisher()
        finally:
            valkey.stop()


async def _crowds(settings: Settings, tokens: list[str], stage: Stage, report: Report) -> None:
    async with api_process(settings) as (port, pid):
        idle = _memory(pid)
        began = time.monotonic()
        watched = [
            (PROGRESS, {"id": global_id("Operation", stage.operation.id)}),
            (ONE_SIM, {"id": global_id("Sim", stage.sim_ids[0])}),
        ]
        async with crowd(port, tokens, watched) as subscribers:
            report.line(f"{len(tokens)} subscribers: all have their snapshot after {time.monotonic() - began:.1f} s")
            before = _seconds(pid)
            await _ticks(subscribers, stage, 1, len(tokens), "one change", report)
            spent = (_seconds(pid) - before) / (TICKS * len(tokens))
            report.line(
                f"  processor time of the API: {spent * 1e6:.0f} microseconds for each delivery, everything included"
            )
            await _ticks(subscribers, stage, BURST, len(tokens), f"{BURST} changes in a row, the last", report)
            report.line(f"  memory of the API: {_memory(pid)} MB, {idle} MB before anybody came")


async def _ticks(subscribers: CrowdProcess, stage: Stage, burst: int, count: int, title: str, report: Report) -> None:
    told: dict[str, float] = {}
    base = 10_000_000 * (count // 1000) + 100_000 * burst  # no two crowds see the same value
    for tick in range(TICKS):
        for number in range(burst):
            value = base + tick * 1000 + number
            at = await stage.change(value)
        told[str(value)] = at
        await asyncio.sleep(1.5)
    arrivals = (await subscribers.results())["arrivals"]
    delays = sorted(at - told[value] for value in told for at in arrivals.get(value, ()))
    missing = count * len(told) - len(delays)
    p50, p99 = statistics.median(delays), delays[int(len(delays) * 0.99)]
    report.line(
        f"  {title}: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, slowest {delays[-1] * 1000:.0f} ms,"
        f" {len(delays)} deliveries, {missing} missing"
    )


async def _slow_readers(settings: Settings, tokens: list[str], stage: Stage, report: Report) -> None:
    """Half of the subscribers stop reading while 500 SIMs change over and over."""
    slow = len(tokens) // 2
    async with api_process(settings) as (port, pid), crowd(port, tokens, [(FLEET, {})], slow) as subscribers:
        before = _memory(pid)
        told: dict[str, float] = {}
        for tick in range(100):
            value = 90_000_000 + tick
            told[str(value)] = await stage.change(value, sims=500)
            await asyncio.sleep(0.25)
        during = _memory(pid)
        await subscribers.say("resume")
        await asyncio.sleep(5)
        results = await subscribers.results()
        delays = sorted(at - told[key] for key in told for at in results["arrivals"].get(key, ()))
        report.line(
            f"{slow} of {len(tokens)} subscribers read nothing while 500 SIMs change {len(told)} times:"
            f" the others p50 {statistics.median(delays) * 1000:.0f} ms, p99 {delays[int(len(delays) * 0.99)] * 1000:.0f} ms;"
            f" memory of the API {before} MB before, {during} MB then"
        )
        up_to_date = sum(each == value for each in results["slow_values"])
        report.line(
            f"  when they read again: {results['open']} of {len(tokens)} sockets open, {up_to_date} of {slow} slow ones have"
            f" the last state after {min(results['slow_events'])} to {max(results['slow_events'])} events"
        )


async def _tokens(world: BenchmarkWorld, count: int) -> list[str]:
    """As many users of one company and role, each with a token."""
    assert world.owner.company_ids is not None
    tokens = [new_token() for _ in range(count)]
    users = await fetch(
        "INSERT INTO user_account (company_id, email, name, role, created_at)"
        " SELECT $1, 'u' || n || '@example.com', 'User ' || n, 'OWNER', now() FROM generate_series(1, $2::int) n RETURNING id",
        *(world.owner.company_ids[0], count),
    )
    await execute(
        "INSERT INTO access_token (user_id, name, prefix, digest, created_at, expires_at)"
        " SELECT u, 'bench', 'nct_', d, now(), now() + interval '1 day' FROM unnest($1::bigint[], $2::text[]) AS t(u, d)",
        *([user["id"] for user in users], [digest_of(token) for token in tokens]),
    )
    return tokens


async def _stage(world: BenchmarkWorld) -> Stage:
    assert world.owner.company_ids is not None
    company_id = world.owner.company_ids[0]
    operation = await Operation.create(
        company_id=company_id,
        kind="LOCK",
        started_by_id=world.owner.user_id,
        idempotency_key="bench",
        request_digest="",
        state="RUNNING",
        total=100_000_000,
        queued=100_000_000,
        accepted_risks=[],
        created_at=clock.now(),
    )
    rows = await fetch(
        "SELECT id FROM sim WHERE company_id = $1 ORDER BY created_at DESC, id DESC LIMIT 500", company_id
    )
    return Stage(company_id, operation, [row["id"] for row in rows])


def _memory(pid: int) -> int:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/statm").read_text().split()
    return int(status[1]) * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
