"""An honest estimate of when queued work ends: what stands before it in the queue, at the pace the operator allows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from domain.clock import clock
from domain.operations import LOCK_KINDS
from models.database import fetch, fetch_value

_CALL_SECONDS = 0.25
"""A call takes about so long; with few calls at once this, not the rate, is the limit."""

_QUEUES = """
SELECT a.id, least(a.calls_per_second, a.max_concurrency / $2::float8) AS pace,
       queue_length(a.id) AS queued
FROM operator_account a WHERE a.id = ANY($1::bigint[])
"""

_AHEAD = """
WITH mine AS (
  SELECT account_id, priority, max(turn) AS last, max(not_before) AS not_before FROM operation_item
  WHERE operation_id = $1 AND state = 'QUEUED' GROUP BY account_id, priority)
SELECT m.account_id, m.not_before, least(a.calls_per_second, a.max_concurrency / $2::float8) AS pace,
       queue_ahead(m.account_id, m.priority, m.last) AS ahead
FROM mine m JOIN operator_account a ON a.id = m.account_id
"""

# Items held back by an open change of their own kind (see `services.execution.claim_items`) go when that one ends, at its
# deadline at the latest. As many are looked at as tell the order of magnitude; OFFSET 0 as there.
_HELD_UNTIL = f"""
SELECT max(w.deadline_at) FROM (
  SELECT id, sim_id, kind FROM operation_item WHERE operation_id = $1 AND state = 'QUEUED' AND kind NOT IN {LOCK_KINDS}
  ORDER BY id LIMIT 1000) i
CROSS JOIN LATERAL (SELECT * FROM operation_item WHERE sim_id = i.sim_id AND id <> i.id OFFSET 0) w
WHERE w.kind = i.kind AND w.deadline_at > $2 AND w.state IN ('AWAITING_CONFIRMATION', 'UNKNOWN')
"""  # noqa: S608 - constants


async def seconds_to_drain(additional: Mapping[int, int]) -> int:
    """Seconds until `additional` items by account id, behind all that is queued now, would be sent."""
    if not additional:
        return 0
    rows = await fetch(_QUEUES, list(additional), _CALL_SECONDS)
    return max((ceil((row["queued"] + additional[row["id"]]) / row["pace"]) for row in rows), default=0)


async def operation_eta(operation_id: int) -> datetime | None:
    """When the last queued item of an operation is expected to be sent, at the latest where it waits for an open change of
    its own kind; None when nothing is queued."""
    now = clock.now()
    rows = await fetch(_AHEAD, operation_id, _CALL_SECONDS)
    if not rows:
        return None
    by_pace = now + timedelta(seconds=max(ceil(row["ahead"] / row["pace"]) for row in rows))
    held_until = await fetch_value(_HELD_UNTIL, operation_id, now)
    return max(moment for moment in (by_pace, held_until, *(row["not_before"] for row in rows)) if moment is not None)
