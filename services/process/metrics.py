"""What Prometheus is told of the queue, and the small server by which programs without a port of their own tell it."""

from __future__ import annotations

import logging
import time

from prometheus_client import Gauge, start_http_server

from domain.clock import clock
from models.database import fetch
from settings import Settings

QUEUED = Gauge("novaconnect_queue_items", "Items that wait to be sent to their operator.", ("profile",))
AGE = Gauge(
    "novaconnect_queue_age_seconds", "How long the oldest of them has waited since its acceptance.", ("profile",)
)
UNCONFIRMED = Gauge(
    "novaconnect_unconfirmed_items", "Items that wait for a confirmation or are unknown.", ("profile", "state")
)

EVERY_SECONDS = 10.0
"""How old the gauges of the queue get."""

_QUEUE = """
SELECT p.code, coalesce(q.items, 0) AS items, o.created_at AS oldest
FROM profile p
LEFT JOIN LATERAL (
  SELECT count(*) AS items, min(i.operation_id) AS operation_id FROM operation_item i
  WHERE i.account_id = p.account_id AND i.profile_id = p.id AND i.state = 'QUEUED'
) q ON true
LEFT JOIN operation o ON o.id = q.operation_id
"""
_UNCONFIRMED = """
SELECT p.code, i.state, count(*) AS items FROM operation_item i JOIN profile p ON p.id = i.profile_id
WHERE i.check_at IS NOT NULL GROUP BY p.code, i.state
"""
_log = logging.getLogger("novaconnect.metrics")


async def measure_queue() -> None:
    """Bring the gauges of the queue up to date; two statements."""
    now = clock.now()
    for row in await fetch(_QUEUE):
        QUEUED.labels(row["code"]).set(row["items"])
        AGE.labels(row["code"]).set((now - row["oldest"]).total_seconds() if row["oldest"] else 0)
    found = await fetch(_UNCONFIRMED)
    UNCONFIRMED.clear()
    for row in found:
        UNCONFIRMED.labels(row["code"], row["state"].lower()).set(row["items"])


async def measure_queue_when_due() -> None:
    """`measure_queue`, if this process serves metrics and the last time is long enough ago."""
    if _Serving.on and time.monotonic() >= _Serving.due:
        _Serving.due = time.monotonic() + EVERY_SECONDS
        await measure_queue()


class _Serving:
    on = False
    due = 0.0


def serve_metrics(settings: Settings) -> None:
    """Serve this process's metrics on `METRICS_PORT`, if there is one; a port in use costs the metrics, not the program."""
    port = settings.gates.metrics_port
    if port is None:
        return
    try:
        start_http_server(port, settings.host)
        _Serving.on = True
    except OSError as error:
        _log.warning("no metrics: METRICS_PORT %s cannot be used (%s)", port, type(error).__name__)
