"""What a whole report adds up to, whatever page of it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

from domain.reports import ReportKind, Span
from models.database import readers
from models.where import Where
from services.reports.scope import Scope
from services.reports.usage_sums import Cost, Usage, pieces, usage_of


@dataclass(frozen=True, slots=True)
class CallTotals:
    """Calls and messages of a span: how many, how long the calls were together, and their costs by currency."""

    calls: int
    messages: int
    duration_seconds: int
    costs: tuple[Cost, ...]

    @property
    def records(self) -> int:
        """How many rows the report has."""
        return self.calls + self.messages


async def session_totals(scope: Scope, span: Span) -> Usage:
    """Sessions, bytes and costs of a session report: from the kept sums, and from records where days are not UTC days."""
    if not scope.company_ids:
        return Usage()
    if span.is_utc:
        return (await _kept(scope, span)).rounded()
    begin, end = span.begin, span.end
    first = _midnight_after(begin)
    last = end.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    if last < first:
        return (await _counted(scope, begin, end)).rounded()
    parts = [
        await _counted(scope, begin, first),
        await _kept(scope, Span(first.date(), last.date())),
        await _counted(scope, last + timedelta(days=1), end),
    ]
    return reduce(add, parts).rounded()


async def count_days(scope: Scope, span: Span) -> int:
    """How many rows a daily report has."""
    if not scope.company_ids:
        return 0
    where = Where(span.first, span.last)
    await scope.limit(where, "u")
    row = await readers().fetch_row(
        f"SELECT count(*) AS rows FROM usage_daily u WHERE {where.sql} AND u.day BETWEEN $1 AND $2",  # noqa: S608
        *where.arguments,
    )
    assert row is not None
    return int(row["rows"])


async def call_totals(scope: Scope, span: Span) -> CallTotals:
    """Counts, durations and costs of a report of calls and messages."""
    where = Where(span.begin, span.end)
    await scope.limit(where, "d")
    rows = await readers().fetch(
        "SELECT coalesce(d.currency, '') AS currency, coalesce(sum(d.cost), 0) AS cost, count(d.cost) AS priced,"  # noqa: S608
        " count(*) FILTER (WHERE d.kind = 'VOICE') AS calls, count(*) FILTER (WHERE d.kind <> 'VOICE') AS messages,"
        " coalesce(sum(d.duration_seconds), 0)::bigint AS seconds"
        f" FROM call_record d WHERE {where.sql} AND d.at >= $1 AND d.at < $2 GROUP BY 1 ORDER BY 1",
        *where.arguments,
    )
    costs = Usage(costs=tuple(Cost(row["cost"], row["currency"] or None) for row in rows if row["priced"])).rounded()
    return CallTotals(
        calls=sum(row["calls"] for row in rows),
        messages=sum(row["messages"] for row in rows),
        duration_seconds=sum(row["seconds"] for row in rows),
        costs=costs.costs,
    )


async def count_rows(kind: ReportKind, scope: Scope, span: Span) -> int:
    """How many rows a report has."""
    if kind is ReportKind.DAILY:
        return await count_days(scope, span)
    if kind is ReportKind.SESSIONS:
        return (await session_totals(scope, span)).sessions
    return (await call_totals(scope, span)).records


async def _kept(scope: Scope, span: Span) -> Usage:
    where = Where()
    await scope.limit(where, "u")
    sums = "u.currency, sum(u.sessions)::bigint AS sessions, sum(u.bytes)::bigint AS bytes, sum(u.cost) AS cost"
    found = Usage()
    tables = [("usage_by_network", "day", span.first, span.last)] if scope.sims is None else pieces(span)
    for table, day, first, last in tables:
        rows = await readers().fetch(
            f"SELECT {sums} FROM {table} u WHERE {where.sql} AND u.{day} BETWEEN ${len(where.arguments) + 1}"  # noqa: S608
            f" AND ${len(where.arguments) + 2} GROUP BY u.currency",
            *where.arguments,
            first,
            last,
        )
        found = reduce(
            add, (usage_of(row["sessions"], row["bytes"], row["cost"], row["currency"]) for row in rows), found
        )
    return found


async def _counted(scope: Scope, begin: datetime, end: datetime) -> Usage:
    if begin >= end:
        return Usage()
    where = Where(begin, end)
    await scope.limit(where, "d")
    rows = await readers().fetch(
        "SELECT coalesce(d.currency, '') AS currency, count(*) AS sessions, sum(d.bytes)::bigint AS bytes,"  # noqa: S608
        f" coalesce(sum(d.cost), 0) AS cost FROM data_session d WHERE {where.sql}"
        " AND d.started_at >= $1 AND d.started_at < $2 GROUP BY 1",
        *where.arguments,
    )
    return reduce(add, (usage_of(row["sessions"], row["bytes"], row["cost"], row["currency"]) for row in rows), Usage())


def _midnight_after(moment: datetime) -> datetime:
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == moment else midnight + timedelta(days=1)
