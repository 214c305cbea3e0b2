"""A page of a report by set queries: as quick at row 150,000 as at the first, for one SIM, some, a filter or the fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
            f" WHERE d.sim_id = s.id AND d.company_id = ANY($1::bigint[]) AND {conditions} {tail}) d WHERE {sims} {tail}"
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
    parts = [f"{listed.time} >= {where.bind(first)}::{kind}", f"{listed.time} < {where.bind(end)}::{kind}"]
    for place, beyond in ((after, True), (before, False)):
        if place is None:
            continue
        comparison = "<" if order.descending == beyond else ">"
        values = [f"{where.bind(value)}::{cast}" for value, cast in zip(order.place(place), order.casts, strict=True)]
        # The first condition is what an index and the choice of partitions go by.
        parts.append(f"{order.keys[0]} {comparison}= {values[0]}")
        parts.append(f"({', '.join(order.keys)}) {comparison} ({', '.join(values)})")
    return " AND ".join(parts)


async def way_of(kind: ReportKind, scope: Scope, span: Span, *, by_time: bool) -> Way:
    """How to find the records: it depends on how many the chosen SIMs have."""
    if scope.sims is None:
        return Way.WALK
    if by_time and scope.sims.ids is not None and len(scope.sims.ids) <= 50:
        return Way.SIM_BY_SIM
    listed = LISTS[kind]
    where = Where(list(scope.company_ids))
    first, end = (where.bind(bound) for bound in listed.bounds(span))
    sims = await scope.sims_sql(where)
    counted = await readers().fetch_row(
        f"SELECT count(*) AS records FROM (SELECT FROM visible_sim s JOIN {listed.table} ON d.sim_id = s.id"  # noqa: S608
        f" WHERE {sims} AND d.company_id = ANY($1::bigint[]) AND {listed.time} >= {first} AND {listed.time} < {end}"
        f" LIMIT {FEW + 1}) x",
        *where.arguments,
    )
    assert counted is not None
    return Way.SIM_BY_SIM if counted["records"] <= FEW else Way.WALK
