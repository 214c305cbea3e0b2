"""Dividing payments among invoices: those that are named first, then the oldest; what is left is credit for the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Owed:
    """An open invoice: what is still owed of it."""

    id: int
    issued_on: date
    outstanding: Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """A payment of which `amount` is to be divided; `for_invoices` are named in its purpose. Payments are told apart by id.

    `came` and `ref` put payments into the bank's order, which no order of import changes. `came` None is credit from before.
    """

    id: int
    came: date | None
    ref: str
    amount: Decimal
    for_invoices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """So much of a payment goes to an invoice."""

    payment_id: int
    invoice_id: int
    amount: Decimal


def divide(owed: Sequence[Owed], payments: Sequence[Money]) -> list[Share]:
    """How payments of one company settle its open invoices. The order of either argument changes nothing.

    First every payment goes to the invoices it names, the oldest first; then what is left of all of them goes to what is
    still owed, the oldest first. What remains after that is the company's credit.
    """
    invoices = sorted(owed, key=lambda invoice: (invoice.issued_on, invoice.id))
    money = sorted(payments, key=lambda each: (each.came or date.min, each.ref, each.id))
    open_amounts = {invoice.id: invoice.outstanding for invoice in invoices}
    left = {each.id: each.amount for each in money}
    shares: dict[tuple[int, int], Decimal] = {}
    for named in (True, False):
        for each in money:
            for invoice in invoices:
                if named and invoice.id not in each.for_invoices:
                    continue
                part = min(left[each.id], open_amounts[invoice.id])
                if part > 0:
                    left[each.id] -= part
                    open_amounts[invoice.id] -= part
                    shares[each.id, invoice.id] = shares.get((each.id, invoice.id), Decimal(0)) + part
    return [Share(payment_id, invoice_id, amount) for (payment_id, invoice_id), amount in shares.items()]
