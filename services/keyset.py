"""The SQL of a page: rows beyond a place in an order, from either end, with empty values last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg

from models.database import fetch, readers
from models.where import Where
from services.paging import MOMENT, ListOrder, Page, PageRequest, Row

Place = tuple[object, int] | None
Read = Callable[..., Awaitable[Sequence[asyncpg.Record]]]
Build = Callable[[str, str], str]
"""Makes the query of conditions (SQL) and of what follows them: ORDER BY and LIMIT."""


class AskedColumns(Protocol):
    """What of each row is asked: what a projection's `Plan` says."""

    @property
    def columns(self) -> str:
        """SQL expressions; they stand first in the records."""

    @property
    def positions(self) -> Mapping[str, int]:
        """Where each of them is in a record."""

    @property
    def moments(self) -> Mapping[str, int]:
        """Where a record has the text of a moment, by the moment's expression: ISO 8601 in UTC, with a Z."""

    @property
    def cursors(self) -> str:
        """The rows whose place will be asked for: `none`, those at the `ends`, or `every` one."""


async def keyset_page(
    build: Build, where: Where, order: ListOrder, request: PageRequest, to_row: Callable[[asyncpg.Record], Row]
) -> Page[Row]:
    """Fetch one page; `build` selects `order.selected` besides the row's own columns.

    One query, or two when the page reaches across the border to the rows whose ordered value is empty: that way every order
    keeps to an index scan with a row comparison.
    """
    page = await _page(build, where, order, request, fetch, _Places)
    return Page([to_row(record) for record in page.rows], page.places, order, page.has_next, page.has_previous)


async def keyset_records(
    build: Callable[[str, str, str], str],
    where: Where,
    order: ListOrder,
    request: PageRequest,
    asked: AskedColumns,
    *,
    extra: str = "",
    is_steady: bool = False,
) -> Page[asyncpg.Record]:
    """Fetch one page as records of the asked columns, on a connection for reading.

    `build` makes the query of what is selected, of conditions and of what follows them; `extra` is selected besides. With
    `is_steady` the values of the conditions do not matter for how the query is best run, so that PostgreSQL may plan it once:
    planning a page costs more than reading it.
    """
    value_at, selected, parse = _places_of(order, asked)
    columns = ", ".join(filter(None, (asked.columns, extra, selected)))
    return await _page(
        lambda conditions, tail: build(columns, conditions, tail),
        where,
        order,
        request,
        readers().fetch,
        lambda records: _Places(records, value_at, parse),
        is_steady=is_steady,
    )


def _places_of(order: ListOrder, asked: AskedColumns) -> tuple[int | str, str, Callable[[str], object] | None]:
    """Where a record has its ordered value, what has to be selected for that, and how it is read if as a text.

    Most often it is asked for anyway. Else a moment takes longer to decode than all the rest of a row.
    """
    if asked.cursors == "none":
        return "order_value", "", None
    if (position := asked.moments.get(order.expression or "")) is not None:
        return position, f"{order.id_column} AS order_id", _with_offset
    if (position := asked.positions.get(order.expression or "")) is not None:
        return position, f"{order.id_column} AS order_id", None
    if asked.cursors == "ends" and order.parse is MOMENT:
        return "order_value", f"({order.expression})::text AS order_value, {order.id_column} AS order_id", _moment
    return "order_value", order.selected, None


def _with_offset(text: str) -> object:
    """As `datetime.isoformat` writes it, so that a place has one cursor, whichever way its page was read."""
    return f"{text[:-1]}+00:00"


def _moment(text: str) -> object:
    return datetime.fromisoformat(text).astimezone(UTC)


async def _page(
    build: Build,
    where: Where,
    order: ListOrder,
    request: PageRequest,
    read: Read,
    places: Callable[[Sequence[asyncpg.Record]], _Places],
    *,
    is_steady: bool = False,
) -> Page[asyncpg.Record]:
    size = request.size()
    after, before = order.place(request.after, "after"), order.place(request.before, "before")
    records: list[asyncpg.Record] = []
    for part, tail in _parts(where, order, after, before, request.backward):
        if len(records) > size:
            break
        most = size + 1 - len(records)
        # A LIMIT that is not known is taken for a tenth of the rows, which makes every plan for the known one look better.
        limit = str(most) if is_steady else part.bind(most)
        records += await read(build(part.sql, f"{tail} LIMIT {limit}"), *part.arguments)
    more = len(records) > size
    if more:
        del records[size:]
    if request.backward:
        records.reverse()
    return Page(
        rows=records,
        places=places(records),
        order=order,
        has_next=before is not None if request.backward else more,
        has_previous=more if request.backward else after is not None,
    )


class _Places(Sequence[tuple[Any, int]]):
    """The place of each record, taken out of it only when somebody wants its cursor."""

    def __init__(
        self,
        records: Sequence[asyncpg.Record],
        value_at: int | str = "order_value",
        parse: Callable[[str], object] | None = None,
    ) -> None:
        self._records = records
        self._value_at = value_at
        self._parse = parse

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        record = self._records[index]
        value = record[self._value_at]
        return value if value is None or self._parse is None else self._parse(value), record["order_id"]


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
