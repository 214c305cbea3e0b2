"""Enums of money, each value with what it means to a client."""

from __future__ import annotations

from domain.billing.invoices import HoldReason, InvoiceKind, InvoiceState, Service
from models.billing import ExchangeRateState
from schema.describing import describe

describe(
    InvoiceKind,
    "What a document is.",
    {
        "INVOICE": "A demand for payment.",
        "CREDIT_NOTE": "It takes an invoice back as a whole; its amounts are negative.",
    },
)
describe(
    InvoiceState,
    "Where an invoice or a credit note stands.",
    {
        "DRAFT": "Computed and not issued; only NovaConnect's staff sees it.",
        "ISSUED": "Issued, nothing of it is paid.",
        "PART_PAID": "A part of it is paid.",
        "PAID": "Paid in full.",
        "CREDITED": "An invoice that was taken back by a credit note, or a credit note: nothing of it is owed.",
    },
)
describe(
    Service,
    "What a line of an invoice is for, and in what its quantity is counted.",
    {
        "DATA": "Data sessions; bytes.",
        "VOICE": "Calls; seconds.",
        "SMS": "Text messages; messages.",
        "PACKAGE": "Packages that ran; the days of the month on which they did, summed.",
    },
    name="BilledService",
)
describe(
    HoldReason,
    "Why a draft is not issued.",
    {
        "NO_RATE": "The central bank gave no exchange rate; it is asked again.",
        "RATE_HELD": "The exchange rate differs from the last one by more than 5 %: staff must decide (`decideExchangeRate`).",
    },
    name="InvoiceHoldReason",
)
describe(
    ExchangeRateState,
    "Whether an exchange rate may be used.",
    {
        "ACCEPTED": "It may.",
        "HELD": "It jumped by more than 5 % and waits for staff.",
        "REJECTED": "Staff refused it; the bank is asked again.",
    },
)
