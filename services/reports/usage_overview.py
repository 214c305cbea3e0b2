"""Usage broken down by day, network, profile, plan or group, and the SIMs that used most: what a dashboard draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add
from typing import Any

import asyncpg

from domain.catalogue import plan_of_sim
from domain.errors import InvalidValue
from domain.reports import ReportKind, Span, TopBy, UsageKey
from models.database import readers
from models.where import Where
from services.reports.record_pages import Way, way_of
from services.reports.record_rows import ICCID, MSISDN, NAME
from services.reports.scope import Scope
from services.reports.usage_sums import Usage, sums_by_sim, usage_of

MOST = 1000
"""The most SIMs of `top_sims`."""

_SUMS = "sum(u.sessions)::bigint AS sessions, sum(u.bytes)::bigint AS bytes, sum(u.cost) AS cost, u.currency"

_OF_NETWORKS = {
    UsageKey.DAY: "u.day",
    UsageKey.COUNTRY: "nullif(u.country, '')",
    UsageKey.OPERATOR: "nullif(u.operator, '')",
    UsageKey.PROFILE: "p.code",
}


@dataclass(frozen=True, slots=True)
class UsagePart:
    """One part of an overview. `key` None is what cannot be told; `day` and `group_id` are set where they are the key."""

    key: str | None
    usage: Usage
    day: date | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class TopSim:
    """A SIM and what it used; `name` as of today."""

    sim_id: int
    iccid: str | None
    msisdn: str | None
    name: str
    usage: Usage


async def usage_overview(scope: Scope, span: Span, by: UsageKey) -> list[UsagePart]:
    """Usage of the scope by a key; days in their order, everything else the largest first.

    A SIM in several groups counts in each of them. Plans and groups are those of today.
    """
    if not scope.company_ids:
        return []
    if by is UsageKey.GROUP:
        return _ordered(await _by_group(scope, span))
    if by is UsageKey.PLAN:
        return _ordered(await _by_plan(scope, span))
    parts = _parts(await _by_network(scope, span, by), lambda row: row["key"])
    if by is UsageKey.DAY:
        return [UsagePart(day.isoformat(), usage.rounded(), day=day) for day, usage in sorted(parts.items())]
    return _ordered([UsagePart(key, usage) for key, usage in parts.items()])


async def top_sims(scope: Scope, span: Span, by: TopBy, limit: int) -> list[TopSim]:
    """The SIMs that used most, the most first; by cost a SIM stands once for each currency. Raises `InvalidValue`."""
    if not 1 <= limit <= MOST:
        raise InvalidValue(f"limit must be from 1 to {MOST}.", path=("limit",))
    if not scope.company_ids:
        return []
    where = Where()
    source = await sums_by_sim(scope, span, where)
    keys = "u.sim_id, u.company_id" + (", u.currency" if by is TopBy.COST else "")
    rank = {TopBy.BYTES: "bytes", TopBy.SESSIONS: "sessions", TopBy.COST: "cost"}[by]
    priced = " HAVING sum(u.cost) > 0" if by is TopBy.COST else ""
    # Of a SIM's several rows one stays for each currency; the rank is that of the whole.
    rows = await readers().fetch(
        f"WITH u AS MATERIALIZED ({source}), first AS (SELECT {keys}, sum(u.{rank}) AS rank FROM u"  # noqa: S608
        f" GROUP BY {keys}{priced} ORDER BY rank DESC, u.sim_id LIMIT {where.bind(limit)})"
        f" SELECT d.sim_id, d.company_id, d.rank, {ICCID} AS iccid, {MSISDN} AS msisdn, {NAME} AS name, {_SUMS}"
        f" FROM first d JOIN u ON u.sim_id = d.sim_id AND u.company_id = d.company_id"
        f"{' AND u.currency = d.currency' if by is TopBy.COST else ''}"
        " LEFT JOIN sim s ON s.id = d.sim_id AND s.company_id = d.company_id"
        " GROUP BY d.sim_id, d.company_id, d.rank, s.id, u.currency ORDER BY d.rank DESC, d.sim_id, d.company_id",
        *where.arguments,
    )
    found: dict[tuple[object, ...], tuple[asyncpg.Record, Usage]] = {}
    for row in rows:
        key = (row["sim_id"], row["company_id"], row["currency"] if by is TopBy.COST else None)
        known = found[key][1] if key in found else Usage()
        found[key] = (row, known + _usage(row))
    return [
        TopSim(row["sim_id"], row["iccid"], row["msisdn"], row["name"], usage.rounded())
        for row, usage in found.values()
    ]


async def _by_network(scope: Scope, span: Span, by: UsageKey) -> Sequence[asyncpg.Record]:
    where = Where(span.first, span.last)
    key = _OF_NETWORKS[by]
    if scope.sims is None:
        await scope.limit(where, "u")
        source = f"usage_by_network u LEFT JOIN profile p ON p.id = u.profile_id WHERE {where.sql} AND u.day BETWEEN $1 AND $2"
    elif by is UsageKey.DAY:
        await scope.limit(where, "u")
        source = f"usage_daily u WHERE {where.sql} AND u.day BETWEEN $1 AND $2"
    elif by is UsageKey.PROFILE:
        where = Where()
        sums = await sums_by_sim(scope, span, where)
        source = f"({sums}) u JOIN sim s ON s.id = u.sim_id JOIN profile p ON p.id = s.profile_id"
    else:
        where = Where(span.begin, span.end)
        source = await _networks_of_some(scope, span, where)
    return await readers().fetch(
        f"SELECT {key} AS key, {_SUMS} FROM {source} GROUP BY {key}, u.currency",  # noqa: S608
        *where.arguments,
    )


async def _networks_of_some(scope: Scope, span: Span, where: Where) -> str:
    """Of some SIMs no sums by network are kept: they are counted. $1 and $2 are the bounds of the span.

    The records of many SIMs lie anywhere: then all of the company's are passed over in the order in which they lie. `IS TRUE`
    keeps the planner from looking each SIM up instead.
    """
    companies = where.bind(list(scope.company_ids))
    sims = await scope.sims_sql(where)
    way = await way_of(ReportKind.SESSIONS, scope, span, by_time=True, whole=True)
    chosen = f"d.sim_id IN (SELECT s.id FROM visible_sim s WHERE {sims})"  # noqa: S608
    chosen = f"({chosen}) IS TRUE" if way is Way.WALK else chosen
    return (
        "(SELECT coalesce(d.operator, '') AS operator, coalesce(d.country, '') AS country,"  # noqa: S608
        " coalesce(d.currency, '') AS currency, 1 AS sessions, d.bytes, coalesce(d.cost, 0) AS cost FROM data_session d"
        f" WHERE d.company_id = ANY({companies}::bigint[]) AND d.started_at >= $1 AND d.started_at < $2 AND {chosen}) u"
    )


async def _by_plan(scope: Scope, span: Span) -> list[UsagePart]:
    where = Where()
    source = await sums_by_sim(scope, span, where)
    companies = where.bind(list(scope.company_ids))
    # The SIMs are limited by themselves: then an index alone tells the profile and the roaming of each.
    rows = await readers().fetch(
        f"SELECT p.code, x.roaming, x.sessions, x.bytes, x.cost, x.currency FROM ("  # noqa: S608
        f"SELECT s.profile_id, s.roaming, {_SUMS} FROM ({source}) u LEFT JOIN (SELECT s.id, s.company_id, s.profile_id,"
        f" s.roaming FROM sim s WHERE s.company_id = ANY({companies}::bigint[])) s"
        " ON s.id = u.sim_id AND s.company_id = u.company_id GROUP BY s.profile_id, s.roaming, u.currency"
        ") x LEFT JOIN profile p ON p.id = x.profile_id",
        *where.arguments,
    )
    return [UsagePart(key, usage) for key, usage in _parts(rows, _plan).items()]


async def _by_group(scope: Scope, span: Span) -> list[UsagePart]:
    where = Where()
    source = await sums_by_sim(scope, span, where)
    companies = where.bind(list(scope.company_ids))
    # Group by group (OFFSET 0), so that the members of other companies are not read.
    rows = await readers().fetch(
        f"SELECT m.group_id AS key, min(m.name) AS name, {_SUMS} FROM ({source}) u"  # noqa: S608
        " LEFT JOIN (SELECT g.id AS group_id, g.company_id, g.name, m.sim_id FROM sim_group g"
        " CROSS JOIN LATERAL (SELECT m.sim_id FROM sim_group_member m WHERE m.group_id = g.id OFFSET 0) m"
        f" WHERE g.company_id = ANY({companies}::bigint[])) m ON m.sim_id = u.sim_id AND m.company_id = u.company_id"
        " GROUP BY m.group_id, u.currency",
        *where.arguments,
    )
    names = {row["key"]: row["name"] for row in rows}
    parts = _parts(rows, lambda row: row["key"])
    return [UsagePart(names[key], usage, group_id=key) for key, usage in parts.items()]


def _plan(row: asyncpg.Record) -> str | None:
    plan = None if row["code"] is None else plan_of_sim(row["code"], roaming=row["roaming"])
    return plan.code if plan else None


def _parts(rows: Sequence[asyncpg.Record], key: Callable[[asyncpg.Record], Any]) -> dict[Any, Usage]:
    found: dict[Any, list[Usage]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(_usage(row))
    return {name: reduce(add, usages) for name, usages in found.items()}


def _usage(row: asyncpg.Record) -> Usage:
    return usage_of(row["sessions"], row["bytes"], row["cost"], row["currency"])


def _ordered(parts: list[UsagePart]) -> list[UsagePart]:
    rounded = [UsagePart(each.key, each.usage.rounded(), each.day, each.group_id) for each in parts]
    return sorted(rounded, key=lambda each: (-each.usage.bytes, each.key is None, each.key or ""))
