"""The lines of invoices: pages under many invoices, and their sums by plan, in one query each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import asyncpg

from models.database import fetch, readers
from models.where import Where
from services.keyset import Read, keyset_condition
from services.paging import ListOrder, Page, PageRequest, Row


@dataclass(frozen=True, slots=True)
class LineRow:
    """What a SIM used of a service in a month; see `models.billing.Charge`."""

    id: int
    sim_id: int
    iccid: str
    plan: str
    service: str
    usage_month: date
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The sum of a plan's service in a month."""

    plan: str
    service: str
    usage_month: date
    sims: int
    quantity: int
    amount: Decimal


_ORDER = ListOrder("INVOICE_LINES", "h.id")
_NAMES = tuple(LineRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"h.{name}" for name in _NAMES)

_SUMMARIES = """
SELECT invoice_id, plan, service, usage_month, count(DISTINCT sim_id)::int AS sims, sum(quantity)::bigint AS quantity,
       sum(amount) AS amount
FROM charge WHERE invoice_id = ANY($1::bigint[]) GROUP BY invoice_id, plan, service, usage_month
ORDER BY invoice_id, usage_month DESC, plan, service
"""


async def pages_of_lines(invoice_ids: list[int], request: PageRequest) -> dict[int, Page[LineRow]]:
    """The same page of each invoice. Who may see the invoice may see its lines: that is checked before."""
    found = await _records(invoice_ids, request, _COLUMNS, fetch)
    return {
        invoice_id: _page([_row(each) for each in found[invoice_id]], _places(found[invoice_id]), request)
        for invoice_id in invoice_ids
    }


async def record_pages_of_lines(
    invoice_ids: list[int], request: PageRequest, columns: str
) -> dict[int, Page[asyncpg.Record]]:
    """The same pages as records of columns over the line `h`."""
    found = await _records(invoice_ids, request, columns, readers().fetch)
    return {invoice_id: _page(found[invoice_id], _places(found[invoice_id]), request) for invoice_id in invoice_ids}


async def _records(
    invoice_ids: list[int], request: PageRequest, columns: str, read: Read
) -> Mapping[int, list[asyncpg.Record]]:
    """Of each invoice the records of a page, and one more where the list goes on."""
    size = request.size()
    where = Where(invoice_ids)
    where.add("h.invoice_id = p.id")
    keyset_condition(where, _ORDER, _ORDER.place(request.after, "after"))
    if (before := _ORDER.place(request.before, "before")) is not None:
        where.add(f"h.id < {where.bind(before[1])}")
    direction = "DESC" if request.backward else "ASC"
    records = await read(
        f"SELECT {columns}, p.id AS parent_id, h.id AS line_id FROM unnest($1::bigint[]) p(id) CROSS JOIN LATERAL ("  # noqa: S608
        f"SELECT {_COLUMNS} FROM charge h WHERE {where.sql}"
        f" ORDER BY h.id {direction} LIMIT {where.bind(size + 1)}) h ORDER BY p.id, h.id {direction}",
        *where.arguments,
    )
    found: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for record in records:
        found[record["parent_id"]].append(record)
    return found


async def count_lines(invoice_ids: list[int]) -> dict[int, int]:
    """How many lines each invoice has; those without any are left out."""
    rows = await fetch(
        "SELECT invoice_id, count(*)::int AS lines FROM charge WHERE invoice_id = ANY($1::bigint[]) GROUP BY invoice_id",
        invoice_ids,
    )
    return {row["invoice_id"]: row["lines"] for row in rows}


async def summaries_of(invoice_ids: list[int]) -> dict[int, Sequence[SummaryRow]]:
    """The sums of each invoice by plan, service and month; invoices without lines are left out."""
    found: dict[int, list[SummaryRow]] = defaultdict(list)
    for invoice_id, *values in await fetch(_SUMMARIES, invoice_ids):
        found[invoice_id].append(SummaryRow(*values))
    return dict(found)


def _row(record: asyncpg.Record) -> LineRow:
    return LineRow(*(record[name] for name in _NAMES))


def _places(records: list[asyncpg.Record]) -> list[tuple[None, int]]:
    return [(None, record["line_id"]) for record in records]


def _page(rows: list[Row], places: list[tuple[None, int]], request: PageRequest) -> Page[Row]:
    size = request.size()
    more = len(rows) > size
    rows, places = rows[:size], places[:size]
    if request.backward:
        rows.reverse()
        places.reverse()
    return Page(
        rows=rows,
        places=places,
        order=_ORDER,
        has_next=request.before is not None if request.backward else more,
        has_previous=more if request.backward else request.after is not None,
    )
