"""The nightly synchronisation of 100,000 SIMs within the documented limits of the Jasper face, in virtual time.

The real simulator answers the real driver over HTTP. Before every call the clock goes on by what the operator's budget asks
for (5 calls/s and our margin of a twentieth), instead of waiting: what the clock shows at the end is what the night lasts.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.report import Report
from domain.clock import clock
from drivers.registry import LoadedRegistry
from eventstream import close_publisher, open_publisher
from models.database import close_database, execute, fetch_row, fetch_value, open_database
from models.migrate import migrate
from models.tenancy import process_acts_as_system
from services.catalogue.publish_profiles import publish_profiles
from services.inventory.store_inventory import ensure_stock
from services.inventory.sync_runs import SyncKind, SyncRun, begin
from services.inventory.synchronise_inventory import read_inventory
from services.inventory.synchronise_records import read_records_by_sim
from services.process.runtime import load_drivers
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres
from supervisor.embedded_valkey import EmbeddedValkey
from tests.simulator.running import Simulator, simulator

FLEET = 100_000
CALL = timedelta(seconds=1.05 / 5)
SAMPLE = 2_000
"""SIMs whose records of a day are read: so alike that the rest is arithmetic."""

CHANGED = 1_000
_PLUGINS = Path("plugins.toml")


class CountedCalls:
    """A gate that lets every call go at once and moves the clock by what it would have waited."""

    def __init__(self) -> None:
        self.calls = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        self.calls += 1
        clock.shift_to(clock.offset + CALL)
        yield


async def main(sims: int, report: Report) -> None:
    """A full inventory, records of a sample, and an incremental night after a thousand changes."""
    fleet = min(sims, FLEET)
    with (
        tempfile.TemporaryDirectory(prefix="nova-sync-", ignore_cleanup_errors=True) as folder,
        simulator("--sims", str(2 * fleet), "--lively", "0", "--raised-limits") as operator,
    ):
        async with _world(Path(folder), operator) as loaded:
            calls = CountedCalls()
            loaded.gates["TD"].gate = calls
            await _full(report, loaded, calls, fleet)
            await _records(report, loaded, calls, fleet)
            await _incremental(report, loaded, calls, operator)


@asynccontextmanager
async def _world(folder: Path, operator: Simulator) -> AsyncIterator[LoadedRegistry]:
    address = str(operator.http.base_url).rstrip("/")
    os.environ |= {"TSIM_BASE_URL": address, "JASPER_BASE_URL": address, "TSIM_PASSWORD": "demo-tsim"}
    os.environ |= {"JASPER_API_KEY": "demo-jasper", "JASPER_LICENSE_KEY": "demo-license"}
    postgres, valkey = EmbeddedPostgres(folder / "pg"), EmbeddedValkey(folder / "valkey")
    postgres.start()
    valkey.start()
    try:
        await migrate(postgres.url())
        process_acts_as_system()
        await open_database(postgres.url(), pool_size=4)
        open_publisher(valkey.url)
        settings = Settings(
            database_url=postgres.url(), redis_url=valkey.url, environment="test", plugins_file=_PLUGINS.resolve()
        )
        loaded = await load_drivers(settings)
        await publish_profiles(loaded.registry)
        await ensure_stock()
        yield loaded
        await loaded.registry.close()
        await close_publisher()
        await close_database()
    finally:
        valkey.stop()
        postgres.stop()


async def _full(report: Report, loaded: LoadedRegistry, calls: CountedCalls, fleet: int) -> None:
    run = await begin(await _profile())
    await _inventory(report, f"full inventory of {fleet:,} SIMs", loaded, calls, run)


async def _incremental(report: Report, loaded: LoadedRegistry, calls: CountedCalls, operator: Simulator) -> None:
    behind = clock.now() - datetime.fromisoformat(operator.admin("clock")["now"])
    operator.advance(behind.total_seconds() + 1)
    since = clock.now() - timedelta(minutes=1)
    for sim in operator.sims(profile="TD")[:CHANGED]:
        operator.rest(f"devices/{sim['iccid']}", "PUT", json={"status": "DEACTIVATED"})
    run = await begin(await _profile())
    run.kind, run.changed_since = SyncKind.INCREMENTAL, since
    await _inventory(report, f"incremental inventory after {CHANGED:,} changes", loaded, calls, run)


async def _inventory(report: Report, title: str, loaded: LoadedRegistry, calls: CountedCalls, run: SyncRun) -> None:
    driver: Any = loaded.registry.driver("TD")
    first, virtual, real = calls.calls, clock.now(), time.perf_counter()
    async for _ in read_inventory("TD", driver, run):
        pass
    _tell(report, title, calls.calls - first, clock.now() - virtual, time.perf_counter() - real)
    row = await fetch_row("SELECT seen, complete FROM sync_run ORDER BY id DESC LIMIT 1")
    assert row is not None
    report.line(f"  {row['seen']:,} SIMs seen, complete: {row['complete']}")


async def _records(report: Report, loaded: LoadedRegistry, calls: CountedCalls, fleet: int) -> None:
    driver: Any = loaded.registry.driver("TD")
    run = await begin(await _profile())
    sample = min(SAMPLE, fleet)
    await execute("UPDATE sim SET records_as_of = $1, observed_status = 'ACTIVE'", clock.now())
    await execute(
        "UPDATE sim SET records_as_of = $1 WHERE id IN (SELECT id FROM sim ORDER BY id LIMIT $2)",
        clock.now() - timedelta(days=1),
        sample,
    )
    first, virtual, real = calls.calls, clock.now(), time.perf_counter()
    await read_records_by_sim("TD", driver, run, clock.now() + timedelta(hours=7), 1e9)
    asked = calls.calls - first
    _tell(report, f"records of {sample:,} SIMs", asked, clock.now() - virtual, time.perf_counter() - real)
    whole = CALL * (asked / sample * fleet)
    report.line(f"  {asked / sample:.2f} calls a SIM; {fleet:,} SIMs: {whole.total_seconds() / 3600:.2f} h")


def _tell(report: Report, title: str, calls: int, lasted: timedelta, real: float) -> None:
    budget = (CALL * calls).total_seconds()
    report.line(
        f"{title}: {calls:,} calls = {budget:,.0f} s of budget; clock {lasted.total_seconds():,.0f} s, ours {real:.1f} s"
    )


async def _profile() -> int:
    found: int = await fetch_value("SELECT id FROM profile WHERE code = 'TD'")
    return found
