"""The runs of synchronisation as rows: begun or taken over by one process, noted page by page, finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import asyncpg

from domain.clock import clock
from models.database import execute, fetch_row
from services.inventory.store_inventory import StoredPage
from services.inventory.store_records import StoredRecords
from services.unit_of_work import unit_of_work

FULL_EVERY = timedelta(days=7)
"""A complete inventory is read at least so often; between them only what changed, where the operator can tell."""

_OVERLAP = timedelta(hours=1)
"""Changes are asked for from so long before the last run began: clocks differ, and operators index late."""

_RETRY_AFTER = timedelta(minutes=5)
_ONE_RUNNER = 0x5359


class SyncKind(StrEnum):
    """How much of the inventory a run reads."""

    FULL = "FULL"
    INCREMENTAL = "INCREMENTAL"


class SyncPhase(StrEnum):
    """What a run is at, or was at when it ended."""

    INVENTORY = "INVENTORY"
    RECORDS = "RECORDS"


@dataclass(slots=True)
class SyncRun:
    """A run in the hands of this process."""

    id: int
    profile_id: int
    kind: SyncKind
    phase: SyncPhase
    started_at: datetime
    changed_since: datetime | None
    cursor: str | None


_BEGIN = """
INSERT INTO sync_run (profile_id, started_at, kind, changed_since, window_on, holder_id)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING *
"""

_TAKE_OVER = """
UPDATE sync_run r SET holder_id = $3, attempts = attempts + 1
WHERE r.id = (SELECT id FROM sync_run WHERE profile_id = $1 AND window_on = $2 AND finished_at IS NULL
              ORDER BY id DESC LIMIT 1)
  AND NOT EXISTS (SELECT FROM lease_holder h WHERE h.id = r.holder_id AND h.ended_at IS NULL)
RETURNING r.*
"""

# Done, or under way elsewhere, or failed a moment ago: then there is nothing to begin.
_SETTLED = """
SELECT 1 FROM sync_run WHERE profile_id = $1 AND window_on = $2
  AND (finished_at IS NULL OR error IS NULL OR finished_at > $3::timestamptz) LIMIT 1
"""

_LAST = """
SELECT max(started_at) FILTER (WHERE complete) AS complete_at,
  max(started_at) FILTER (WHERE complete AND kind = 'FULL') AS full_at
FROM sync_run WHERE profile_id = $1 AND started_at > $2
"""

_NOTE_PAGE = """
UPDATE sync_run SET seen = seen + $2, added = added + $3, changed = changed + $4, drifted = drifted + $5,
  returned = returned + $6, cursor = $7 WHERE id = $1
"""

# A SIM of which the operator has said nothing since the run began, by whatever way, is not in its inventory any more.
_LEFT = """
WITH gone AS (
  UPDATE sim s SET left_operator_at = $3, updated_at = $3
  FROM sync_run r
  WHERE r.id = $2 AND s.profile_id = $1 AND s.left_operator_at IS NULL AND s.created_at < r.started_at
    AND (s.observed_at IS NULL OR s.observed_at < r.started_at)
  RETURNING s.id)
UPDATE sync_run SET left_operator = left_operator + (SELECT count(*) FROM gone) WHERE id = $2
"""


async def begin(profile_id: int) -> SyncRun:
    """A full run by hand."""
    return _run(await fetch_row(_BEGIN, profile_id, clock.now(), SyncKind.FULL.value, None, None, None))


async def claim_nightly(profile_id: int, window_on: date, holder_id: int) -> SyncRun | None:
    """The night's run of a profile: begun, or taken over from a process that died; None when it is not ours to do."""
    async with unit_of_work():
        await execute("SELECT pg_advisory_xact_lock($1::int, $2::int)", _ONE_RUNNER, profile_id)
        if (row := await fetch_row(_TAKE_OVER, profile_id, window_on, holder_id)) is not None:
            return _run(row)
        now = clock.now()
        if await fetch_row(_SETTLED, profile_id, window_on, now - _RETRY_AFTER) is not None:
            return None
        last = await fetch_row(_LAST, profile_id, now - FULL_EVERY)
        since = last["complete_at"] - _OVERLAP if last and last["full_at"] else None
        kind = SyncKind.FULL if since is None else SyncKind.INCREMENTAL
        return _run(await fetch_row(_BEGIN, profile_id, now, kind.value, since, window_on, holder_id))


async def note_page(run: SyncRun, stored: StoredPage, cursor: str | None) -> None:
    """A page was stored; the next begins at the cursor."""
    counts = (stored.seen, stored.added, stored.changed, stored.drifted, stored.returned)
    await execute(_NOTE_PAGE, run.id, *counts, cursor)
    run.cursor = cursor


async def end_inventory(run: SyncRun, *, complete: bool) -> None:
    """The inventory was read to its end. Only after a complete full one are SIMs that it did not name marked as left."""
    async with unit_of_work():
        if complete and run.kind is SyncKind.FULL:
            await execute(_LEFT, run.profile_id, run.id, clock.now())
        await execute(
            "UPDATE sync_run SET phase = 'RECORDS', complete = $2, cursor = NULL WHERE id = $1", run.id, complete
        )
    run.phase, run.cursor = SyncPhase.RECORDS, None


async def note_records(run: SyncRun, stored: StoredRecords) -> None:
    """Usage records were stored."""
    await execute(
        "UPDATE sync_run SET records = records + $2, records_changed = records_changed + $3 WHERE id = $1",
        run.id,
        stored.read,
        stored.added + stored.corrected,
    )


async def finish(run: SyncRun, error: str | None = None) -> None:
    """The run is over, with what stopped it if anything did."""
    message = error[:500] if error else None
    await execute(
        "UPDATE sync_run SET finished_at = $2, error = $3, holder_id = NULL WHERE id = $1", run.id, clock.now(), message
    )


def _run(row: asyncpg.Record | None) -> SyncRun:
    assert row is not None
    return SyncRun(
        row["id"],
        row["profile_id"],
        SyncKind(row["kind"]),
        SyncPhase(row["phase"]),
        row["started_at"],
        row["changed_since"],
        row["cursor"],
    )
