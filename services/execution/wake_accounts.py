"""The reconcile loop's work: hints for every operator account that has something to do."""

from __future__ import annotations

import asyncio

from domain.clock import clock
from models.database import fetch
from services.execution.hints import send_hints
from services.operations.accept_operation import DRAIN

_READY = """
SELECT a.id FROM operator_account a
WHERE (a.paused_until IS NULL OR a.paused_until <= clock_timestamp()) AND (
  EXISTS (SELECT 1 FROM operation_item i WHERE i.account_id = a.id AND i.state = 'QUEUED'
          AND (i.not_before IS NULL OR i.not_before <= $1))
  OR EXISTS (SELECT 1 FROM operation_item i WHERE i.account_id = a.id AND i.check_at <= $1
             AND i.state IN ('AWAITING_CONFIRMATION', 'UNKNOWN')))
"""


async def wake_accounts() -> int:
    """Send a hint for each account with items ready or looks due; returns how many. Doubled hints do no harm."""
    rows = await fetch(_READY, clock.now())
    if rows:
        await asyncio.to_thread(send_hints, [(DRAIN, (row["id"],)) for row in rows])
    return len(rows)
