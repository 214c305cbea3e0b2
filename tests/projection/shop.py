"""A schema that has nothing to do with SIMs: a shop's orders, with a list that answers by projection and one that does not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Self

import asyncpg
import strawberry
from strawberry.schema.config import StrawberryConfig

from models.database import connection_arguments, execute, fetch, fetch_value
from projection import (
    Beside,
    Catalogue,
    Column,
    CompiledSchema,
    Embed,
    Entry,
    FastFields,
    Fields,
    Nested,
    Rows,
    plan_of,
)

TABLES = """
CREATE TABLE IF NOT EXISTS shop_label (id bigint PRIMARY KEY, name text NOT NULL, colour text);
CREATE TABLE IF NOT EXISTS shop_order (id bigint PRIMARY KEY, shop text NOT NULL, note text, total numeric(10, 2),
  placed_at timestamptz NOT NULL, paid_at timestamptz, state text NOT NULL, seller bigint, labels bigint[] NOT NULL);
CREATE TABLE IF NOT EXISTS shop_line (id bigint PRIMARY KEY, order_id bigint NOT NULL, item text NOT NULL,
  pieces int, wanted_at timestamptz);
"""


class OrderState(Enum):
    """Where an order stands; the database has it in small letters."""

    OPEN = "open"
    PAID = "paid"


strawberry.enum(OrderState)


@strawberry.interface
class Thing:
    """Has an id."""

    id: strawberry.ID


@strawberry.type
class Label(Thing):
    """Stands in a catalogue."""

    name: str
    colour: str | None

    @strawberry.field
    def shout(self) -> str:
        return self.name.upper()

    @strawberry.field
    async def asker(self, info: strawberry.Info) -> str:
        return f"{self.name} for {info.context['shop']}"

    @strawberry.field
    def cut(self, to: int) -> str:
        return self.name[:to]


@strawberry.type
class Line:
    """A row of an order."""

    item: str
    pieces: int | None
    wanted_at: datetime | None


@strawberry.type
class Money:
    """Made of the order's own columns."""

    total: Decimal | None
    is_free: bool | None


@strawberry.type
class Order(Thing):
    """A row."""

    record: strawberry.Private[Any]
    note: str | None
    state: OrderState
    placed_at: datetime
    paid_at: datetime | None
    money: Money
    must: str | None

    @classmethod
    def of(cls, record: Any) -> Self:
        total = record["total"]
        return cls(
            record=record,
            id=strawberry.ID(f"o{record['id']}"),
            note=record["note"],
            state=OrderState(record["state"]),
            placed_at=record["placed_at"],
            paid_at=record["paid_at"],
            money=Money(total=total, is_free=None if total is None else total == 0),
            must=record["note"],
        )

    @strawberry.field
    def note_or_error(self) -> str:
        return self.note  # type: ignore[return-value]

    @strawberry.field
    async def seller(self) -> Label | None:
        return (await labels_by_id([self.record["seller"]])).get(self.record["seller"])

    @strawberry.field
    async def labels(self) -> list[Label]:
        found = await labels_by_id(self.record["labels"])
        return sorted((found[i] for i in self.record["labels"] if i in found), key=lambda label: label.name)

    @strawberry.field
    async def lines(self) -> list[Line]:
        rows = await fetch("SELECT * FROM shop_line WHERE order_id = $1 ORDER BY id", self.record["id"])
        return [Line(item=row["item"], pieces=row["pieces"], wanted_at=row["wanted_at"]) for row in rows]

    @strawberry.field
    async def undeclared(self) -> str:
        return f"order {self.record['id']}"

    @strawberry.field
    async def numbered(self, info: strawberry.Info, step: int = 1, words: list[str] | None = None) -> list[Line | None]:
        """With arguments: answered beside the statement, from the id alone."""
        if step == 0:
            raise ValueError("no step")
        row_id = self.record["id"]
        rows = [Line(item=f"{word} {row_id * step}", pieces=None, wanted_at=None) for word in words or ("n",)]
        return [*rows, None] if row_id % 2 else list(rows)

    @strawberry.field
    async def sort(self, info: strawberry.Info) -> Label:
        """The very same object for all odd orders."""
        return SORTS[self.record["id"] % 2]

    @strawberry.field
    async def related(self, info: strawberry.Info, first: int = 2) -> OrderConnection:
        """A list below a row, which answers by projection itself."""
        plan = plan_of(info)
        columns = plan.columns if plan else "o.*"
        rows = await fetch(
            f"SELECT {columns}, o.id AS order_id FROM shop_order o WHERE o.id > $1 ORDER BY o.id LIMIT $2",
            self.record["id"],
            first,
        )
        page = Page(rows, False, False)

        async def count() -> int:
            return 12 - int(self.record["id"])

        if plan:
            Answered.projected += 1
            return await plan.page(page, await count() if plan.wants_total else None)
        Answered.ordinary += 1
        return OrderConnection(page=page, count=count)

    @strawberry.field
    def breaks(self) -> str | None:
        if self.record["id"] % 3 == 0:
            raise ValueError("a third of the orders break")
        return "whole"


@strawberry.type
class PageInfo:
    """Relay's."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class OrderEdge:
    """Relay's."""

    node: Order
    cursor: str


@dataclass(frozen=True)
class Page:
    """A page of records."""

    rows: Sequence[Any]
    has_next: bool
    has_previous: bool

    def cursor(self, index: int) -> str:
        return f"c{self.rows[index]['order_id']}"


@strawberry.type
class OrderConnection:
    """Relay's."""

    page: strawberry.Private[Page]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field
    def edges(self) -> list[OrderEdge]:
        return [OrderEdge(node=Order.of(row), cursor=self.page.cursor(at)) for at, row in enumerate(self.page.rows)]

    @strawberry.field
    def nodes(self) -> list[Order]:
        return [Order.of(row) for row in self.page.rows]

    @strawberry.field
    def page_info(self) -> PageInfo:
        rows = self.page.rows
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(0) if rows else None,
            end_cursor=self.page.cursor(len(rows) - 1) if rows else None,
        )

    @strawberry.field
    async def total_count(self) -> int:
        return await self.count()


async def labels_by_id(ids: Sequence[int | None]) -> dict[int, Label]:
    rows = await fetch("SELECT * FROM shop_label WHERE id = ANY($1::bigint[])", [i for i in ids if i is not None])
    return {row["id"]: Label(id=strawberry.ID(f"l{row['id']}"), name=row["name"], colour=row["colour"]) for row in rows}


SORTS = (Label(id=strawberry.ID("l0"), name="even", colour=None), Label(id=strawberry.ID("l9"), name="odd", colour="x"))


class Loads:
    """Counts how often the catalogue was read."""

    count = 0


async def _entries(ids: list[int]) -> dict[int, Entry]:
    Loads.count += 1
    return {row_id: Entry(label, label.name) for row_id, label in (await labels_by_id(ids)).items()}


LABELS = Catalogue("shop_label", _entries)


def _of_id(row_id: int) -> Order:
    order = object.__new__(Order)
    order.record = {"id": row_id}
    return order


ORDER: Fields = {
    "numbered": Beside(("o.id",), _of_id),
    "related": Beside(("o.id",), _of_id),
    "sort": Beside(("o.id",), _of_id, is_shared=True),
    "id": Column("'o' || o.id", never_null=True),
    "note": Column("o.note"),
    "must": Column("o.note"),
    "noteOrError": Column("o.note"),
    "state": Column("o.state", convert=str.upper, never_null=True),
    "placedAt": Column("o.placed_at", never_null=True),
    "paidAt": Column("o.paid_at"),
    "money": Nested({"total": Column("o.total::text"), "isFree": Column("o.total = 0")}),
    "seller": Embed("o.seller", LABELS),
    "labels": Embed("o.labels", LABELS, many=True),
    "lines": Rows(
        "SELECT {columns} FROM shop_line l WHERE l.order_id = o.id ORDER BY l.id",
        {"item": Column("l.item"), "pieces": Column("l.pieces"), "wantedAt": Column("l.wanted_at")},
        when="o.id % 5 <> 0",
    ),
}

fast = FastFields()
fast.connection("Query", "orders", ORDER)
fast.object("Query", "order", ORDER)
fast.connection("Order", "related", ORDER)


class Answered:
    """Counts how the lists answered."""

    projected = 0
    ordinary = 0


@strawberry.input
class OrderFilter:
    """Some of them."""

    states: list[OrderState] | None = None
    noted: bool | None = None


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def orders(
        self, info: strawberry.Info, first: int = 3, after: str | None = None, filter: OrderFilter | None = None
    ) -> OrderConnection:
        if first < 0:
            raise ValueError("first is negative")
        start = int(after[1:]) if after else 0
        states = [state.value for state in filter.states] if filter and filter.states is not None else None
        noted = filter.noted if filter else None
        where = "o.shop = $1 AND ($2::text[] IS NULL OR o.state = ANY($2)) AND ($3::bool IS NULL OR (o.note IS NOT NULL) = $3)"
        arguments = (info.context["shop"], states, noted)

        async def count() -> int:
            return await fetch_value(f"SELECT count(*) FROM shop_order o WHERE {where}", *arguments)

        plan = plan_of(info)
        columns = plan.columns if plan else "o.*"
        rows = await fetch(
            f"SELECT {columns}, o.id AS order_id FROM shop_order o WHERE {where} AND o.id > $4 ORDER BY o.id LIMIT $5",
            *arguments,
            start,
            first + 1,
        )
        page = Page(rows[:first], len(rows) > first, after is not None)
        if plan:
            Answered.projected += 1
            return await plan.page(page, await count() if plan.wants_total else None)
        Answered.ordinary += 1
        return OrderConnection(page=page, count=count)

    @strawberry.field
    async def order(self, info: strawberry.Info, id: int) -> Order | None:
        plan = plan_of(info)
        columns = plan.columns if plan else "o.*"
        rows = await fetch(f"SELECT {columns} FROM shop_order o WHERE shop = $1 AND id = $2", info.context["shop"], id)
        row = rows[0] if rows else None
        if plan:
            Answered.projected += 1
            return await plan.one(row)
        Answered.ordinary += 1
        return Order.of(row) if row else None

    @strawberry.field
    async def thing(self, id: strawberry.ID) -> Thing | None:
        if id.startswith("l"):
            return (await labels_by_id([int(id[1:])])).get(int(id[1:]))
        rows = await fetch("SELECT * FROM shop_order WHERE id = $1", int(id[1:]))
        return Order.of(rows[0]) if rows else None

    @strawberry.field
    async def plain_orders(self, info: strawberry.Info) -> list[Order]:
        rows = await fetch("SELECT * FROM shop_order WHERE shop = $1 ORDER BY id LIMIT 4", info.context["shop"])
        return [Order.of(row) for row in rows]

    @strawberry.field
    def where_am_i(self, info: strawberry.Info) -> list[str]:
        return [str(step) for step in info.path.as_list()]

    @strawberry.field
    def numbers(self, upto: int | None = 3) -> list[int] | None:
        return None if upto is None else list(range(upto))


class Changes:
    """Counts how often the mutation ran."""

    count = 0


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    def change(self, fail: bool) -> str:
        Changes.count += 1
        if fail:
            raise ValueError("it was to fail")
        return "changed"


@strawberry.type
class Happening:
    """An event."""

    order: Order
    breaks: bool

    @strawberry.field
    def number(self) -> int:
        if self.breaks:
            raise ValueError("this event breaks")
        return int(self.order.record["id"])


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription
    async def happenings(self, info: strawberry.Info, breaking: int = 0) -> AsyncGenerator[Happening, None]:
        rows = await fetch("SELECT * FROM shop_order WHERE shop = $1 ORDER BY id LIMIT 3", info.context["shop"])
        for row in rows:
            yield Happening(order=Order.of(row), breaks=row["id"] == breaking)
        if breaking < 0:
            raise ValueError("the stream breaks")


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _refuse(value: Any) -> Any:
    raise ValueError("only output")


def build_schema() -> CompiledSchema:
    """The schema with empty caches."""
    scalars: dict[object, Any] = {
        datetime: strawberry.scalar(name="DateTime", serialize=_moment, parse_value=_refuse),
        Decimal: strawberry.scalar(name="Decimal", serialize=str, parse_value=_refuse),
    }
    config = StrawberryConfig(scalar_map=scalars)
    return CompiledSchema(Query, Mutation, Subscription, types=[Order, Label], config=config, fast=fast)


async def stock(url: str) -> None:
    """Tables and a few rows with every kind of hole in them."""
    owner = await asyncpg.connect(**connection_arguments(url))
    try:
        await owner.execute(TABLES)
    finally:
        await owner.close()
    await execute(
        "INSERT INTO shop_label SELECT n, 'label ' || chr(105 - n::int), CASE WHEN n % 2 = 0 THEN 'red' END"
        " FROM generate_series(1, 4) n"
    )
    await execute(
        "INSERT INTO shop_order SELECT n, CASE WHEN n <= 8 THEN 'north' ELSE 'south' END,"
        " CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'Заказ \"' || n || '\"' END,"
        " CASE WHEN n % 3 > 0 THEN (n % 3 - 1) * 12.5 END, '2025-03-01 09:00Z'::timestamptz + n * interval '1.5 s',"
        " CASE WHEN n % 2 = 0 THEN '2025-03-02 10:00:00.000120+05'::timestamptz END,"
        " CASE WHEN n % 2 = 0 THEN 'paid' ELSE 'open' END, CASE WHEN n % 3 = 0 THEN NULL ELSE n % 5 END,"
        " CASE WHEN n % 4 = 0 THEN '{}'::bigint[] ELSE ARRAY[n % 5, 1 + n % 3] END FROM generate_series(1, 12) n"
    )
    await execute(
        "INSERT INTO shop_line SELECT n, 1 + n % 12, 'item ' || n, CASE WHEN n % 2 = 0 THEN n END,"
        " CASE WHEN n % 3 = 0 THEN '2025-01-01Z'::timestamptz END FROM generate_series(1, 30) n"
        " WHERE (1 + n % 12) % 5 <> 0"
    )
