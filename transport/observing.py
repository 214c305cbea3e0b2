"""Operations and streams as metrics and traces see them: their kind, how long, how they ended; nothing asked or told."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from typing import Any

from opentelemetry import propagate, trace
from starlette.types import Message, Scope, Send

from transport.metrics import OPERATIONS, SECONDS, SUBSCRIPTIONS
from transport.results import Result, is_request_error

_tracer = trace.get_tracer("novaconnect.api")


class _Tracing:
    on = False


def trace_requests(*, on: bool) -> None:
    """Whether requests and operations become spans."""
    _Tracing.on = on


def is_tracing() -> bool:
    """Whether they do."""
    return _Tracing.on


class Seen:
    """How an operation ended, as far as is known."""

    outcome = "failed"

    def result(self, result: Result) -> None:
        """The result is there."""
        if not result.errors:
            self.outcome = "ok"
        else:
            self.outcome = "refused" if is_request_error(result) else "errors"


def operation_span(kind: str) -> AbstractContextManager[object]:
    """A span around an operation, when there are traces at all."""
    if not _Tracing.on:
        return nullcontext()
    return _tracer.start_as_current_span(f"graphql {kind}", record_exception=False)


@contextmanager
def observed(transport: str, kind: str) -> Iterator[Seen]:
    """Around one query or mutation."""
    seen = Seen()
    began = time.monotonic()
    with operation_span(kind):
        try:
            yield seen
        finally:
            OPERATIONS.labels(transport, kind, seen.outcome).inc()
            SECONDS.labels(transport).observe(time.monotonic() - began)


async def observed_stream(transport: str, kind: str, events: Any) -> AsyncGenerator[Any, None]:
    """The same events; while they come, a subscription is counted as running."""
    running_now = SUBSCRIPTIONS.labels(transport)
    weight = 1 if kind == "subscription" else 0
    outcome = "ok"
    running_now.inc(weight)
    try:
        async with aclosing(events) as running:
            async for event in running:
                if getattr(event, "errors", None) or getattr(event, "refused", None):
                    outcome = "errors"
                yield event
    finally:
        running_now.dec(weight)
        OPERATIONS.labels(transport, kind, outcome).inc()


@contextmanager
def request_span(scope: Scope, send: Send) -> Iterator[Send]:
    """A span around an HTTP request, part of the caller's trace if it names one; gives the `send` to be used inside."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    parent = propagate.extract({name: headers[name] for name in ("traceparent", "tracestate") if name in headers})
    attributes = {"http.request.method": scope["method"], "url.path": scope["path"]}
    name = f"{scope['method']} {scope['path']}"
    with _tracer.start_as_current_span(
        name, parent, trace.SpanKind.SERVER, record_exception=False, attributes=attributes
    ) as span:

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
            await send(message)

        yield told
