"""Storing records of calls and text messages: upserted by the operator's key."""

from __future__ import annotations

from collections.abc import Sequence

from domain.clock import clock
from models.database import execute
from novaconnect_sdk import CallOrMessageRecord
from services.inventory.store_records import MOVES_AT_MOST, NEWEST, OLDEST, StoredRecords, ensure_partitions

# A record keeps the company that owned the SIM when it first came.
_PUT = """
WITH incoming AS (
  SELECT g.*, s.id AS sim_id, s.company_id
  FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::int[], $9::numeric[],
              $10::text[], $11::text[]) AS g (key, sim_key, at, kind, direction, other, duration, cost, currency, operator)
  JOIN sim s ON s.profile_id = $1 AND s.operator_ref = g.sim_key
), moved AS (
  DELETE FROM call_record o USING incoming i
  WHERE o.profile_id = $1 AND o.key = i.key AND o.at <> i.at AND o.at BETWEEN $12::timestamptz AND $13::timestamptz
  RETURNING o.key, o.company_id
)
INSERT INTO call_record AS o (at, sim_id, company_id, profile_id, duration_seconds, key, kind, direction, other_number, cost,
                              currency, operator)
SELECT i.at, i.sim_id, coalesce(m.company_id, i.company_id), $1, i.duration, i.key, i.kind, i.direction, i.other, i.cost,
       i.currency, i.operator
FROM incoming i LEFT JOIN moved m ON m.key = i.key
ORDER BY i.key
ON CONFLICT (profile_id, key, at) DO UPDATE SET duration_seconds = excluded.duration_seconds, cost = excluded.cost,
  currency = excluded.currency, operator = excluded.operator
WHERE (o.duration_seconds, o.cost, o.currency, o.operator)
  IS DISTINCT FROM (excluded.duration_seconds, excluded.cost, excluded.currency, excluded.operator)
"""


async def store_call_records(profile_id: int, records: Sequence[CallOrMessageRecord]) -> StoredRecords:
    """Insert or correct calls and messages; those of unknown SIMs and with an impossible time are left out.

    A correction may move one by up to `MOVES_AT_MOST`: it is still there once.
    """
    now = clock.now()
    rows = list({row.key: row for row in records if now - OLDEST < row.at < now + NEWEST}.values())
    if not rows:
        return StoredRecords(read=len(records))
    await ensure_partitions(row.at for row in rows)
    tag = await execute(
        _PUT,
        profile_id,
        [row.key for row in rows],
        [row.sim_key for row in rows],
        [row.at for row in rows],
        [row.kind for row in rows],
        [row.direction for row in rows],
        [row.other_number for row in rows],
        [row.duration_seconds for row in rows],
        [row.cost for row in rows],
        [row.currency for row in rows],
        [row.operator for row in rows],
        min(row.at for row in rows) - MOVES_AT_MOST,
        max(row.at for row in rows) + MOVES_AT_MOST,
    )
    return StoredRecords(read=len(records), added=int(tag.rpartition(" ")[2]))
