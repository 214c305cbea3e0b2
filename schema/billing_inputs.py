"""What the mutations of the monthly bill take and answer."""

from __future__ import annotations

from datetime import date

import strawberry

from schema.billing import BillingRun, CalendarYear, ExchangeRate
from schema.invoice import Invoice
from schema.payloads import UserError

_ERRORS = "Why it was refused; empty when it was not."


@strawberry.input(description="Which month to bill.")
class RunBillingInput:
    """A month."""

    period: date = strawberry.field(description="The month, by its first day; it must be over.")


@strawberry.input(description="Which invoice to take back, and why.")
class IssueCreditNoteInput:
    """An invoice."""

    invoice_id: strawberry.ID = strawberry.field(description="The global id of the invoice.")
    reason: str = strawberry.field(description="Why; it stands on the document. 1 to 500 characters.")
    bill_again: bool = strawberry.field(
        default=False,
        description="Whether its usage is billed anew with the next month, at the prices of then.",
    )


@strawberry.input(description="What becomes of a held exchange rate.")
class DecideExchangeRateInput:
    """A decision."""

    id: strawberry.ID = strawberry.field(description="The global id of the rate.")
    accept: bool = strawberry.field(description="Whether it may be used; otherwise the bank is asked again.")


@strawberry.input(description="Which provisional calendar year to accept.")
class AcceptCalendarYearInput:
    """A year."""

    country: str = strawberry.field(description="RU or KZ.")
    year: int = strawberry.field(description="The year.")


@strawberry.type(description="The run that was asked for, or why it was refused.")
class BillingRunPayload:
    """Answer of `runBilling`."""

    run: BillingRun | None = strawberry.field(description="The run as it stands now; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="The credit note, or why there is none.")
class CreditNotePayload:
    """Answer of `issueCreditNote`."""

    credit_note: Invoice | None = strawberry.field(description="The credit note; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="The exchange rate that was decided, or why not.")
class ExchangeRatePayload:
    """Answer of `decideExchangeRate`."""

    rate: ExchangeRate | None = strawberry.field(description="The rate as it stands now; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="The calendar year that was accepted, or why not.")
class CalendarYearPayload:
    """Answer of `acceptCalendarYear`."""

    calendar_year: CalendarYear | None = strawberry.field(description="The year as it stands now; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)
