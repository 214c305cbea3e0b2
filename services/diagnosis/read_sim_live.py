"""Fresh information about one SIM straight from its operator: one call for all who look, and never an error page."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from access import Principal
from domain.clock import clock
from domain.errors import InvalidValue
from drivers.process_lease import LeaseLost
from models.database import execute, fetch_row
from novaconnect_sdk import Driver, DriverError, LiveState
from services.catalogue.registration_country import with_country
from services.diagnosis.live_parts import (
    Parts,
    all_unavailable,
    dump_parts,
    load_parts,
    newest,
    parts_of,
    still_unsupported,
    stored_parts,
    with_older_values,
)
from services.diagnosis.store_live import store_live
from services.execution.item_results import sim_ref
from services.fleet.get_sim import get_sim
from services.fleet.sim_rows import SimRow
from services.process.runtime import calling_registry

PATIENCE = 9.5
"""Seconds a viewer waits for the operator: with what else is to be done the answer comes within ten."""

_READ_TIMEOUT = 12.0
_LOOK_AGAIN = 0.05
LONGEST_AGE = timedelta(days=1)

_log = logging.getLogger("novaconnect.live")

_SIM = """
SELECT s.*, p.code, EXISTS (SELECT FROM sim_lock_reason r WHERE r.sim_id = s.id AND r.kind = 'MSU') AS msu_locked
FROM sim s JOIN profile p ON p.id = s.profile_id WHERE s.id = $1
"""
_STORED = "SELECT reading, as_of, failure, attempt FROM sim_live_reading WHERE sim_id = $1"

# The right to read: a row, not a lock, so that no connection is held while the operator is asked.
_CLAIM = """
INSERT INTO sim_live_reading AS r (sim_id, reader_id, reader_until)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (sim_id) DO UPDATE SET reader_id = excluded.reader_id, reader_until = excluded.reader_until
WHERE (r.reader_until IS NULL OR r.reader_until < clock_timestamp()) AND (r.as_of IS NULL OR r.as_of < $3)
RETURNING 1 AS claimed
"""

_FAILED = """
UPDATE sim_live_reading SET failure = $3, failed_at = $4, attempt = attempt + 1, reader_id = NULL, reader_until = NULL
WHERE sim_id = $1 AND reader_id = $2
"""

_tasks: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class SimLiveView:
    """What is known about a SIM. `as_of` is the last reading, None if there was none; `is_fresh` says that it is not older
    than was asked for; else `reason` says why there is no newer one."""

    sim: SimRow
    parts: Parts
    as_of: datetime | None
    is_fresh: bool
    reason: str | None


async def read_sim_live(principal: Principal, sim_id: int, max_age: timedelta) -> SimLiveView | None:
    """The SIM fresh, or as it was last known with the reason; None when the principal sees no such SIM.

    A reading that is not older than `max_age` is shown again; raises `InvalidValue` for an age that is none.
    """
    if not timedelta(0) <= max_age <= LONGEST_AGE:
        raise InvalidValue("maxAge must be from 0 to 86400 seconds.", path=("maxAge",))
    sim = await get_sim(principal, sim_id)
    if sim is None:
        return None
    return await _Look(sim, clock.now() - max_age).view()


class _Look:
    """One viewer's look at one SIM; a reading as of `limit` or later is fresh enough."""

    def __init__(self, sim: SimRow, limit: datetime) -> None:
        self._sim = sim
        self._limit = limit
        self._until = time.monotonic() + PATIENCE

    async def view(self) -> SimLiveView:
        stored = await fetch_row(_STORED, self._sim.id)
        if self._fresh(stored):
            return await self._shown(stored, None)
        row = await fetch_row(_SIM, self._sim.id)
        assert row is not None
        driver = (await calling_registry()).driver(row["code"])
        if driver is None or not isinstance(driver, LiveState):
            return await self._shown(stored, "SIMs of this profile cannot be read live.")
        attempt = stored["attempt"] if stored else 0
        while time.monotonic() < self._until:
            await self._read_or_wait(driver, row)
            stored = await fetch_row(_STORED, self._sim.id)
            if self._fresh(stored):
                return await self._shown(stored, None)
            if stored is not None and stored["attempt"] > attempt and stored["failure"] is not None:
                return await self._shown(stored, stored["failure"])
        return await self._shown(stored, "The operator has not answered in time. Look again in a moment.")

    async def _read_or_wait(self, driver: Driver, row: asyncpg.Record) -> None:
        """Read if nobody does; else leave those who do a moment."""
        reader_id = secrets.randbits(62)
        if await fetch_row(_CLAIM, self._sim.id, reader_id, self._limit, _READ_TIMEOUT + 3) is None:
            await asyncio.sleep(_LOOK_AGAIN)
            return
        # A viewer who leaves does not take the answer from those who wait for the same.
        task = asyncio.create_task(_read(driver, row, reader_id), name="live-reading")
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        await asyncio.wait([task], timeout=max(0.0, self._until - time.monotonic()))

    def _fresh(self, stored: asyncpg.Record | None) -> bool:
        return stored is not None and stored["as_of"] is not None and stored["as_of"] >= self._limit

    async def _shown(self, stored: asyncpg.Record | None, reason: str | None) -> SimLiveView:
        read = load_parts(stored["reading"] if stored else None)
        if reason is not None:
            row = await fetch_row(_SIM, self._sim.id)
            assert row is not None
            known = newest({part: view for part, view in read.items() if view.as_of}, stored_parts(row))
            read = still_unsupported(with_older_values(all_unavailable(reason), known), read)
        return SimLiveView(self._sim, read, stored["as_of"] if stored else None, reason is None, reason)


async def _read(driver: Driver, row: asyncpg.Record, reader_id: int) -> None:
    """Ask the operator and store the answer, or why there is none."""
    assert isinstance(driver, LiveState)
    sim_id, as_of = row["id"], clock.now()
    try:
        async with asyncio.timeout(_READ_TIMEOUT):
            ref = sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"])
            live = with_country(await driver.read_live(ref))
        stored = await fetch_row(_STORED, sim_id)
        older = newest(load_parts(stored["reading"] if stored else None), stored_parts(row))
        parts = with_older_values(parts_of(live), older)
        await store_live(row, live, dump_parts(parts), as_of, reader_id)
    except DriverError as error:
        await execute(_FAILED, sim_id, reader_id, error.message[:500], as_of)
    except (TimeoutError, LeaseLost):
        await execute(_FAILED, sim_id, reader_id, "The operator has not answered in time.", as_of)
    except Exception as error:  # a driver is foreign code, and a failed reading is shown, not raised
        _log.exception("live reading failed: %s", type(error).__name__)
        await execute(_FAILED, sim_id, reader_id, "The operator's answer could not be read.", as_of)
