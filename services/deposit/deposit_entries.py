"""The deposit's own ledger, in EUR: entries with the balance after them, only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import asyncpg

from access import Principal, limit_to_visible
from domain.billing.money import CENT, round_half_up
from domain.clock import clock
from models.database import fetch_row, fetch_value
from models.where import Where
from services.billing.exchange_rates import UsableRate, rate_for
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest

_ADD = """
INSERT INTO deposit_entry (company_id, kind, key, amount, balance, booked_on, booked_at, payment_id, by_user_id, note)
SELECT $1, $2, $3, $4, $4::numeric + coalesce(
  (SELECT d.balance FROM deposit_entry d WHERE d.company_id = $1 ORDER BY d.id DESC LIMIT 1), 0), $5, $6, $7, $8, $9
ON CONFLICT (company_id, key) DO NOTHING RETURNING balance
"""

_BROUGHT = "SELECT coalesce(sum(amount), 0) FROM deposit_entry WHERE company_id = $1 AND payment_id = $2"

_BALANCE = "SELECT balance FROM deposit_entry WHERE company_id = $1 ORDER BY id DESC LIMIT 1"


class EntryKind(StrEnum):
    """What an entry of a deposit is."""

    TOP_UP = "TOP_UP"
    CHARGE = "CHARGE"
    REVERSAL = "REVERSAL"


@dataclass(frozen=True, slots=True)
class DepositEntry:
    """An entry: what came or was used, in EUR with four places, and what was left after it."""

    id: int
    company_id: int
    kind: str
    amount: Decimal
    balance: Decimal
    booked_on: date
    booked_at: datetime
    payment_id: int | None
    note: str


_NAMES = tuple(DepositEntry.__dataclass_fields__)
_COLUMNS = ", ".join(f"d.{name}" for name in _NAMES)
_NEWEST = ListOrder("DEPOSIT_ENTRIES", "d.id", descending=True)
_READ = f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM deposit_entry d"  # noqa: S608 - constants


async def add_entry(
    company_id: int,
    kind: str,
    key: str,
    amount: Decimal,
    on: date,
    *,
    payment_id: int | None = None,
    by_user_id: int | None = None,
    note: str = "",
) -> Decimal | None:
    """Add an entry and return the balance; None when this key was booked before.

    In a transaction that holds the company's row, so that balances follow each other.
    """
    row = await fetch_row(_ADD, company_id, kind, key, amount, on, clock.now(), payment_id, by_user_id, note)
    return None if row is None else row["balance"]


async def balance_of(company_id: int) -> Decimal:
    """What is left; 0 where there never was anything."""
    return await fetch_value(_BALANCE, company_id) or Decimal(0)


async def rate_of_payment(currency: str, paid_on: date) -> UsableRate | None:
    """The central bank's rate of the bank's day; None when it cannot be had, or waits for staff: it is never guessed."""
    rate = await rate_for(currency, paid_on)
    return rate if isinstance(rate, UsableRate) else None


async def top_up_by_payment(
    company_id: int, payment: Mapping[str, Any] | asyncpg.Record, rate: UsableRate, key: str
) -> None:
    """A payment becomes a top-up, in EUR at the rate of its day. In the transaction that credits it; `key` names that."""
    euros = round_half_up(payment["amount"] / rate.rate, CENT)
    note = f"{payment['amount']} {payment['currency']}" + (f" / {rate.rate.normalize():f}" if rate.source else "")
    if euros:
        await add_entry(
            company_id,
            "TOP_UP",
            key,
            euros,
            payment["credit_on"],
            payment_id=payment["id"],
            note=note,
        )


async def take_back(company_id: int, payment_id: int, key: str, on: date, by_user_id: int) -> None:
    """What a payment brought is taken out again. In the transaction that reverses it."""
    brought: Decimal = await fetch_value(_BROUGHT, company_id, payment_id)
    if brought:
        await add_entry(company_id, "REVERSAL", key, -brought, on, payment_id=payment_id, by_user_id=by_user_id)


async def list_entries(principal: Principal, request: PageRequest, company_id: int | None) -> Page[DepositEntry]:
    """One page of the entries that the principal may see, newest first."""
    return await keyset_page(
        lambda conditions, tail: f"{_READ} WHERE {conditions} {tail}",
        _visible(principal, company_id),
        _NEWEST,
        request,
        lambda record: DepositEntry(*(record[name] for name in _NAMES)),
    )


async def count_entries(principal: Principal, company_id: int | None) -> int:
    """How many there are."""
    where = _visible(principal, company_id)
    return int(await fetch_value(f"SELECT count(*) FROM deposit_entry d WHERE {where.sql}", *where.arguments))  # noqa: S608


def _visible(principal: Principal, company_id: int | None) -> Where:
    where = Where()
    limit_to_visible(principal, where, "d")
    if company_id is not None:
        where.add(f"d.company_id = {where.bind(company_id)}")
    return where
