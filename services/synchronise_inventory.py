"""Reading a profile's inventory from its operator, page by page, and then who has been in session lately."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from domain.clock import clock
from domain.errors import UnknownProfile
from models.database import execute, fetch_value
from novaconnect_sdk import DriverError, Inventory, SessionRecord, UsageRecords
from services.runtime import Runtime
from services.store_inventory import StoredPage, close_unseen_sessions, store_page, store_sessions

SESSIONS_LOOKED_BACK = timedelta(hours=48)
"""Records of so long are read to know who is live; a day is needed, another covers late records and open sessions."""

_log = logging.getLogger("novaconnect.sync")


class SyncFailed(Exception):
    """The operator could not be read to the end; what was read is stored, and nothing was deleted."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far it is: SIMs read, and how many there are (None while the operator has not said)."""

    done: int
    total: int | None


async def synchronise_inventory(profile_code: str, runtime: Runtime) -> AsyncIterator[SyncProgress]:
    """Read the whole inventory of a profile. SIMs that are new go to the company that holds the stock.

    A page that is not complete never deletes a SIM. Raises `UnknownProfile` and `SyncFailed`; the run is kept in `sync_run`.
    """
    driver = runtime.registry.driver(profile_code)
    if driver is None or not isinstance(driver, Inventory):
        raise UnknownProfile(f"Profile {profile_code} has no driver that lists SIMs.", path=("profile",))
    run = await _begin(profile_code)
    cursor: str | None = None
    done = 0
    try:
        while True:
            page = await driver.list_sims(cursor, None)
            stored = await store_page(profile_code, page.items)
            done += len(page.items)
            await _note(run, stored, page.next_cursor)
            yield SyncProgress(done, page.total)
            cursor = page.next_cursor
            if cursor is None:
                break
        if runtime.registry.traits(profile_code).lock_raises_msu and isinstance(driver, UsageRecords):
            await _read_sessions(profile_code, driver)
    except DriverError as error:
        await execute(
            "UPDATE sync_run SET finished_at = $2, error = $3 WHERE id = $1", run, clock.now(), error.message[:500]
        )
        raise SyncFailed(
            f"{profile_code}: {error.message} What was read is stored; start the synchronisation again."
        ) from error
    await execute("UPDATE sync_run SET finished_at = $2, complete = $3 WHERE id = $1", run, clock.now(), page.complete)


async def _begin(profile_code: str) -> int:
    run: int = await fetch_value(
        "INSERT INTO sync_run (profile_id, started_at) SELECT id, $2 FROM profile WHERE code = $1 RETURNING id",
        profile_code,
        clock.now(),
    )
    return run


async def _note(run: int, stored: StoredPage, cursor: str | None) -> None:
    await execute(
        "UPDATE sync_run SET seen = seen + $2, added = added + $3, changed = changed + $4, drifted = drifted + $5, cursor = $6"
        " WHERE id = $1",
        run,
        stored.seen,
        stored.added,
        stored.changed,
        stored.drifted,
        cursor,
    )


async def _read_sessions(profile_code: str, driver: UsageRecords) -> None:
    """Who is live decides whether a lock is a risk; asked for once for the whole fleet, not SIM by SIM."""
    as_of = clock.now()
    cursor: str | None = None
    while True:
        page = await driver.iter_sessions(as_of - SESSIONS_LOOKED_BACK, as_of, cursor)
        latest: dict[str, SessionRecord] = {}
        for record in page.items:
            known = latest.get(record.sim_key)
            if known is None or (record.ended_at is None, record.started_at) > (
                known.ended_at is None,
                known.started_at,
            ):
                latest[record.sim_key] = record
        await store_sessions(profile_code, list(latest.values()), as_of)
        cursor = page.next_cursor
        if cursor is None:
            break
    await close_unseen_sessions(profile_code, as_of)
