"""Storing a live reading: beside the SIM as it was told, and into the SIM's own columns where it is the newest word."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from domain.clock import clock
from domain.locks import BIT, LockKind
from eventstream import SimsChanged
from models.database import execute, fetch_value
from novaconnect_sdk import Availability, LiveReading, Reading
from services.execution.store_changes import note_limit, note_package
from services.unit_of_work import unit_of_work

_READING = """
UPDATE sim_live_reading SET reading = $3::jsonb, as_of = $4, failure = NULL, failed_at = NULL, attempt = attempt + 1,
  reader_id = NULL, reader_until = NULL
WHERE sim_id = $1 AND reader_id = $2 RETURNING 1
"""

_OBSERVED = """
UPDATE sim SET observed_blocked = coalesce($2, observed_blocked), observed_status = $3, native_status = $4, observed_at = $5,
  left_operator_at = NULL
WHERE id = $1 AND (observed_at IS NULL OR observed_at <= $5)
"""

_SESSION = """
UPDATE sim SET session_active = $2, session_started_at = $3, session_ended_at = $4, session_as_of = $5
WHERE id = $1 AND (session_as_of IS NULL OR session_as_of <= $5)
"""

_REGISTRATION = """
UPDATE sim SET registered_at = $2, registration_network = left($3, 100), registration_country = left($4, 100),
  registration_plmn = $5, registration_as_of = $6
WHERE id = $1 AND (registration_as_of IS NULL OR registration_as_of <= $6)
"""

_MSU = """
UPDATE sim SET msu_count = coalesce($2, msu_count), msu_as_of = $3
WHERE id = $1 AND (msu_as_of IS NULL OR msu_as_of <= $3)
"""

_MSU_LOCK = """
WITH locked AS (
  UPDATE sim SET lock_mask = lock_mask | $2::smallint WHERE id = $1 AND lock_mask & $2::smallint = 0
  RETURNING id, company_id)
INSERT INTO sim_lock_reason (sim_id, company_id, kind, since, set_by, reason)
SELECT id, company_id, 'MSU', $3, 'operator', 'The operator blocked this SIM for too much signalling.' FROM locked
ON CONFLICT (sim_id, kind) DO NOTHING
"""


async def store_live(row: asyncpg.Record, live: LiveReading, parts: str, as_of: datetime, reader_id: int) -> None:
    """Store it if the reader still has the right to; a reader that came too late changes nothing."""
    async with unit_of_work() as uow:
        if await fetch_value(_READING, row["id"], reader_id, parts, as_of) is None:
            return
        await _state(row["id"], live)
        await _allowance(row["id"], live)
        await execute("UPDATE sim SET updated_at = $2 WHERE id = $1", row["id"], clock.now())
        uow.publish(SimsChanged(row["company_id"], (row["id"],)))


async def _state(sim_id: int, live: LiveReading) -> None:
    if _told(live.observed) and (observed := live.observed.value):
        status = observed.status.value
        await execute(_OBSERVED, sim_id, observed.blocked, status, observed.native_status, live.observed.as_of)
    if _told(live.session) and (session := live.session.value):
        ended = None if session.active else session.ended_at
        await execute(_SESSION, sim_id, session.active, session.started_at, ended, live.session.as_of)
    if _told(live.registration) and (found := live.registration.value) and found.since:
        plmn = str(found.plmn) if found.plmn else None
        await execute(_REGISTRATION, sim_id, found.since, found.network, found.country, plmn, live.registration.as_of)
    if _told(live.msu) and (msu := live.msu.value):
        await execute(_MSU, sim_id, msu.count, live.msu.as_of)
        if msu.blocked:
            await execute(_MSU_LOCK, sim_id, BIT[LockKind.MSU], live.msu.as_of)


async def _allowance(sim_id: int, live: LiveReading) -> None:
    if _told(live.limit) and live.limit.value and live.limit.as_of:
        await note_limit(sim_id, live.limit.value, live.limit.as_of)
    if _told(live.package) and live.package.value and live.package.as_of:
        await note_package(sim_id, live.package.value, live.package.as_of)


def _told(reading: Reading[Any]) -> bool:
    return reading.availability is Availability.OK and reading.as_of is not None
