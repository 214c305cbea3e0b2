"""How many session records a second are imported: a month of a fleet, copied, upserted by key, summed by day."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.report import Report
from benchmarks.world import benchmark_world
from models.database import fetch_value
from novaconnect_sdk import Plmn, SessionRecord
from services.inventory.store_records import BATCH, store_session_records

RECORDS = 1_000_000
FLEET = 100_000


async def main(sims: int, report: Report) -> None:
    """Import a million new records, then the same again (nothing to do), then a tenth of them corrected."""
    with tempfile.TemporaryDirectory(prefix="nova-records-", ignore_cleanup_errors=True) as folder:
        async with benchmark_world(Path(folder), min(sims, FLEET), "redis://127.0.0.1:1") as (world, _):
            profile_id = await fetch_value("SELECT id FROM profile WHERE code = 'TC'")
            await _import(report, "new", profile_id, world.sims, grown=0)
            await _import(report, "read again, unchanged", profile_id, world.sims, grown=0)
            await _import(report, "corrected", profile_id, world.sims, grown=100, records=RECORDS // 10)
            stored = await fetch_value("SELECT count(*) FROM data_session")
            summed = await fetch_value("SELECT sum(sessions) FROM usage_daily")
            report.line(f"stored {stored:,} records, {summed:,} in the daily sums")


async def _import(
    report: Report, title: str, profile_id: int, sims: int, *, grown: int, records: int = RECORDS
) -> None:
    seconds = 0.0
    for batch in _batches(sims, grown, records):
        begin = time.perf_counter()
        await store_session_records(profile_id, batch)
        seconds += time.perf_counter() - begin
    report.line(f"{title}: {records:,} records in {seconds:.1f} s = {records / seconds:,.0f} records/s")


def _batches(sims: int, grown: int, records: int) -> Iterator[list[SessionRecord]]:
    """Records of the TC SIMs of the world (those whose tens digit is even), spread over the last thirty days."""
    fleet = [number for number in range(1, sims + 1) if (number // 10) % 2 == 0]
    newest = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for first in range(0, records, BATCH):
        yield [_record(fleet[at % len(fleet)], at, newest, grown) for at in range(first, min(first + BATCH, records))]


def _record(sim: int, at: int, newest: datetime, grown: int) -> SessionRecord:
    # A golden step through the month: the records of a batch lie in all of it, as late ones do.
    started = newest - timedelta(seconds=at * 1_601_803 % 2_592_000)
    return SessionRecord(
        key=f"{at:016x}",
        sim_key=f"ref-{sim}",
        started_at=started,
        ended_at=started + timedelta(minutes=5),
        total_bytes=10_000 + at % 90_000 + grown,
        operator="K-Cell Kazakhstan",
        country="Kazakhstan",
        plmn=Plmn("40101"),
        cost=Decimal("0.0005"),
        currency="EUR",
    )
