"""The books: double entries that are only ever added. BANK is what we have, CREDIT and DEPOSIT what we owe customers,
RECEIVABLE what they owe us for an invoice. The entries of a booking sum to zero; PostgreSQL checks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.clock import clock
from models.database import execute, fetch_value

_INSERT = """
INSERT INTO ledger_entry (booking_id, account, company_id, invoice_id, payment_id, currency, amount, booked_on, booked_at)
SELECT $1, e.account, $2, e.invoice_id, $3, $4, e.amount, $5, $6
FROM unnest($7::text[], $8::bigint[], $9::numeric[]) AS e (account, invoice_id, amount)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a booking: positive amounts are debits."""

    account: str
    amount: Decimal
    invoice_id: int | None = None


async def book(company_id: int, payment_id: int, currency: str, booked_on: date, entries: Sequence[Entry]) -> int:
    """Add a booking inside the caller's transaction; the commit fails unless its entries sum to zero."""
    booking_id: int = await fetch_value("SELECT nextval('ledger_booking')")
    await execute(
        _INSERT,
        booking_id,
        company_id,
        payment_id,
        currency,
        booked_on,
        clock.now(),
        [entry.account for entry in entries],
        [entry.invoice_id for entry in entries],
        [entry.amount for entry in entries],
    )
    return booking_id


async def book_receipt(company_id: int, payment_id: int, currency: str, amount: Decimal, on: date, to: str) -> None:
    """Money came: into the bank, and to the customer's CREDIT or DEPOSIT."""
    await book(company_id, payment_id, currency, on, [Entry("BANK", amount), Entry(to, -amount)])


async def book_settlement(
    company_id: int, payment_id: int, currency: str, amount: Decimal, on: date, invoice_id: int
) -> None:
    """A part of a customer's credit pays an invoice."""
    entries = [Entry("CREDIT", amount), Entry("RECEIVABLE", -amount, invoice_id)]
    await book(company_id, payment_id, currency, on, entries)
