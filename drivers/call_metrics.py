"""Calls to operators as Prometheus and traces see them: how many, how long, how they ended; nothing about whose SIM."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from opentelemetry import trace
from prometheus_client import Counter, Histogram

from novaconnect_sdk import DriverError, NotSent

CALLS = Counter("novaconnect_driver_calls", "Requests to operators by profile and outcome.", ("profile", "outcome"))
SECONDS = Histogram(
    "novaconnect_driver_call_seconds",
    "How long operators take to answer.",
    ("profile",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
WAITED = Histogram(
    "novaconnect_driver_wait_seconds",
    "How long a request waits for its turn in the budget.",
    ("profile",),
    buckets=(0.01, 0.1, 0.5, 1, 5, 30),
)
_tracer = trace.get_tracer("novaconnect.drivers")


@asynccontextmanager
async def measured_call(profile: str, turn: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    """One request to an operator inside its `turn`."""
    asked = time.monotonic()
    async with turn:
        began = time.monotonic()
        WAITED.labels(profile).observe(began - asked)
        with _tracer.start_as_current_span(
            "operator call",
            kind=trace.SpanKind.CLIENT,
            record_exception=False,
            attributes={"novaconnect.profile": profile},
        ) as span:
            outcome = "answered"
            try:
                yield
            except BaseException as error:
                outcome = _outcome(error)
                raise
            finally:
                span.set_attribute("novaconnect.outcome", outcome)
                CALLS.labels(profile, outcome).inc()
                SECONDS.labels(profile).observe(time.monotonic() - began)


def _outcome(error: BaseException) -> str:
    if isinstance(error, NotSent):
        return "not_sent"
    if isinstance(error, DriverError):
        return error.code.value.lower()
    return "cancelled" if isinstance(error, asyncio.CancelledError) else "no_answer"
