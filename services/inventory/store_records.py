"""Storing usage records by the thousand: copied in, upserted by the operator's key, and the daily sums kept equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import asyncpg

from domain.clock import clock
from models.database import connection, execute, transaction
from novaconnect_sdk import SessionRecord

BATCH = 50_000
"""Records of one transaction; a longer list is stored in several."""

MOVES_AT_MOST = timedelta(days=31)
"""How far a correction may move the beginning of a session and still be known as the same one: keeps the search for it
to a few partitions."""

OLDEST = timedelta(days=3650)
NEWEST = timedelta(days=2)
"""Records from before or after these, counted from now, cannot be true and are left out."""

_ONE_WRITER = 0x5245
"""First key of the advisory lock under which the records of one profile are written, one transaction at a time."""

_STAGING = """
CREATE TEMP TABLE IF NOT EXISTS incoming_session (
  key text COLLATE "C", sim_key text, started_at timestamptz, ended_at timestamptz, bytes bigint, operator text,
  country text, plmn text, cost numeric(14, 6), currency text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS fresh_session (
  key text COLLATE "C", sim_id bigint, company_id bigint, started_at timestamptz, ended_at timestamptz, bytes bigint,
  operator text, country text, plmn text, cost numeric(14, 6), currency text,
  old_sim_id bigint, old_company_id bigint, old_started_at timestamptz, old_bytes bigint, old_operator text,
  old_country text, old_cost numeric(14, 6), old_currency text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS usage_change (
  sim_id bigint, day date, company_id bigint, operator text, country text, currency text, bytes bigint, sessions int,
  cost numeric(18, 6)) ON COMMIT DELETE ROWS;
"""
_STAGED = ("key", "sim_key", "started_at", "ended_at", "bytes", "operator", "country", "plmn", "cost", "currency")

# What says nothing new is left out, and so is an open session with no more bytes than the closed one that is stored: a
# page that was older than what is known. A record keeps the company that owned the SIM when it first came.
_FRESH = """
INSERT INTO fresh_session
SELECT i.key, s.id, coalesce(o.company_id, s.company_id), i.started_at, i.ended_at, i.bytes, i.operator, i.country, i.plmn,
       i.cost, i.currency, o.sim_id, o.company_id, o.started_at, o.bytes, o.operator, o.country, o.cost, o.currency
FROM incoming_session i
JOIN sim s ON s.profile_id = $1 AND {named}
LEFT JOIN data_session o
  ON o.profile_id = $1 AND o.key = i.key AND o.started_at BETWEEN $2::timestamptz AND $3::timestamptz
WHERE o.key IS NULL OR (
  (o.started_at, o.ended_at, o.sim_id, o.bytes, o.operator, o.country, o.plmn, o.cost, o.currency)
    IS DISTINCT FROM (i.started_at, i.ended_at, s.id, i.bytes, i.operator, i.country, i.plmn, i.cost, i.currency)
  AND NOT (i.ended_at IS NULL AND o.ended_at IS NOT NULL AND i.bytes <= o.bytes))
"""

# Operators name a SIM by their own key, or by its ICCID where they have none.
_BY_KEY = _FRESH.format(named="s.operator_ref = i.sim_key")
_BY_ICCID = _FRESH.format(named="s.iccid = i.sim_key AND s.operator_ref IS DISTINCT FROM i.sim_key")

_MOVED = """
DELETE FROM data_session o USING fresh_session f
WHERE o.profile_id = $1 AND o.key = f.key AND o.started_at = f.old_started_at AND f.old_started_at <> f.started_at
  AND o.started_at BETWEEN $2::timestamptz AND $3::timestamptz
"""

_PUT = """
INSERT INTO data_session AS o (started_at, ended_at, sim_id, company_id, profile_id, bytes, key, operator, country, plmn, cost,
                               currency)
SELECT started_at, ended_at, sim_id, company_id, $1, bytes, key, operator, country, plmn, cost, currency FROM fresh_session
ON CONFLICT (profile_id, key, started_at) DO UPDATE SET
  ended_at = excluded.ended_at, sim_id = excluded.sim_id, bytes = excluded.bytes, operator = excluded.operator,
  country = excluded.country, plmn = excluded.plmn, cost = excluded.cost, currency = excluded.currency
"""

# What each fresh session adds to the sums, and what it takes away that it was before. Written down once, because three
# tables of sums are changed by it; '' stands for what nobody told.
_CHANGES = """
INSERT INTO usage_change
SELECT sim_id, (started_at AT TIME ZONE 'UTC')::date, company_id, coalesce(operator, ''), coalesce(country, ''),
       coalesce(currency, ''), bytes, 1, coalesce(cost, 0) FROM fresh_session
UNION ALL
SELECT old_sim_id, (old_started_at AT TIME ZONE 'UTC')::date, old_company_id, coalesce(old_operator, ''),
       coalesce(old_country, ''), coalesce(old_currency, ''), -old_bytes, -1, -coalesce(old_cost, 0) FROM fresh_session
WHERE old_started_at IS NOT NULL
"""

_DAYS = """
INSERT INTO usage_daily AS u (sim_id, day, company_id, currency, bytes, sessions, cost)
SELECT sim_id, day, company_id, currency, sum(bytes), sum(sessions), sum(cost) FROM usage_change
GROUP BY 1, 2, 3, 4 HAVING sum(bytes) <> 0 OR sum(sessions) <> 0 OR sum(cost) <> 0
ORDER BY 1, 2, 3, 4
ON CONFLICT (sim_id, day, company_id, currency) DO UPDATE SET
  bytes = u.bytes + excluded.bytes, sessions = u.sessions + excluded.sessions, cost = u.cost + excluded.cost
"""

_MONTHS = """
INSERT INTO usage_monthly AS u (company_id, month, sim_id, currency, bytes, sessions, cost)
SELECT company_id, date_trunc('month', day)::date, sim_id, currency, sum(bytes), sum(sessions), sum(cost) FROM usage_change
GROUP BY 1, 2, 3, 4 HAVING sum(bytes) <> 0 OR sum(sessions) <> 0 OR sum(cost) <> 0
ORDER BY 1, 2, 3, 4
ON CONFLICT (company_id, month, sim_id, currency) DO UPDATE SET
  bytes = u.bytes + excluded.bytes, sessions = u.sessions + excluded.sessions, cost = u.cost + excluded.cost
"""

_NETWORKS = """
INSERT INTO usage_by_network AS u (company_id, day, profile_id, operator, country, currency, bytes, sessions, cost)
SELECT company_id, day, $1, operator, country, currency, sum(bytes), sum(sessions), sum(cost) FROM usage_change
GROUP BY 1, 2, 4, 5, 6 HAVING sum(bytes) <> 0 OR sum(sessions) <> 0 OR sum(cost) <> 0
ORDER BY 1, 2, 4, 5, 6
ON CONFLICT (company_id, day, profile_id, operator, country, currency) DO UPDATE SET
  bytes = u.bytes + excluded.bytes, sessions = u.sessions + excluded.sessions, cost = u.cost + excluded.cost
"""

# Only what is taken away from can become empty.
_EMPTY_DAYS = """
DELETE FROM usage_daily u USING (SELECT DISTINCT sim_id, day, company_id, currency FROM usage_change WHERE sessions < 0) c
WHERE u.sim_id = c.sim_id AND u.day = c.day AND u.company_id = c.company_id AND u.currency = c.currency AND u.sessions = 0
"""

_EMPTY_MONTHS = """
DELETE FROM usage_monthly u USING (
  SELECT DISTINCT company_id, date_trunc('month', day)::date AS month, sim_id, currency FROM usage_change WHERE sessions < 0) c
WHERE u.company_id = c.company_id AND u.month = c.month AND u.sim_id = c.sim_id AND u.currency = c.currency
  AND u.sessions = 0
"""

_EMPTY_NETWORKS = """
DELETE FROM usage_by_network u USING (
  SELECT DISTINCT company_id, day, operator, country, currency FROM usage_change WHERE sessions < 0) c
WHERE u.company_id = c.company_id AND u.day = c.day AND u.profile_id = $1 AND u.operator = c.operator
  AND u.country = c.country AND u.currency = c.currency AND u.sessions = 0
"""

_COUNT = "SELECT count(*) AS written, count(old_started_at) AS corrected FROM fresh_session"


@dataclass(frozen=True, slots=True)
class StoredRecords:
    """What a list of records brought: how many were read, how many were new, and how many changed what was known."""

    read: int = 0
    added: int = 0
    corrected: int = 0

    def __add__(self, other: StoredRecords) -> StoredRecords:
        return StoredRecords(self.read + other.read, self.added + other.added, self.corrected + other.corrected)


async def store_session_records(profile_id: int, records: Sequence[SessionRecord]) -> StoredRecords:
    """Insert or correct data sessions by key, and the daily sums in the same transaction.

    Late, repeated, corrected and open records may come in any order. Of records with one key in one batch the last counts.
    Records of SIMs that are not known, and those with an impossible time, are left out.
    """
    result = StoredRecords()
    for first in range(0, len(records), BATCH):
        result += await _store(profile_id, records[first : first + BATCH])
    return result


async def _store(profile_id: int, records: Sequence[SessionRecord]) -> StoredRecords:
    now = clock.now()
    rows = list({row.key: row for row in records if now - OLDEST < row.started_at < now + NEWEST}.values())
    if not rows:
        return StoredRecords(read=len(records))
    times = [row.started_at for row in rows]
    span = (min(times) - MOVES_AT_MOST, max(times) + MOVES_AT_MOST)
    await ensure_partitions(times)
    async with transaction(), connection() as raw:
        await raw.execute("SELECT pg_advisory_xact_lock($1::int, $2::int)", _ONE_WRITER, profile_id)
        await raw.execute(_STAGING)
        await raw.copy_records_to_table("incoming_session", records=_staged(rows), columns=_STAGED)
        written, corrected = await _merge(
            raw, profile_id, span, many=len(rows) > 1000, by_iccid=any(map(_looks_like_iccid, rows))
        )
    return StoredRecords(len(records), written - corrected, corrected)


async def _merge(
    raw: asyncpg.Connection, profile_id: int, span: tuple[datetime, datetime], *, many: bool, by_iccid: bool
) -> tuple[int, int]:
    if many:
        await raw.execute("ANALYZE incoming_session")
    await raw.execute(_BY_KEY, profile_id, *span)
    if by_iccid:
        await raw.execute(_BY_ICCID, profile_id, *span)
    counted = await raw.fetchrow(_COUNT)
    assert counted is not None
    if counted["corrected"]:
        await raw.execute(_MOVED, profile_id, *span)
    if counted["written"]:
        await raw.execute(_PUT, profile_id)
        await _sum_up(raw, profile_id, corrected=counted["corrected"] > 0)
    return counted["written"], counted["corrected"]


async def _sum_up(raw: asyncpg.Connection, profile_id: int, *, corrected: bool) -> None:
    """Bring the daily, monthly and network sums along, in the same transaction as the records."""
    await raw.execute(_CHANGES)
    await raw.execute(_DAYS)
    await raw.execute(_MONTHS)
    await raw.execute(_NETWORKS, profile_id)
    if corrected:
        await raw.execute(_EMPTY_DAYS)
        await raw.execute(_EMPTY_MONTHS)
        await raw.execute(_EMPTY_NETWORKS, profile_id)


async def ensure_partitions(times: Iterable[datetime]) -> None:
    """Make the month partitions (of UTC) in which these times lie, where they are missing."""
    for month in sorted({(time.year, time.month) for time in (each.astimezone(UTC) for each in times)}):
        day = date(*month, 1)
        await execute("SELECT ensure_record_partitions($1, $1)", day)


def _looks_like_iccid(row: SessionRecord) -> bool:
    return len(row.sim_key) > 17 and row.sim_key.startswith("89")


def _staged(rows: Sequence[SessionRecord]) -> list[tuple[object, ...]]:
    return [
        (
            row.key,
            row.sim_key,
            row.started_at,
            row.ended_at,
            row.total_bytes,
            row.operator,
            row.country,
            row.plmn,
            row.cost,
            row.currency,
        )
        for row in rows
    ]
