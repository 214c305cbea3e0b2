"""Items of operations and actions on SIMs: pages under many parents, in one set query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import asyncpg

from models.database import fetch
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
    parent: ItemParent, parent_ids: list[int], states: Collection[str] | None, request: PageRequest
) -> dict[int, Page[ItemRow]]:
    """The same page under each parent. Who may see the parent may see its items: that is checked before."""
    size = request.size()
    order: ListOrder = parent.value
    where = Where(parent_ids)
    where.add(f"i.{parent.column} = p.id")
    keyset_condition(where, order, order.place(request.after, "after"))
    if (before := order.place(request.before, "before")) is not None:
        where.add(f"i.id {'>' if order.descending else '<'} {where.bind(before[1])}")
    if states is not None:
        where.add(f"i.state = ANY({where.bind(list(states))}::text[])")
    direction = "DESC" if order.descending != request.backward else "ASC"
    records = await fetch(
        f"SELECT p.id AS parent_id, i.* FROM unnest($1::bigint[]) p(id) CROSS JOIN LATERAL ("  # noqa: S608
        f"SELECT {_COLUMNS} FROM operation_item i WHERE {where.sql} ORDER BY i.id {direction}"
        f" LIMIT {where.bind(size + 1)}) i ORDER BY p.id, i.id {direction}",
        *where.arguments,
    )
    found: dict[int, list[ItemRow]] = defaultdict(list)
    for record in records:
        found[record["parent_id"]].append(_item_row(record))
    return {parent_id: _page(found[parent_id], order, request, size) for parent_id in parent_ids}


async def count_items_of_sims(sim_ids: list[int]) -> dict[int, int]:
    """How many actions each SIM has had; SIMs without any are left out."""
    rows = await fetch(
        "SELECT sim_id, count(*) AS actions FROM operation_item WHERE sim_id = ANY($1::bigint[]) GROUP BY sim_id",
        sim_ids,
    )
    return {row["sim_id"]: row["actions"] for row in rows}


def _item_row(record: asyncpg.Record) -> ItemRow:
    return ItemRow(*(record[name] for name in _NAMES))


def _page(rows: list[ItemRow], order: ListOrder, request: PageRequest, size: int) -> Page[ItemRow]:
    more = len(rows) > size
    rows = rows[:size]
    if request.backward:
        rows.reverse()
    return Page(
        rows=rows,
        places=[(None, row.id) for row in rows],
        order=order,
        has_next=request.before is not None if request.backward else more,
        has_previous=more if request.backward else request.after is not None,
    )
