"""Groups of SIMs: a customer's own names for parts of the fleet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import Principal, limit_to_visible_groups
from models.database import fetch, fetch_row, fetch_value
from models.where import Where
from services.keyset import AskedColumns, keyset_page, keyset_records
from services.paging import ListOrder, Page, PageRequest

_COLUMNS = "g.id, g.company_id, g.name, g.created_at"
_BY_NAME = ListOrder("GROUP_NAME", "g.id", "lower(g.name COLLATE pg_c_utf8)")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of SIMs."""

    id: int
    company_id: int
    name: str
    created_at: datetime


def _group_row(record: asyncpg.Record) -> GroupRow:
    return GroupRow(record["id"], record["company_id"], record["name"], record["created_at"])


async def list_groups(principal: Principal, request: PageRequest) -> Page[GroupRow]:
    """One page of the visible groups, by name."""
    where = Where()
    limit_to_visible_groups(principal, where, "g")
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_COLUMNS}, {_BY_NAME.selected} FROM sim_group g WHERE {conditions} {tail}",  # noqa: S608
        where,
        _BY_NAME,
        request,
        _group_row,
    )


async def list_group_records(principal: Principal, request: PageRequest, asked: AskedColumns) -> Page[asyncpg.Record]:
    """The same page as records of the asked columns: SQL over `g`."""
    where = Where()
    limit_to_visible_groups(principal, where, "g")
    return await keyset_records(
        lambda columns, conditions, tail: f"SELECT {columns} FROM sim_group g WHERE {conditions} {tail}",  # noqa: S608
        where,
        _BY_NAME,
        request,
        asked,
        is_steady=True,
    )


async def count_groups(principal: Principal) -> int:
    """How many groups are visible."""
    where = Where()
    limit_to_visible_groups(principal, where, "g")
    return int(await fetch_value(f"SELECT count(*) FROM sim_group g WHERE {where.sql}", *where.arguments))  # noqa: S608


async def get_group(principal: Principal, group_id: int) -> GroupRow | None:
    """A group, or None when there is none that the principal may see."""
    where = Where()
    limit_to_visible_groups(principal, where, "g")
    where.add(f"g.id = {where.bind(group_id)}")
    record = await fetch_row(f"SELECT {_COLUMNS} FROM sim_group g WHERE {where.sql}", *where.arguments)  # noqa: S608
    return None if record is None else _group_row(record)


async def groups_of_sims(principal: Principal, sim_ids: list[int]) -> dict[int, list[GroupRow]]:
    """The visible groups of each SIM, by name; SIMs in none are left out."""
    where = Where(sim_ids)
    where.add("m.sim_id = ANY($1::bigint[])")
    limit_to_visible_groups(principal, where, "g")
    rows = await fetch(
        f"SELECT m.sim_id, {_COLUMNS} FROM sim_group_member m JOIN sim_group g ON g.id = m.group_id"  # noqa: S608
        f" WHERE {where.sql} ORDER BY lower(g.name COLLATE pg_c_utf8), g.id",
        *where.arguments,
    )
    found = defaultdict(list)
    for row in rows:
        found[row["sim_id"]].append(_group_row(row))
    return found


async def sizes_of_groups(group_ids: list[int]) -> dict[int, int]:
    """How many SIMs are in each group; empty ones are left out."""
    rows = await fetch(
        "SELECT group_id, count(*) AS size FROM sim_group_member WHERE group_id = ANY($1::bigint[]) GROUP BY group_id",
        group_ids,
    )
    return {row["group_id"]: row["size"] for row in rows}
