"""The three lists of records as SQL: their tables, their orders, and the columns that a row of a report has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.reports import ReportKind, Span
from services.paging import MAX_BIGINT, MOMENT, ListOrder

_KEY = "(hashtextextended(d.key, d.profile_id) & 9223372036854775807)"


class ReportColumn(StrEnum):
    """A column that a report can be ordered by."""

    TIME = "TIME"
    BYTES = "BYTES"


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """An order of records: expressions over `d` that follow one direction and that no two rows share.

    `place` turns what a cursor holds into their values. `by_time` says that the first of them is the record's time.
    """

    listing: ListOrder
    keys: tuple[str, ...]
    casts: tuple[str, ...]
    place: Callable[[tuple[Any, int]], tuple[object, ...]]
    by_time: bool

    @property
    def descending(self) -> bool:
        """Which end comes first."""
        return self.listing.descending

    def order_by(self, *, backward: bool = False) -> str:
        """The clause, turned round for pages that are counted from the end."""
        direction = "DESC" if self.descending != backward else "ASC"
        return "ORDER BY " + ", ".join(f"{key} {direction}" for key in self.keys)


@dataclass(frozen=True, slots=True)
class RecordList:
    """A table of records, known as `d`. `time` is the column that the days of a report are about."""

    table: str
    time: str
    days: bool = False

    def bounds(self, span: Span) -> tuple[object, object]:
        """What `time` is at least, and what it is less than."""
        if self.days:
            return span.first, span.last + timedelta(days=1)
        return span.begin, span.end


LISTS = {
    ReportKind.SESSIONS: RecordList("data_session d", "d.started_at"),
    ReportKind.CALLS_AND_MESSAGES: RecordList("call_record d", "d.at"),
    ReportKind.DAILY: RecordList("usage_daily d", "d.day", days=True),
}


def record_order(kind: ReportKind, column: ReportColumn = ReportColumn.TIME, *, descending: bool = True) -> RecordOrder:
    """An order of a report. Only sessions can be ordered by bytes."""
    direction = "DESC" if descending else "ASC"
    name = f"{kind.value}:{column.value}:{direction}"
    if kind is ReportKind.DAILY:
        shown = "d.day::text || '|' || d.company_id || '|' || d.currency"
        listing = ListOrder(name, "d.sim_id", shown, descending=descending, parse=_day_place)
        keys = ("d.day", "d.sim_id", "d.currency", "d.company_id")
        return RecordOrder(listing, keys, ("date", "bigint", "text", "bigint"), _of_day, by_time=True)
    if column is ReportColumn.BYTES:
        listing = ListOrder(name, _KEY, "d.bytes", descending=descending, parse=_bytes)
        return RecordOrder(listing, ("d.bytes", _KEY), ("bigint", "bigint"), _of_pair, by_time=False)
    moment = LISTS[kind].time
    listing = ListOrder(name, _KEY, moment, descending=descending, parse=MOMENT)
    return RecordOrder(listing, (moment, _KEY), ("timestamptz", "bigint"), _of_pair, by_time=True)


def _of_pair(place: tuple[Any, int]) -> tuple[object, ...]:
    value, row_id = place
    return (value.astimezone(UTC) if isinstance(value, datetime) else value, row_id)


def _of_day(place: tuple[Any, int]) -> tuple[object, ...]:
    (day, company_id, currency), sim_id = place
    return day, sim_id, currency, company_id


def _bytes(text: str) -> object:
    number = int(text)
    if not 0 <= number <= MAX_BIGINT:
        raise ValueError("out of range")
    return number


def _day_place(text: str) -> object:
    day, company_id, currency = text.split("|")
    if not company_id.isascii() or not company_id.isdigit() or int(company_id) > MAX_BIGINT or "\x00" in currency:
        raise ValueError("of another list")
    return date.fromisoformat(day), int(company_id), currency
