"""An honest estimate of when queued work ends: what stands before it in the queue, at the pace the operator allows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from domain.clock import clock
from models.database import fetch

_CALL_SECONDS = 0.25
"""A call takes about so long; with few calls at once this, not the rate, is the limit."""

_QUEUES = """
SELECT a.id, least(a.calls_per_second, a.max_concurrency / $2::float8) AS pace,
       queue_length(a.id) AS queued
FROM operator_account a WHERE a.id = ANY($1::bigint[])
"""

_AHEAD = """
WITH mine AS (
  SELECT account_id, priority, max(turn) AS last FROM operation_item
  WHERE operation_id = $1 AND state = 'QUEUED' GROUP BY account_id, priority)
SELECT m.account_id, least(a.calls_per_second, a.max_concurrency / $2::float8) AS pace,
       queue_ahead(m.account_id, m.priority, m.last) AS ahead
FROM mine m JOIN operator_account a ON a.id = m.account_id
"""


async def seconds_to_drain(additional: Mapping[int, int]) -> int:
    """Seconds until `additional` items by account id, behind all that is queued now, would be sent."""
    if not additional:
        return 0
    rows = await fetch(_QUEUES, list(additional), _CALL_SECONDS)
    return max((ceil((row["queued"] + additional[row["id"]]) / row["pace"]) for row in rows), default=0)


async def operation_eta(operation_id: int) -> datetime | None:
    """When the last queued item of an operation is expected to be sent; None when nothing is queued."""
    rows = await fetch(_AHEAD, operation_id, _CALL_SECONDS)
    if not rows:
        return None
    return clock.now() + timedelta(seconds=max(ceil(row["ahead"] / row["pace"]) for row in rows))
