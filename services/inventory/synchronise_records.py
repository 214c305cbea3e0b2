"""Reading usage records from an operator: all of them in one listing, or SIM by SIM where the operator has no listing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import asyncpg

from domain.clock import clock
from domain.sync_window import pause_between_calls
from models.database import execute, fetch, fetch_value
from novaconnect_sdk import SessionRecord, SimRef, SimUnknown, Unsupported, UsageRecords
from services.execution.item_results import sim_ref
from services.inventory.store_calls import store_call_records
from services.inventory.store_inventory import close_unseen_sessions, store_sessions
from services.inventory.store_records import StoredRecords, store_session_records
from services.inventory.sync_runs import SyncKind, SyncRun, note_records

SESSIONS_LOOKED_BACK = timedelta(hours=48)
"""Records of so long before the last reading are read again: a day to know who is live, another for late records."""

FIRST_LOOK_BACK = timedelta(days=31)
"""How far the first reading goes back."""

LIVELY = timedelta(days=7)
"""A SIM without a session for so long is read only in the weekly full run."""

_BATCH = 50

_SINCE = """
SELECT max(started_at) FROM sync_run WHERE profile_id = $1 AND id <> $2 AND finished_at IS NOT NULL AND error IS NULL
  AND phase = 'RECORDS' AND records > 0
"""

_DUE = f"""
FROM sim s WHERE s.profile_id = $1 AND s.left_operator_at IS NULL AND s.observed_status NOT IN ('INVENTORY', 'RETIRED')
  AND (s.records_as_of IS NULL OR s.records_as_of < $2)
  AND ($3 OR s.session_active OR s.session_ended_at > $2::timestamptz - interval '{LIVELY.days} days'
       OR s.records_as_of IS NULL OR s.records_as_of < $2::timestamptz - interval '{LIVELY.days} days')
"""

_NEXT = f"""
SELECT s.id, s.iccid, s.imsi, s.msisdn, s.operator_ref, s.records_as_of {_DUE}
ORDER BY s.session_active DESC NULLS LAST, s.records_as_of NULLS FIRST, s.id LIMIT {_BATCH}
"""


async def read_fleet_records(profile_code: str, driver: UsageRecords, run: SyncRun) -> None:
    """Read the records of the whole fleet in one listing; raises `DriverError`."""
    as_of = clock.now()
    last = await fetch_value(_SINCE, run.profile_id, run.id)
    start = as_of - FIRST_LOOK_BACK if last is None else min(last, as_of) - SESSIONS_LOOKED_BACK
    cursor: str | None = None
    while True:
        page = await driver.iter_sessions(start, as_of, cursor)
        await note_records(run, await store_session_records(run.profile_id, page.items))
        await store_sessions(profile_code, latest_of(page.items), as_of)
        cursor = page.next_cursor
        if cursor is None:
            break
    await close_unseen_sessions(profile_code, as_of)
    await _read_calls(driver, run, start, as_of)


async def _read_calls(driver: UsageRecords, run: SyncRun, start: datetime, end: datetime) -> None:
    """Calls and text messages of the whole fleet, where the operator has any."""
    cursor: str | None = None
    while True:
        try:
            page = await driver.iter_calls_and_messages(start, end, cursor)
        except Unsupported:
            return
        await note_records(run, await store_call_records(run.profile_id, page.items))
        cursor = page.next_cursor
        if cursor is None:
            return


async def read_records_by_sim(
    profile_code: str, driver: UsageRecords, run: SyncRun, closes_at: datetime, calls_per_second: float
) -> int:
    """Read the records of each SIM that is due, the liveliest first, until the window closes; returns how many are left.

    What is done stands on the SIM (`records_as_of`): a run that is taken over goes on where it was.
    """
    full = run.kind is SyncKind.FULL
    while rows := await fetch(_NEXT, run.profile_id, run.started_at, full):
        left = await fetch_value(f"SELECT count(*) {_DUE}", run.profile_id, run.started_at, full)
        if clock.now() >= closes_at:
            return int(left)
        pause = pause_between_calls(left, (closes_at - clock.now()).total_seconds(), calls_per_second)
        as_of, records = clock.now(), []
        for row in rows:
            records += await _records_of(driver, row, as_of)
            await asyncio.sleep(pause)
        await _store(profile_code, run, rows, records, as_of)
    return 0


async def _records_of(driver: UsageRecords, row: asyncpg.Record, as_of: datetime) -> list[SessionRecord]:
    ref = sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"])
    oldest = as_of - FIRST_LOOK_BACK
    start = oldest if row["records_as_of"] is None else max(oldest, row["records_as_of"] - SESSIONS_LOOKED_BACK)
    found: list[SessionRecord] = []
    try:
        async for page in _pages(driver, start, as_of, ref):
            found += page
    except SimUnknown:
        return []  # the inventory says so, and marks it
    return found


async def _pages(
    driver: UsageRecords, start: datetime, end: datetime, ref: SimRef
) -> AsyncIterator[Sequence[SessionRecord]]:
    cursor: str | None = None
    while True:
        page = await driver.iter_sessions(start, end, cursor, ref)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


async def _store(
    profile_code: str, run: SyncRun, rows: Sequence[asyncpg.Record], records: list[SessionRecord], as_of: datetime
) -> None:
    stored: StoredRecords = await store_session_records(run.profile_id, records)
    await note_records(run, stored)
    await store_sessions(profile_code, latest_of(records), as_of)
    await execute("UPDATE sim SET records_as_of = $2 WHERE id = ANY($1::bigint[])", [row["id"] for row in rows], as_of)


def latest_of(records: Sequence[SessionRecord]) -> list[SessionRecord]:
    """The session of each SIM that says whether it is live: an open one, else the one that began last."""
    latest: dict[str, SessionRecord] = {}
    for record in records:
        known = latest.get(record.sim_key)
        place = (record.ended_at is None, record.started_at)
        if known is None or place > (known.ended_at is None, known.started_at):
            latest[record.sim_key] = record
    return list(latest.values())
