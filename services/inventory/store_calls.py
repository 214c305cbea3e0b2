"""Storing records of calls and text messages: upserted by the operator's key."""

from __future__ import annotations

from collections.abc import Sequence

from domain.clock import clock
from models.database import execute
from novaconnect_sdk import CallOrMessageRecord
from services.inventory.store_records import NEWEST, OLDEST, StoredRecords, ensure_partitions

# A record keeps the company that owned the SIM when it first came.
_PUT = """
INSERT INTO call_record AS o (at, sim_id, company_id, profile_id, duration_seconds, key, kind, direction, other_number, cost,
                              currency)
SELECT g.at, s.id, s.company_id, $1, g.duration, g.key, g.kind, g.direction, g.other, g.cost, g.currency
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::int[], $9::numeric[], $10::text[])
  AS g (key, sim_key, at, kind, direction, other, duration, cost, currency)
JOIN sim s ON s.profile_id = $1 AND s.operator_ref = g.sim_key
ORDER BY g.key
ON CONFLICT (profile_id, key, at) DO UPDATE SET duration_seconds = excluded.duration_seconds, cost = excluded.cost,
  currency = excluded.currency
WHERE (o.duration_seconds, o.cost, o.currency) IS DISTINCT FROM (excluded.duration_seconds, excluded.cost, excluded.currency)
"""


async def store_call_records(profile_id: int, records: Sequence[CallOrMessageRecord]) -> StoredRecords:
    """Insert or correct calls and messages; those of unknown SIMs and with an impossible time are left out."""
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
    )
    return StoredRecords(read=len(records), added=int(tag.rpartition(" ")[2]))
