"""A page of a report by set queries: as quick at row 150,000 as at the first, for one SIM, some, a filter or the fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

import asyncpg

from domain.reports import ReportKind, Span
from models.database import readers
from models.where import Where
from services.paging import Page, PageRequest
from services.reports.record_lists import LISTS, RecordList, RecordOrder
from services.reports.scope import Scope

FEW = 20_000
"""If the chosen SIMs have at most so many records in the span, they are read SIM by SIM; else the company's list is walked
and the others are passed over."""


PAGE = 150
"""Rows of the page that the choice of a way is made for."""

A_SIM_COSTS = 20
"""What looking into every month of one SIM costs, in rows of a list that is walked."""

ZONES_DIFFER = timedelta(days=1)
"""How far the days of a zone lie from those of UTC at most."""


class Way(Enum):
    """How the records of a scope are found."""

    WALK = "WALK"
    SIM_BY_SIM = "SIM_BY_SIM"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which report. `columns` are SQL over the record `d` and its SIM `s`, each where `positions` says."""

    kind: ReportKind
    scope: Scope
    span: Span
    order: RecordOrder
    request: PageRequest
    columns: str
    positions: Mapping[str, int] = field(default_factory=dict)


# `IS TRUE` keeps the planner from looking for one SIM's records in the company's list.
_THEIRS = "(d.company_id = ANY($1::bigint[])) IS TRUE"

# The SIM as it is today, and only if it is still the company's: the name that a later owner gave is not theirs to see.
JOINED = "LEFT JOIN sim s ON s.id = d.sim_id AND s.company_id = d.company_id"


async def report_page(asked: Asked) -> Page[asyncpg.Record]:
    """One page as records of the asked columns, with `order_value` and `order_id` behind them.

    Raises `BadPageSize`, `InvalidCursor`, and the errors of a bad filter.
    """
    size, request, order = asked.request.size(), asked.request, asked.order
    after, before = order.listing.place(request.after, "after"), order.listing.place(request.before, "before")
    query = await _query(asked, after, before, size + 1)
    records = list(await readers().fetch(query.sql, *query.arguments)) if asked.scope.company_ids else []
    more = len(records) > size
    records = records[:size]
    if request.backward:
        records.reverse()
    return Page(
        rows=records,
        places=[(record["order_value"], record["order_id"]) for record in records],
        order=order.listing,
        has_next=before is not None if request.backward else more,
        has_previous=more if request.backward else after is not None,
    )


@dataclass(frozen=True, slots=True)
class _Query:
    sql: str
    arguments: list[object]


async def _query(asked: Asked, after: Any, before: Any, limit: int) -> _Query:
    listed, order, scope = LISTS[asked.kind], asked.order, asked.scope
    way = await way_of(asked.kind, scope, asked.span, by_time=order.by_time)
    where = Where(list(scope.company_ids))
    conditions = _conditions(where, listed, order, asked.span, after, before)
    tail = f"{order.order_by(backward=asked.request.backward)} LIMIT {where.bind(limit)}"
    sims = None if scope.sims is None else await scope.sims_sql(where)
    found = found_sql(listed, way, conditions, tail, sims, one_company=len(scope.company_ids) == 1)
    sql = (
        f"SELECT {asked.columns}, {order.listing.selected} FROM ({found}) d {JOINED}"  # noqa: S608
        f" {order.order_by(backward=asked.request.backward)}"
    )
    return _Query(sql, where.arguments)


def found_sql(listed: RecordList, way: Way, conditions: str, tail: str, sims: str | None, *, one_company: bool) -> str:
    """The records of a page. $1 are the companies; `sims` is a condition of `sim s`.

    `IS TRUE` keeps the planner from turning the list round: it is walked in its order, and each SIM is looked up.
    """
    if way is Way.SIM_BY_SIM:
        return (
            f"SELECT d.* FROM visible_sim s CROSS JOIN LATERAL (SELECT d.* FROM {listed.table}"  # noqa: S608
            f" WHERE d.sim_id = s.id AND {_THEIRS} AND {conditions} {tail}) d WHERE {sims} {tail}"
        )
    chosen = "" if sims is None else f" AND EXISTS (SELECT FROM visible_sim s WHERE s.id = d.sim_id AND {sims}) IS TRUE"
    if one_company:
        return f"SELECT d.* FROM {listed.table} WHERE d.company_id = ($1::bigint[])[1] AND {conditions}{chosen} {tail}"  # noqa: S608
    return (
        f"SELECT d.* FROM unnest($1::bigint[]) c(id) CROSS JOIN LATERAL (SELECT d.* FROM {listed.table}"  # noqa: S608
        f" WHERE d.company_id = c.id AND {conditions}{chosen} {tail}) d {tail}"
    )


def _conditions(where: Where, listed: RecordList, order: RecordOrder, span: Span, after: Any, before: Any) -> str:
    first, end = listed.bounds(span)
    kind = "date" if listed.days else "timestamptz"
    bounds, parts = {">": (">=", first), "<": ("<", end)}, []
    for place, beyond in ((after, True), (before, False)):
        if place is None:
            continue
        comparison = "<" if order.descending == beyond else ">"
        found: tuple[Any, ...] = order.place(place)
        values = [f"{where.bind(value)}::{cast}" for value, cast in zip(found, order.casts, strict=True)]
        parts.append(f"({', '.join(order.keys)}) {comparison} ({', '.join(values)})")
        if listed.days and span.first <= found[0] <= span.last:
            # The index has all of the order: with a second bound of the day, a whole day before the place would be read.
            bounds.pop(comparison, None)
        else:
            # The first condition is what an index and the choice of partitions go by.
            parts.append(f"{order.keys[0]} {comparison}= {values[0]}")
    parts += [f"{listed.time} {compared} {where.bind(bound)}::{kind}" for compared, bound in bounds.values()]
    return " AND ".join(parts)


async def way_of(kind: ReportKind, scope: Scope, span: Span, *, by_time: bool, whole: bool = False) -> Way:
    """How to find a page of the records, or the `whole` of them: it depends on how many the chosen SIMs have."""
    if scope.sims is None:
        return Way.WALK
    if by_time and scope.sims.ids is not None and len(scope.sims.ids) <= 50:
        return Way.SIM_BY_SIM
    # Of sessions the days are counted: they lie together by SIM, and no SIM has more of them than sessions.
    listed = LISTS[ReportKind.DAILY if kind is ReportKind.SESSIONS else kind]
    days = Span(span.first - ZONES_DIFFER, span.last + ZONES_DIFFER) if listed.days and not span.is_utc else span
    where = Where(list(scope.company_ids))
    first, end = (where.bind(bound) for bound in listed.bounds(days))
    sims = await scope.sims_sql(where)
    # The count ends soon only if it goes SIM by SIM (OFFSET 0); for days an index alone tells it.
    counted = await readers().fetch_row(
        "SELECT count(*) AS records, count(DISTINCT x.id) AS sims FROM (SELECT s.id FROM visible_sim s"  # noqa: S608
        f" CROSS JOIN LATERAL (SELECT FROM {listed.table} WHERE d.sim_id = s.id AND {_THEIRS}"
        f" AND {listed.time} >= {first} AND {listed.time} < {end} OFFSET 0) d WHERE {sims} LIMIT {FEW + 1}) x",
        *where.arguments,
    )
    assert counted is not None
    records = counted["records"]
    if records > FEW:
        return Way.WALK
    everything = None if whole or kind is ReportKind.CALLS_AND_MESSAGES else await _all_sessions(scope, days)
    if everything is None:
        return Way.SIM_BY_SIM
    walked = PAGE * everything / max(records, 1)
    return Way.WALK if walked < records + counted["sims"] * A_SIM_COSTS else Way.SIM_BY_SIM


async def _all_sessions(scope: Scope, span: Span) -> int | None:
    """How many sessions the whole companies had; None where that is not kept."""
    row = await readers().fetch_row(
        "SELECT sum(u.sessions)::bigint AS sessions FROM usage_by_network u"
        " WHERE u.company_id = ANY($1::bigint[]) AND u.day BETWEEN $2 AND $3",
        list(scope.company_ids),
        span.first,
        span.last,
    )
    return None if row is None else row["sessions"]
