"""Storing what an operator's inventory says, a page in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import asyncpg

from domain.clock import clock
from domain.locks import BIT, LockKind
from eventstream import SimsChanged
from models.database import again_after_deadlock, execute, fetch
from novaconnect_sdk import SessionRecord, SimRecord
from services.billing.package_connections import note_packages, term_of
from services.unit_of_work import unit_of_work

# Only what the operator knows is taken over; the owner, the name and our locks are ours. An answer older than what is
# stored (a page that travelled while an operation ran) changes nothing of the observed state.
_UPSERT = """
WITH stock AS (SELECT id FROM company WHERE holds_stock),
given AS (
  SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::text[], $10::int[],
                       $11::bool[], $12::text[], $13::text[], $14::timestamptz[])
    AS g (iccid, imsi, msisdn, external_msisdn, operator_ref, balance, currency, msu_count, blocked, status, native_status,
          as_of))
INSERT INTO sim AS s (company_id, profile_id, iccid, imsi, msisdn, external_msisdn, operator_ref, balance, currency,
                      msu_count, observed_blocked, observed_status, native_status, observed_at, created_at, updated_at)
SELECT stock.id, p.id, g.iccid, g.imsi, g.msisdn, g.external_msisdn, g.operator_ref, g.balance, g.currency, g.msu_count,
       g.blocked, g.status, g.native_status, g.as_of, $2, $2
FROM given g, stock, profile p WHERE p.code = $1
ON CONFLICT (iccid) DO UPDATE SET
  imsi = coalesce(excluded.imsi, s.imsi), msisdn = coalesce(excluded.msisdn, s.msisdn),
  external_msisdn = coalesce(excluded.external_msisdn, s.external_msisdn),
  operator_ref = coalesce(excluded.operator_ref, s.operator_ref), balance = coalesce(excluded.balance, s.balance),
  currency = coalesce(excluded.currency, s.currency), msu_count = coalesce(excluded.msu_count, s.msu_count),
  observed_blocked = coalesce(excluded.observed_blocked, s.observed_blocked),
  observed_status = excluded.observed_status, native_status = excluded.native_status, observed_at = excluded.observed_at,
  updated_at = CASE WHEN (s.observed_blocked, s.observed_status, s.balance, s.msisdn)
                    IS DISTINCT FROM (excluded.observed_blocked, excluded.observed_status, excluded.balance, excluded.msisdn)
               THEN $2 ELSE s.updated_at END
WHERE s.observed_at IS NULL OR s.observed_at <= excluded.observed_at
RETURNING s.id, s.company_id, (s.xmax = 0) AS added, s.updated_at = $2 AS changed,
          coalesce(s.observed_blocked <> (s.lock_mask <> 0), false) AS drifted
"""

# A number that moved to another card (a replaced SIM keeps it) no longer names the old one: a lock of the old card would
# otherwise be sent to the new.
_RELEASE_NUMBERS = """
UPDATE sim s SET operator_ref = NULL, msisdn = CASE WHEN s.msisdn = g.msisdn THEN NULL ELSE s.msisdn END, updated_at = $2
FROM unnest($3::text[], $4::text[], $5::text[]) AS g (iccid, operator_ref, msisdn), profile p
WHERE p.code = $1 AND s.profile_id = p.id AND s.operator_ref = g.operator_ref AND s.iccid <> g.iccid
RETURNING s.id, s.company_id, true AS changed
"""

_RETURNED = """
UPDATE sim SET left_operator_at = NULL, updated_at = $1 WHERE iccid = ANY($2::text[]) AND left_operator_at IS NOT NULL
RETURNING id, company_id, true AS changed
"""

_MSU_LOCK = """
WITH locked AS (
  UPDATE sim s SET lock_mask = s.lock_mask | $3::smallint, updated_at = $2
  FROM profile p WHERE p.code = $1 AND s.profile_id = p.id AND s.iccid = ANY($4::text[]) AND s.lock_mask & $3::smallint = 0
  RETURNING s.id, s.company_id)
INSERT INTO sim_lock_reason (sim_id, company_id, kind, since, set_by, reason)
SELECT id, company_id, 'MSU', $2, 'operator', 'The operator blocked this SIM for too much signalling.' FROM locked
ON CONFLICT (sim_id, kind) DO NOTHING
"""

_SESSIONS = """
UPDATE sim s SET session_active = g.active, session_started_at = g.started_at,
  session_ended_at = CASE WHEN g.active THEN NULL ELSE g.ended_at END, session_as_of = $2
FROM (SELECT coalesce(a.id, b.id) AS sim_id, u.active, u.started_at, u.ended_at
      FROM unnest($3::text[], $4::bool[], $5::timestamptz[], $6::timestamptz[]) AS u (sim_key, active, started_at, ended_at)
      JOIN profile p ON p.code = $1
      LEFT JOIN sim a ON a.profile_id = p.id AND a.operator_ref = u.sim_key
      LEFT JOIN sim b ON b.profile_id = p.id AND b.iccid = u.sim_key) AS g
WHERE s.id = g.sim_id
  AND (s.session_as_of IS NULL OR s.session_as_of < $2
       OR (s.session_as_of = $2 AND (g.active, g.started_at) > (s.session_active, s.session_started_at)))
"""

_NO_SESSION = """
UPDATE sim s SET session_active = false, session_as_of = $2
FROM profile p
WHERE p.code = $1 AND s.profile_id = p.id AND (s.session_as_of IS NULL OR s.session_as_of < $2)
"""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What a page brought: SIMs seen, new, changed, those where the operator's state is not the one we want, and those that
    had left and are there again."""

    seen: int
    added: int
    changed: int
    drifted: int
    returned: int = 0


async def ensure_stock() -> None:
    """Make the company that holds SIMs which nobody owns yet."""
    await execute("INSERT INTO company (name, holds_stock) VALUES ('Stock', true) ON CONFLICT DO NOTHING")


async def store_page(profile_code: str, records: Sequence[SimRecord]) -> StoredPage:
    """Insert or update the SIMs of a page and tell listeners what changed."""
    return await again_after_deadlock(partial(_store_page, profile_code, records))


async def _store_page(profile_code: str, records: Sequence[SimRecord]) -> StoredPage:
    unique = _one_card_a_number({record.ref.iccid: record for record in records}.values())
    async with unit_of_work() as uow:
        await ensure_stock()
        columns = _columns(unique)
        iccids, _, msisdns, _, refs, *_ = columns
        moved = await fetch(_RELEASE_NUMBERS, profile_code, clock.now(), iccids, refs, msisdns)
        returned = await fetch(_RETURNED, clock.now(), iccids)
        rows = await fetch(_UPSERT, profile_code, clock.now(), *columns)
        if blocked := [str(record.ref.iccid) for record in unique if record.msu_blocked]:
            await execute(_MSU_LOCK, profile_code, clock.now(), BIT[LockKind.MSU], blocked)
        by_iccid = {str(record.ref.iccid): record for record in unique if record.package is not None}
        await _note_packages(by_iccid)
        for company_id, sim_ids in _changed([*moved, *returned, *rows]).items():
            uow.publish(SimsChanged(company_id, tuple(sim_ids)))
    return StoredPage(
        seen=len(records),
        added=sum(row["added"] for row in rows),
        changed=sum(row["changed"] and not row["added"] for row in rows),
        drifted=sum(row["drifted"] for row in rows),
        returned=len(returned),
    )


async def _note_packages(records: Mapping[str, SimRecord]) -> None:
    """What the inventory says of running packages: each that began is billed once."""
    if not records:
        return
    rows = await fetch("SELECT id, iccid FROM sim WHERE iccid = ANY($1::text[])", list(records))
    terms = [(row["id"], records[row["iccid"]].package) for row in rows]
    await note_packages([term for id_, package in terms if package and (term := term_of(id_, package)) is not None])


def _one_card_a_number(records: Iterable[SimRecord]) -> list[SimRecord]:
    """Where an operator names two cards by one number, the later card has it; both are stored all the same."""
    seen: set[str] = set()
    kept: list[SimRecord] = []
    for record in reversed(list(records)):
        ref = record.ref.operator_ref
        kept.append(replace(record, ref=replace(record.ref, operator_ref=None)) if ref in seen else record)
        if ref is not None:
            seen.add(ref)
    return kept[::-1]


def _columns(records: Sequence[SimRecord]) -> list[list[object]]:
    return [
        [str(record.ref.iccid) for record in records],
        [record.ref.imsi and str(record.ref.imsi) for record in records],
        [record.ref.msisdn and str(record.ref.msisdn) for record in records],
        [record.external_msisdn for record in records],
        [record.ref.operator_ref for record in records],
        [record.balance for record in records],
        [record.currency for record in records],
        [record.msu_count for record in records],
        [record.observed.blocked for record in records],
        [record.observed.status.value for record in records],
        [record.observed.native_status for record in records],
        [record.observed.as_of for record in records],
    ]


def _changed(rows: Sequence[asyncpg.Record]) -> dict[int, list[int]]:
    changed: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row["changed"]:
            changed[row["company_id"]].append(row["id"])
    return changed


async def store_sessions(profile_code: str, records: Sequence[SessionRecord], as_of: datetime) -> None:
    """Note the latest session of each SIM that has one; `sim_key` is the operator's own key."""
    columns = (
        [record.sim_key for record in records],
        [record.ended_at is None for record in records],
        [record.started_at for record in records],
        [record.ended_at for record in records],
    )
    await again_after_deadlock(partial(execute, _SESSIONS, profile_code, as_of, *columns))


async def close_unseen_sessions(profile_code: str, as_of: datetime) -> None:
    """After all records were read: a SIM without one has not been in session for as long as was looked back."""
    await again_after_deadlock(partial(execute, _NO_SESSION, profile_code, as_of))
