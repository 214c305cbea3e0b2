"""Pages of a list by keyset: as quick at row 90,000 as at the first, and whole while rows come and go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

import orjson

from domain.errors import BadPageSize, InvalidCursor

DEFAULT_SIZE = 50
"""Rows of a page when nobody says how many."""

MAX_SIZE = 500
"""The most rows of one page."""

MAX_BIGINT = 2**63 - 1
_MAX_INTEGER = 2**31 - 1
_MAX_CURSOR = 2_000

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for, in Relay's terms; both ends may be given a cursor."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def backward(self) -> bool:
        """Whether the page is counted from the end."""
        return self.last is not None

    def size(self) -> int:
        """How many rows; raises `BadPageSize` when negative, too many, or given from both ends."""
        if self.first is not None and self.last is not None:
            raise BadPageSize("Give either first or last, not both.", path=("last",))
        name, size = ("last", self.last) if self.last is not None else ("first", self.first)
        if size is None:
            return DEFAULT_SIZE
        if not 0 <= size <= MAX_SIZE:
            raise BadPageSize(f"{name} must be from 0 to {MAX_SIZE}: ask for the rest with a cursor.", path=(name,))
        return size


def _text(value: str) -> str:
    if "\x00" in value:
        raise ValueError("no such text is stored")
    return value


def _integer(value: str) -> int:
    number = int(value)
    if abs(number) > _MAX_INTEGER:
        raise ValueError("out of range")
    return number


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment


def _amount(value: str) -> Decimal:
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("not finite")
    return amount


TEXT: Callable[[str], object] = _text
INTEGER: Callable[[str], object] = _integer
MOMENT: Callable[[str], object] = _moment
AMOUNT: Callable[[str], object] = _amount


@dataclass(frozen=True, slots=True)
class ListOrder:
    """An order that no two rows share: an SQL expression, then the id.

    `name` stands in cursors, so that one of another order is recognised. `expression` None orders by id alone. Rows
    where a `nullable` expression is empty come last, whichever the direction. `parse` reads the expression's value
    back from a cursor.
    """

    name: str
    id_column: str
    expression: str | None = None
    descending: bool = False
    nullable: bool = False
    parse: Callable[[str], object] = TEXT

    @property
    def selected(self) -> str:
        """What a query selects, as its last two columns, for cursors."""
        return f"{self.expression or 'NULL'} AS order_value, {self.id_column} AS order_id"

    def cursor(self, value: object, row_id: int) -> str:
        """The opaque name of a row's place."""
        if self.parse is MOMENT and value.__class__ is str:
            return binascii.b2a_base64(orjson.dumps([self.name, value, row_id]), newline=False).decode()
        if isinstance(value, datetime):
            # Written by orjson as isoformat does, at a third of the time; of its characters none needs the other alphabet.
            return binascii.b2a_base64(orjson.dumps([self.name, value, row_id]), newline=False).decode()
        text = None if value is None else str(value)
        return base64.urlsafe_b64encode(orjson.dumps([self.name, text, row_id])).decode()

    def place(self, cursor: str | None, argument: str) -> tuple[object, int] | None:
        """The value and id behind a cursor; raises `InvalidCursor` for anything that this list did not give out."""
        if cursor is None:
            return None
        try:
            if len(cursor) > _MAX_CURSOR:
                raise ValueError("too long")
            name, text, row_id = orjson.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
            if name != self.name or type(row_id) is not int or not 0 <= row_id <= MAX_BIGINT:
                raise ValueError("of another list")
            if text is None:
                if self.expression is not None and not self.nullable:
                    raise ValueError("a value is missing")
                return None, row_id
            if not isinstance(text, str) or self.expression is None:
                raise ValueError("of another list")
            return self.parse(text), row_id
        except (ValueError, TypeError, InvalidOperation, binascii.Error) as error:
            raise InvalidCursor(
                f"{argument} is not a cursor of this list in this order: take one from pageInfo or an edge.",
                path=(argument,),
            ) from error


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page in the order of the list, each with its place."""

    rows: Sequence[Row]
    places: Sequence[tuple[Any, int]]
    order: ListOrder
    has_next: bool
    has_previous: bool

    def cursor(self, index: int) -> str:
        """The cursor of the row at `index`."""
        return self.order.cursor(*self.places[index])
