"""Telling those who started an operation of many SIMs that it has ended."""

from __future__ import annotations

from datetime import timedelta

from domain.clock import clock
from domain.notifications import NotificationKind
from models.database import fetch
from services.notifications.notify import About, notify
from services.unit_of_work import unit_of_work

_LOOK_BACK = timedelta(days=1)
"""How far back ended operations are told of after the scheduler was away."""

_ENDED = """
SELECT o.id, o.company_id, o.started_by_id, o.kind, o.total, o.succeeded, o.refused, o.failed, o.unknown, o.cancelled
FROM operation o
WHERE o.total > 1 AND o.finished_at > $1 AND o.state IN ('DONE', 'CANCELLED') AND o.started_by_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM notification n WHERE n.user_id = o.started_by_id AND n.key = 'operation:' || o.id)
ORDER BY o.finished_at LIMIT 100
"""


async def tell_finished_operations() -> int:
    """Tell of operations of more than one SIM that have ended; returns how many. Each is told once."""
    ended = await fetch(_ENDED, clock.now() - _LOOK_BACK)
    for row in ended:
        async with unit_of_work() as uow:
            await notify(
                uow,
                NotificationKind.OPERATION_FINISHED,
                key=f"operation:{row['id']}",
                company_id=row["company_id"],
                user_ids=[row["started_by_id"]],
                about=About("Operation", row["id"]),
                values={
                    "operation": row["kind"],
                    **{name: row[name] for name in ("total", "succeeded", "refused", "failed", "unknown", "cancelled")},
                },
            )
    return len(ended)
