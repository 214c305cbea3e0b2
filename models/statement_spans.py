"""Statements as spans of a trace; nothing happens, and nothing costs anything, until tracing begins."""

from __future__ import annotations

import re
import time
from typing import Any

import asyncpg
from opentelemetry import trace

_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b(?!\s*=)")
_LONGEST = 500


class _Tracing:
    on = False


def trace_statements() -> None:
    """Every connection opened from now on tells its statements."""
    _Tracing.on = True


async def watch_connection(connection: Any) -> None:
    """For a new connection; what it shows are texts of statements, never the values that are bound to them."""
    if _Tracing.on:
        connection.add_query_logger(_span)


def _span(record: asyncpg.connection.LoggedQuery) -> None:
    ended = time.time_ns()
    text = _LITERAL.sub("?", record.query.strip())[:_LONGEST]
    span = trace.get_tracer("novaconnect.sql").start_span(
        text.split(None, 1)[0].upper() if text else "SQL",
        kind=trace.SpanKind.CLIENT,
        start_time=ended - int(record.elapsed * 1e9),
        attributes={"db.system.name": "postgresql", "db.query.text": text},
    )
    if record.exception is not None:
        span.set_attribute("error.type", type(record.exception).__name__)
    span.end(ended)
