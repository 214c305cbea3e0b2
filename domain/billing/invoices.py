"""Invoices and credit notes: kinds, states and the steps between them, numbers."""

from __future__ import annotations

from enum import StrEnum


class InvoiceKind(StrEnum):
    """What a document is: a demand for payment, or the correction of one."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


class InvoiceState(StrEnum):
    """Where a document stands.

    DRAFT is computed and not issued. ISSUED, PART_PAID and PAID are an invoice's way through payment. CREDITED is an
    invoice that a credit note took back, and a credit note itself: nothing of it is owed.
    """

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    PART_PAID = "PART_PAID"
    PAID = "PAID"
    CREDITED = "CREDITED"


OPEN_STATES = frozenset({InvoiceState.ISSUED, InvoiceState.PART_PAID})
"""States of which something is owed."""

_STEPS: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.DRAFT: frozenset({InvoiceState.ISSUED, InvoiceState.CREDITED}),
    InvoiceState.ISSUED: frozenset({InvoiceState.PART_PAID, InvoiceState.PAID, InvoiceState.CREDITED}),
    InvoiceState.PART_PAID: frozenset({InvoiceState.PAID, InvoiceState.CREDITED, InvoiceState.ISSUED}),
    InvoiceState.PAID: frozenset({InvoiceState.PART_PAID, InvoiceState.ISSUED, InvoiceState.CREDITED}),
    InvoiceState.CREDITED: frozenset(),
}


def may_become(current: InvoiceState, following: InvoiceState) -> bool:
    """Whether a document may go from one state to another. A payment assigned to the wrong invoice may be taken back."""
    return following in _STEPS[current]


class HoldReason(StrEnum):
    """Why a draft is not issued: no rate could be had, or the rate waits for staff."""

    NO_RATE = "NO_RATE"
    RATE_HELD = "RATE_HELD"


class Service(StrEnum):
    """What a line of an invoice is for."""

    DATA = "DATA"
    VOICE = "VOICE"
    SMS = "SMS"
    PACKAGE = "PACKAGE"


def format_number(prefix: str, value: int) -> str:
    """A document's number, such as `NCR-0134`: at least four digits."""
    return f"{prefix}-{value:04d}"
