"""Reading invoices and credit notes: one, a page of them, or many by id. Drafts are for staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from access import Principal, limit_to_visible
from domain.billing.invoices import InvoiceKind, InvoiceState
from models.database import fetch, fetch_value, readers
from models.where import Where
from services.keyset import AskedColumns, keyset_page, keyset_records
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice or a credit note; see `models.billing.Invoice`."""

    id: int
    company_id: int
    legal_entity_id: int
    kind: str
    state: str
    period: date
    currency: str
    eur_total: Decimal
    number: str | None
    issued_on: date | None
    rate: Decimal | None
    rate_on: date | None
    rate_source: str | None
    local_amount: Decimal | None
    paid_amount: Decimal
    credited_on: date | None
    day3_on: date | None
    day5_on: date | None
    day6_on: date | None
    calendar_version: str | None
    corrects_id: int | None
    credit_note_id: int | None
    reason: str | None
    hold_reason: str | None
    pdf_key: str | None
    pdf_sha256: str | None
    pdf_bytes: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which ones; None leaves out a condition. Periods are first days of months, both included."""

    states: Collection[InvoiceState] | None = None
    kinds: Collection[InvoiceKind] | None = None
    company_id: int | None = None
    first_period: date | None = None
    last_period: date | None = None
    search: str | None = None


EVERYTHING = InvoiceFilter()

_NAMES = tuple(InvoiceRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"i.{name}" for name in _NAMES if name != "credit_note_id")
_SELECTED = f"{_COLUMNS}, (SELECT n.id FROM invoice n WHERE n.corrects_id = i.id) AS credit_note_id"  # noqa: S608
_NEWEST = ListOrder("INVOICES", "i.id", "i.period", descending=True, parse=date.fromisoformat)


async def list_invoices(principal: Principal, request: PageRequest, wanted: InvoiceFilter) -> Page[InvoiceRow]:
    """One page of what the principal may see, the newest period first."""
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_SELECTED}, {_NEWEST.selected} FROM invoice i WHERE {conditions} {tail}",  # noqa: S608
        _conditions(principal, wanted),
        _NEWEST,
        request,
        _row,
    )


async def list_invoice_records(
    principal: Principal, request: PageRequest, wanted: InvoiceFilter, asked: AskedColumns
) -> Page[asyncpg.Record]:
    """The same page as records of the asked columns: SQL over `i`."""
    return await keyset_records(
        lambda columns, conditions, tail: f"SELECT {columns} FROM invoice i WHERE {conditions} {tail}",  # noqa: S608
        _conditions(principal, wanted),
        _NEWEST,
        request,
        asked,
        is_steady=wanted == EVERYTHING,
    )


async def get_invoice_record(principal: Principal, invoice_id: int, columns: str) -> asyncpg.Record | None:
    """The invoice as a record of columns over `i`, or None when there is none that the principal may see."""
    where = _conditions(principal, EVERYTHING)
    where.add(f"i.id = {where.bind(invoice_id)}")
    return await readers().fetch_row(f"SELECT {columns} FROM invoice i WHERE {where.sql}", *where.arguments)  # noqa: S608


async def count_invoices(principal: Principal, wanted: InvoiceFilter) -> int:
    """How many there are in all."""
    where = _conditions(principal, wanted)
    return int(await fetch_value(f"SELECT count(*) FROM invoice i WHERE {where.sql}", *where.arguments))  # noqa: S608


async def invoices_by_id(principal: Principal, ids: Collection[int]) -> dict[int, InvoiceRow]:
    """Those of them that the principal may see."""
    where = _conditions(principal, EVERYTHING)
    where.add(f"i.id = ANY({where.bind(list(ids))}::bigint[])")
    rows: Sequence[asyncpg.Record] = await fetch(
        f"SELECT {_SELECTED} FROM invoice i WHERE {where.sql}",  # noqa: S608
        *where.arguments,
    )
    return {row["id"]: _row(row) for row in rows}


async def get_invoice(principal: Principal, invoice_id: int) -> InvoiceRow | None:
    """The invoice, or None when there is none that the principal may see."""
    return (await invoices_by_id(principal, [invoice_id])).get(invoice_id)


def _conditions(principal: Principal, wanted: InvoiceFilter) -> Where:
    where = Where()
    limit_to_visible(principal, where, "i")
    if not principal.is_staff:
        where.add("i.state <> 'DRAFT'")
    if wanted.states is not None:
        where.add(f"i.state = ANY({where.bind([state.value for state in wanted.states])}::text[])")
    if wanted.kinds is not None:
        where.add(f"i.kind = ANY({where.bind([kind.value for kind in wanted.kinds])}::text[])")
    if wanted.company_id is not None:
        where.add(f"i.company_id = {where.bind(wanted.company_id)}")
    if wanted.first_period is not None:
        where.add(f"i.period >= {where.bind(wanted.first_period)}")
    if wanted.last_period is not None:
        where.add(f"i.period <= {where.bind(wanted.last_period)}")
    if wanted.search is not None:
        # strpos, not LIKE: what is typed has no wildcards.
        where.add(f"strpos(i.number, upper({where.bind(wanted.search.strip())}::text)) > 0")
    return where


def _row(record: asyncpg.Record) -> InvoiceRow:
    return InvoiceRow(*(record[name] for name in _NAMES))
