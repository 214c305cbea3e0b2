"""Payments as they are read: those of a company, and the queue of those that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from access import Principal, limit_to_visible
from models.database import fetch, fetch_value
from models.where import Where
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment. In the queue it has a `queue_reason` and no company; `for_invoices` are those that its purpose names."""

    id: int
    company_id: int | None
    bank_ref: str
    paid_on: date
    amount: Decimal
    currency: str
    payer: str
    payer_tax_number: str
    purpose: str
    for_invoices: tuple[int, ...]
    to_deposit: bool
    queue_reason: str | None
    credit_on: date | None
    credited_on: date | None
    returned: bool
    dismissed_at: datetime | None
    dismissal_reason: str | None


_NAMES = tuple(PaymentRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"p.{name}" for name in _NAMES)
_NEWEST = ListOrder("PAYMENTS", "p.id", descending=True)
_OLDEST = ListOrder("UNMATCHED_PAYMENTS", "p.id")


async def list_payments(principal: Principal, request: PageRequest, company_id: int | None) -> Page[PaymentRow]:
    """One page of matched payments that the principal may see, newest first."""
    return await _page(_matched(principal, company_id), _NEWEST, request)


async def count_payments(principal: Principal, company_id: int | None) -> int:
    """How many there are."""
    return await _count(_matched(principal, company_id))


async def list_unmatched(principal: Principal, request: PageRequest, *, dismissed: bool = False) -> Page[PaymentRow]:
    """One page of the queue, or of what was dismissed from it, the oldest first. Raises `Forbidden` for anybody but staff."""
    principal.require_staff()
    return await _page(_queued(dismissed), _OLDEST, request)


async def count_unmatched(principal: Principal, *, dismissed: bool = False) -> int:
    """How long the queue is."""
    principal.require_staff()
    return await _count(_queued(dismissed))


async def get_payment(principal: Principal, payment_id: int) -> PaymentRow | None:
    """One that the principal may see, or None."""
    where = Where(payment_id)
    where.add("p.id = $1")
    limit_to_visible(principal, where, "p")
    rows = await fetch(f"SELECT {_COLUMNS} FROM payment p WHERE {where.sql}", *where.arguments)  # noqa: S608
    return _row(rows[0]) if rows else None


def _matched(principal: Principal, company_id: int | None) -> Where:
    where = Where()
    limit_to_visible(principal, where, "p")
    where.add("p.queue_reason IS NULL")
    if company_id is not None:
        where.add(f"p.company_id = {where.bind(company_id)}")
    return where


def _queued(dismissed: bool) -> Where:
    where = Where()
    where.add("p.queue_reason IS NOT NULL")
    where.add(f"p.dismissed_at IS {'NOT NULL' if dismissed else 'NULL'}")
    return where


async def _page(where: Where, order: ListOrder, request: PageRequest) -> Page[PaymentRow]:
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_COLUMNS}, {order.selected} FROM payment p WHERE {conditions} {tail}",  # noqa: S608
        where,
        order,
        request,
        _row,
    )


async def _count(where: Where) -> int:
    return int(await fetch_value(f"SELECT count(*) FROM payment p WHERE {where.sql}", *where.arguments))  # noqa: S608


def _row(record: asyncpg.Record) -> PaymentRow:
    values = {name: record[name] for name in _NAMES}
    return PaymentRow(**{**values, "for_invoices": tuple(values["for_invoices"])})
