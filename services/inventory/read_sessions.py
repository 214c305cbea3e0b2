"""Data sessions and daily usage of SIMs: pages under many SIMs in one set query, only what belongs to who asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from access import Principal, limit_to_visible
from domain.errors import InvalidValue
from models.database import fetch, readers
from models.where import Where
from services.keyset import AskedColumns, Read
from services.paging import MOMENT, ListOrder, Page, PageRequest, Row

LONGEST_SPAN = timedelta(days=366)
"""The most days of usage that are read at once."""

# The operator's key is a text; its hash makes the order of sessions that began in one moment definite.
_ID = "(hashtextextended(d.key, 0) & 9223372036854775807)"
_NEWEST = ListOrder("SESSIONS", _ID, "d.started_at", descending=True, parse=MOMENT)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A data session; `ended_at` None is open, `city` None not known."""

    started_at: datetime
    ended_at: datetime | None
    bytes: int
    operator: str | None
    country: str | None
    city: str | None
    plmn: str | None
    cost: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What a SIM used in sessions that began on a day (UTC)."""

    day: date
    bytes: int
    sessions: int


_NAMES = tuple(SessionRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"d.{name}" for name in _NAMES)


async def pages_of_sessions(
    principal: Principal, sim_ids: list[int], request: PageRequest
) -> dict[int, Page[SessionRow]]:
    """The same page under each SIM, the newest first. A SIM that changed hands shows each owner their own sessions."""
    columns = f"{_COLUMNS}, d.order_value, d.order_id"
    found = await _records(principal, sim_ids, request, columns, fetch)
    return {
        sim_id: _page([_row(each) for each in found[sim_id]], _places(found[sim_id]), request) for sim_id in sim_ids
    }


async def record_pages_of_sessions(
    principal: Principal, sim_ids: list[int], request: PageRequest, asked: AskedColumns
) -> dict[int, Page[asyncpg.Record]]:
    """The same pages as records of columns over the session `d`; places only where somebody asks for cursors."""
    has_cursors = asked.cursors != "none"
    columns = f"{asked.columns}, d.order_value, d.order_id" if has_cursors else asked.columns
    found = await _records(principal, sim_ids, request, columns, readers().fetch)
    return {sim_id: _page(found[sim_id], _places(found[sim_id]) if has_cursors else [], request) for sim_id in sim_ids}


async def _records(
    principal: Principal, sim_ids: list[int], request: PageRequest, columns: str, read: Read
) -> Mapping[int, list[asyncpg.Record]]:
    """Of each SIM the records of a page, and one more where the list goes on."""
    size = request.size()
    where = Where(sim_ids)
    where.add("d.sim_id = p.id")
    limit_to_visible(principal, where, "d", sims="d.sim_id")
    for place, comparison in (
        (_NEWEST.place(request.after, "after"), "<"),
        (_NEWEST.place(request.before, "before"), ">"),
    ):
        if place is not None:
            moment, row_id = where.bind(place[0]), where.bind(place[1])
            # The first condition is what leaves out partitions.
            where.add(
                f"d.started_at {comparison}= {moment} AND (d.started_at, {_ID}) {comparison} ({moment}, {row_id})"
            )
    direction = "ASC" if request.backward else "DESC"
    records = await read(
        f"SELECT {columns}, p.id AS parent_id FROM unnest($1::bigint[]) p(id) CROSS JOIN LATERAL ("  # noqa: S608
        f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM data_session d WHERE {where.sql}"
        f" ORDER BY d.started_at {direction}, {_ID} {direction} LIMIT {where.bind(size + 1)}) d"
        f" ORDER BY p.id, d.order_value {direction}, d.order_id {direction}",
        *where.arguments,
    )
    found: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for record in records:
        found[record["parent_id"]].append(record)
    return found


async def count_sessions_of_sims(principal: Principal, sim_ids: list[int]) -> dict[int, int]:
    """How many sessions each SIM has had; SIMs without any are left out."""
    where = Where(sim_ids)
    where.add("u.sim_id = ANY($1::bigint[])")
    limit_to_visible(principal, where, "u", sims="u.sim_id")
    rows = await fetch(
        f"SELECT u.sim_id, sum(u.sessions)::bigint AS sessions FROM usage_daily u WHERE {where.sql} GROUP BY u.sim_id",  # noqa: S608
        *where.arguments,
    )
    return {row["sim_id"]: row["sessions"] for row in rows}


async def usage_of_sims(
    principal: Principal, sim_ids: list[int], first: date, last: date
) -> dict[int, Sequence[UsageDay]]:
    """Usage by day from `first` to `last`, both included; days without sessions are left out.

    Raises `InvalidValue` for a span that is turned round or longer than a year.
    """
    if not timedelta(0) <= last - first < LONGEST_SPAN:
        raise InvalidValue("Give at most 366 days, the earlier day as `from`.", path=("to",))
    where = Where(sim_ids, first, last)
    where.add("u.sim_id = ANY($1::bigint[]) AND u.day BETWEEN $2 AND $3")
    limit_to_visible(principal, where, "u", sims="u.sim_id")
    rows = await fetch(
        "SELECT u.sim_id, u.day, sum(u.bytes)::bigint AS bytes, sum(u.sessions)::int AS sessions FROM usage_daily u"  # noqa: S608
        f" WHERE {where.sql} GROUP BY u.sim_id, u.day ORDER BY u.sim_id, u.day",
        *where.arguments,
    )
    found: dict[int, list[UsageDay]] = defaultdict(list)
    for row in rows:
        found[row["sim_id"]].append(UsageDay(row["day"], row["bytes"], row["sessions"]))
    return dict(found)


def _row(record: asyncpg.Record) -> SessionRow:
    return SessionRow(*(record[name] for name in _NAMES))


def _places(records: list[asyncpg.Record]) -> list[tuple[Any, int]]:
    return [(record["order_value"], record["order_id"]) for record in records]


def _page(rows: list[Row], places: list[tuple[Any, int]], request: PageRequest) -> Page[Row]:
    """Cut what was read to the page; of `places` there may be none, where nobody asks for one."""
    size = request.size()
    more = len(rows) > size
    rows, places = rows[:size], places[:size]
    if request.backward:
        rows.reverse()
        places.reverse()
    return Page(
        rows=rows,
        places=places,
        order=_NEWEST,
        has_next=request.before is not None if request.backward else more,
        has_previous=more if request.backward else request.after is not None,
    )
