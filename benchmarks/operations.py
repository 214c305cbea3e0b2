"""How fast an operation of 100,000 SIMs is accepted and drained by one worker process, against an instant driver.

Beside our figures stand two floors of the same run: inserting as many bare rows, and updating them one by one in
transactions of as many as the engine writes at once.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

from benchmarks.report import Report
from benchmarks.world import BenchmarkWorld, benchmark_world
from domain.changes import Change
from domain.operations import OperationKind
from domain.sim_filter import Selection, SimFilter
from models.database import execute, fetch_row, fetch_value
from services.execution.hints import open_hints
from services.operations.accept_operation import accept_operation
from settings import Settings
from supervisor.embedded_valkey import EmbeddedValkey


async def main(sims: int, report: Report) -> None:
    """Run and report."""
    with tempfile.TemporaryDirectory(prefix="nova-") as folder:
        Path(folder).chmod(0o755)
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        valkey.start()
        try:
            async with benchmark_world(Path(folder) / "db", sims, valkey.url) as (world, settings):
                open_hints(settings.broker_url)
                floor = await _floor_of_inserts()
                operation_id = await _accept(world, report, floor)
                await _drain(settings, operation_id, report)
        finally:
            valkey.stop()


async def _floor_of_inserts() -> float:
    await execute("CREATE TEMP TABLE bare (id bigint, state text)")
    began = time.perf_counter()
    await execute("INSERT INTO bare SELECT n, 'QUEUED' FROM generate_series(1, 100000) n")
    return time.perf_counter() - began


async def _accept(world: BenchmarkWorld, report: Report, floor: float) -> int:
    seconds = []
    for kind in (OperationKind.UNLOCK, OperationKind.CANCEL_LOCATION, OperationKind.LOCK):
        began = time.perf_counter()
        operation_id = await accept_operation(
            world.owner,
            Change(kind),
            Selection(filter=SimFilter()),
            idempotency_key=f"bench-{kind}",
            accept_risks=frozenset(),
        )
        seconds.append(time.perf_counter() - began)
    total = await fetch_value("SELECT total FROM operation WHERE id = $1", operation_id)
    report.line(
        f"accept {total} SIMs: {seconds[-1]:.2f} s (all refused: {min(seconds):.2f} s), bare rows {floor:.2f} s"
    )
    return operation_id


async def _drain(settings: Settings, operation_id: int, report: Report) -> None:
    environ = os.environ | {
        "DATABASE_URL": settings.require_database(),
        "REDIS_URL": settings.require_redis(),
        "NOVACONNECT_ENVIRONMENT": "test",
        "NOVACONNECT_PLUGINS": str(settings.plugins_file),
        "CLOCK": "system",
    }
    children = [
        subprocess.Popen([sys.executable, "manage.py", name], env=environ, start_new_session=True)
        for name in ("worker", "scheduler")
    ]
    try:
        began, before = await _first_call(operation_id)
        while (row := await _counters(operation_id))["state"] not in ("DONE", "CANCELLED"):
            await asyncio.sleep(0.1)
        seconds = time.perf_counter() - began
        done = row["succeeded"] - before
        report.line(
            f"drain {row['succeeded']} SIMs with one worker process: {seconds:.1f} s, {done / seconds:.0f} items/s"
        )
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            child.wait(15)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        report.line(f"largest child process: {peak:.0f} MB")


async def _first_call(operation_id: int) -> tuple[float, int]:
    while (row := await _counters(operation_id))["succeeded"] == 0:
        await asyncio.sleep(0.02)
    return time.perf_counter(), row["succeeded"]


async def _counters(operation_id: int) -> asyncpg.Record:
    row = await fetch_row("SELECT state, succeeded FROM operation WHERE id = $1", operation_id)
    assert row is not None
    return row
