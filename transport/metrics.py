"""What Prometheus is told of the API: operations, refusals, sockets and streams; nothing that names a tenant or a document."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

OPERATIONS = Counter(
    "novaconnect_operations", "Operations by transport, kind and outcome.", ("transport", "kind", "outcome")
)
SECONDS = Histogram(
    "novaconnect_operation_seconds",
    "How long queries and mutations take.",
    ("transport",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)
REFUSED = Counter("novaconnect_refused_requests", "Requests refused before GraphQL read them.", ("code",))
SUBSCRIPTIONS = Gauge("novaconnect_subscriptions", "Subscriptions that run now.", ("transport",))
SOCKETS = Gauge("novaconnect_sockets", "WebSockets that are open now.")
SHARED_STREAMS = Gauge("novaconnect_shared_streams", "Executions that serve those subscriptions.")

FAST_OK, FAST_FAILED = (OPERATIONS.labels("http", "query", outcome) for outcome in ("ok", "failed"))
HTTP_SECONDS = SECONDS.labels("http")


def metrics_routes() -> list[Route]:
    """`/metrics` of this process; it needs no token, so let only the scraper reach it."""
    return [Route("/metrics", _metrics)]


async def _metrics(request: Request) -> Response:
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})
