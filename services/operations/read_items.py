"""Items of operations and actions on SIMs: pages under many parents, in one set query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import asyncpg

from access import Principal, limit_to_companies, limit_to_visible, limit_to_visible_operations
from models.database import fetch, readers
from models.where import Where
from services.keyset import keyset_condition
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One SIM of an operation. `check_at` is when it will be looked at again, `deadline_at` when that is given up."""

    id: int
    operation_id: int
    sim_id: int
    kind: str
    state: str
    attempt: int
    outcome_code: str | None
    outcome_message: str | None
    started_at: datetime | None
    finished_at: datetime | None
    check_at: datetime | None
    deadline_at: datetime | None


class ItemParent(Enum):
    """Whose items: an operation's in the order of its SIMs, or a SIM's with the newest first."""

    OPERATION = ListOrder("ITEMS", "i.id")
    SIM = ListOrder("HISTORY", "i.id", descending=True)

    @property
    def column(self) -> str:
        """The column that names the parent."""
        return "operation_id" if self is ItemParent.OPERATION else "sim_id"


_NAMES = tuple(ItemRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"i.{name}" for name in _NAMES)


async def pages_of_items(
    principal: Principal,
    parent: ItemParent,
    parent_ids: list[int],
    states: Collection[str] | None,
    request: PageRequest,
) -> dict[int, Page[ItemRow]]:
    """The same page under each parent. Who may see the parent may see its items: that is checked before."""
    where, pages, direction = _pages(principal, parent, parent_ids, states, request)
    records = await fetch(
        f"SELECT p.id AS parent_id, {_COLUMNS} FROM {pages} ORDER BY p.id, i.id {direction}",  # noqa: S608
        *where.arguments,
    )
    return _by_parent(parent, parent_ids, request, [(record["parent_id"], _item_row(record)) for record in records])


async def record_pages_of_items(
    principal: Principal,
    parent: ItemParent,
    parent_ids: list[int],
    states: Collection[str] | None,
    request: PageRequest,
    columns: str,
) -> dict[int, Page[asyncpg.Record]]:
    """The same pages as records of columns over the item `i`, and over its SIM `s`, its operation `o` and who started that.

    `s` and `o` (with `u`) are empty where the principal may not see them.
    """
    where, pages, direction = _pages(principal, parent, parent_ids, states, request)
    sims, operations = Where(*where.arguments), Where()
    limit_to_visible(principal, sims, "s", sims="s.id")
    operations.arguments = sims.arguments
    limit_to_visible_operations(principal, operations, "o")
    records = await readers().fetch(
        f"SELECT {columns}, p.id AS parent_id, i.id AS id FROM {pages}"  # noqa: S608
        f" LEFT JOIN sim s ON s.id = i.sim_id AND {sims.sql}"
        f" LEFT JOIN operation o ON o.id = i.operation_id AND {operations.sql}"
        f" LEFT JOIN user_account u ON u.id = o.started_by_id ORDER BY p.id, i.id {direction}",
        *operations.arguments,
    )
    return _by_parent(parent, parent_ids, request, [(record["parent_id"], record) for record in records])


def _pages(
    principal: Principal,
    parent: ItemParent,
    parent_ids: list[int],
    states: Collection[str] | None,
    request: PageRequest,
) -> tuple[Where, str, str]:
    """Parameters, the source `p` (the parents) with `i` (a page and one row under each), and the direction of `i.id`."""
    order: ListOrder = parent.value
    where = Where(parent_ids)
    where.add(f"i.{parent.column} = p.id")
    if parent is ItemParent.SIM:  # a SIM that changed hands shows each owner their own operations
        limit_to_companies(principal, where, "i")
    keyset_condition(where, order, order.place(request.after, "after"))
    if (before := order.place(request.before, "before")) is not None:
        where.add(f"i.id {'>' if order.descending else '<'} {where.bind(before[1])}")
    if states is not None:
        where.add(f"i.state = ANY({where.bind(list(states))}::text[])")
    direction = "DESC" if order.descending != request.backward else "ASC"
    pages = (
        "unnest($1::bigint[]) p(id) CROSS JOIN LATERAL ("  # noqa: S608
        f"SELECT i.* FROM operation_item i WHERE {where.sql} ORDER BY i.id {direction}"
        f" LIMIT {where.bind(request.size() + 1)}) i"
    )
    return where, pages, direction


async def count_items_of_sims(principal: Principal, sim_ids: list[int]) -> dict[int, int]:
    """How many actions each SIM has had, as far as the principal sees them; SIMs without any are left out."""
    where = Where(sim_ids)
    where.add("i.sim_id = ANY($1::bigint[])")
    limit_to_companies(principal, where, "i")
    rows = await fetch(
        f"SELECT i.sim_id, count(*) AS actions FROM operation_item i WHERE {where.sql} GROUP BY i.sim_id",  # noqa: S608
        *where.arguments,
    )
    return {row["sim_id"]: row["actions"] for row in rows}


def _item_row(record: asyncpg.Record) -> ItemRow:
    return ItemRow(*(record[name] for name in _NAMES))


def _by_parent(
    parent: ItemParent, parent_ids: list[int], request: PageRequest, rows: list[tuple[int, Any]]
) -> dict[int, Page[Any]]:
    """Rows, each with its parent, as a page of each; a row is a record or object with an `id`."""
    found: dict[int, list[Any]] = defaultdict(list)
    for parent_id, row in rows:
        found[parent_id].append(row)
    return {parent_id: _page(found[parent_id], parent.value, request) for parent_id in parent_ids}


def _page(rows: list[Any], order: ListOrder, request: PageRequest) -> Page[Any]:
    more = len(rows) > request.size()
    rows = rows[: request.size()]
    if request.backward:
        rows.reverse()
    return Page(
        rows=rows,
        places=[(None, row["id"] if isinstance(row, asyncpg.Record) else row.id) for row in rows],
        order=order,
        has_next=request.before is not None if request.backward else more,
        has_previous=more if request.backward else request.after is not None,
    )
