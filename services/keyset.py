"""The SQL of a page: rows beyond a place in an order, from either end, with empty values last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import asyncpg

from models.database import fetch
from models.where import Where
from services.paging import ListOrder, Page, PageRequest, Row

Place = tuple[object, int] | None
Read = Callable[..., Awaitable[Sequence[asyncpg.Record]]]
Build = Callable[[str, str], str]
"""Makes the query of conditions (SQL) and of what follows them: ORDER BY and LIMIT."""


async def keyset_page(
    build: Build,
    where: Where,
    order: ListOrder,
    request: PageRequest,
    to_row: Callable[[asyncpg.Record], Row],
    read: Read = fetch,
    value_at: int | str = "order_value",
) -> Page[Row]:
    """Fetch one page; `build` selects `order.selected` besides the row's own columns.

    `value_at` says where a record has the ordered value, when `build` selects that elsewhere. One query, or two when the
    page reaches across the border to the rows whose ordered value is empty: that way every order keeps to an index scan
    with a row comparison.
    """
    size = request.size()
    after, before = order.place(request.after, "after"), order.place(request.before, "before")
    records: list[asyncpg.Record] = []
    for part, tail in _parts(where, order, after, before, request.backward):
        if len(records) > size:
            break
        limit = part.bind(size + 1 - len(records))
        records += await read(build(part.sql, f"{tail} LIMIT {limit}"), *part.arguments)
    more = len(records) > size
    records = records[:size]
    if request.backward:
        records.reverse()
    return Page(
        rows=[to_row(record) for record in records],
        places=_Places(records, value_at),
        order=order,
        has_next=before is not None if request.backward else more,
        has_previous=more if request.backward else after is not None,
    )


class _Places(Sequence[tuple[Any, int]]):
    """The place of each record, taken out of it only when somebody wants its cursor."""

    def __init__(self, records: Sequence[asyncpg.Record], value_at: int | str) -> None:
        self._records = records
        self._value_at = value_at

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        record = self._records[index]
        return record[self._value_at], record["order_id"]


def keyset_condition(where: Where, order: ListOrder, after: Place) -> None:
    """Limit rows of an order by id alone to those after a place."""
    if after is not None:
        where.add(f"{order.id_column} {'<' if order.descending else '>'} {where.bind(after[1])}")


def _parts(where: Where, order: ListOrder, after: Place, before: Place, backward: bool) -> Iterator[tuple[Where, str]]:
    """The pieces of the list in the order in which they are read, each with its conditions and its ORDER BY."""
    if order.expression is None:
        kinds: Sequence[bool | None] = (None,)
    elif not order.nullable:
        kinds = (False,)
    else:
        kinds = (True, False) if backward else (False, True)
    for empty in kinds:
        part = Where(*where.arguments)
        part.add(where.sql)
        if order.nullable:
            part.add(f"{order.expression} IS {'NULL' if empty else 'NOT NULL'}")
        if _bound(part, order, after, empty, beyond=True) and _bound(part, order, before, empty, beyond=False):
            yield part, _order_by(order, empty, backward)


def _bound(part: Where, order: ListOrder, place: Place, empty: bool | None, *, beyond: bool) -> bool:
    """Add the condition of one end to a piece; False when nothing of the piece lies on that side."""
    if place is None:
        return True
    value, row_id = place
    comparison = ">" if order.descending != beyond else "<"
    if empty is False and value is not None:
        part.add(f"({order.expression}, {order.id_column}) {comparison} ({part.bind(value)}, {part.bind(row_id)})")
        return True
    if empty is None or (empty and value is None):
        part.add(f"{order.id_column} {comparison} {part.bind(row_id)}")
        return True
    # The place lies in the other piece; the empty one is the later.
    return empty is beyond


def _order_by(order: ListOrder, empty: bool | None, backward: bool) -> str:
    direction = "DESC" if order.descending != backward else "ASC"
    if empty is False:
        return f"ORDER BY {order.expression} {direction}, {order.id_column} {direction}"
    return f"ORDER BY {order.id_column} {direction}"
