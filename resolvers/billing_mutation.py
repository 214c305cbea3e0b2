"""Root fields by which staff steer the monthly bill."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import strawberry

from domain.errors import DomainError
from schema.billing import BillingRun, CalendarYear, ExchangeRate
from schema.billing_inputs import (
    AcceptCalendarYearInput,
    BillingRunPayload,
    CalendarYearPayload,
    CreditNotePayload,
    DecideExchangeRateInput,
    ExchangeRatePayload,
    IssueCreditNoteInput,
    RunBillingInput,
)
from schema.context import Info
from schema.ids import database_id
from schema.invoice import Invoice
from schema.legal_entity import (
    LegalEntityPayload,
    LegalEntitySettings,
    SetLegalEntityInput,
    SetRoundingQuantumInput,
)
from schema.payloads import UserError
from services.billing.billing_runs import ask_for_run
from services.billing.calendar_acceptance import accept_calendar_year
from services.billing.change_legal_entity import EntityChange, change_legal_entity, set_rounding_quantum
from services.billing.credit_notes import issue_credit_note
from services.billing.held_rates import decide_rate
from services.billing.read_invoices import get_invoice


@strawberry.type
class BillingMutation:
    """Steering the monthly bill."""

    @strawberry.mutation(
        description="Have a month billed; a worker does it after the answer. What is billed already stays as it is, so it may"
        " be asked again. For NovaConnect's own staff."
    )
    async def run_billing(
        self, info: Info, input: Annotated[RunBillingInput, strawberry.argument(description="Which month.")]
    ) -> BillingRunPayload:
        """Ask for a run."""
        try:
            row = await ask_for_run(info.context.principal, input.period)
        except DomainError as refusal:
            return BillingRunPayload(run=None, user_errors=[UserError.of(refusal)])
        return BillingRunPayload(run=BillingRun.of(row), user_errors=[])

    @strawberry.mutation(
        description="Take an invoice back as a whole by a credit note; asked again with the same reason, it returns the same"
        " one. For NovaConnect's own staff."
    )
    async def issue_credit_note(
        self, info: Info, input: Annotated[IssueCreditNoteInput, strawberry.argument(description="Which invoice.")]
    ) -> CreditNotePayload:
        """Issue a credit note."""
        principal = info.context.principal
        try:
            invoice_id = database_id(input.invoice_id, "Invoice", "invoiceId")
            note_id = await issue_credit_note(principal, invoice_id, input.reason, bill_again=input.bill_again)
        except DomainError as refusal:
            return CreditNotePayload(credit_note=None, user_errors=[UserError.of(refusal)])
        row = await get_invoice(principal, note_id)
        return CreditNotePayload(credit_note=Invoice.of(row) if row else None, user_errors=[])

    @strawberry.mutation(
        description="Set a legal entity up: name, details, prefixes, and whether it is a sample. For NovaConnect's own staff."
    )
    async def set_legal_entity(
        self, info: Info, input: Annotated[SetLegalEntityInput, strawberry.argument(description="What to change.")]
    ) -> LegalEntityPayload:
        """Change it."""
        details = None if input.details is None else dataclasses.asdict(input.details)
        given = None if details is None else {name: text for name, text in details.items() if text is not None}
        change = EntityChange(input.name, input.invoice_prefix, input.credit_prefix, given, input.is_sample)
        try:
            row = await change_legal_entity(info.context.principal, input.code, change)
        except DomainError as refusal:
            return LegalEntityPayload(settings=None, user_errors=[UserError.of(refusal)])
        return LegalEntityPayload(settings=LegalEntitySettings.of(row), user_errors=[])

    @strawberry.mutation(
        description="Say to what a legal entity's amounts are rounded from a day on. For NovaConnect's own staff."
    )
    async def set_rounding_quantum(
        self, info: Info, input: Annotated[SetRoundingQuantumInput, strawberry.argument(description="The quantum.")]
    ) -> LegalEntityPayload:
        """Store it."""
        try:
            row = await set_rounding_quantum(
                info.context.principal, input.code, input.currency, input.effective_on, input.quantum
            )
        except DomainError as refusal:
            return LegalEntityPayload(settings=None, user_errors=[UserError.of(refusal)])
        return LegalEntityPayload(settings=LegalEntitySettings.of(row), user_errors=[])

    @strawberry.mutation(
        description="Accept or refuse an exchange rate that was held because it jumped. For NovaConnect's own staff."
    )
    async def decide_exchange_rate(
        self, info: Info, input: Annotated[DecideExchangeRateInput, strawberry.argument(description="What to decide.")]
    ) -> ExchangeRatePayload:
        """Decide."""
        try:
            row = await decide_rate(
                info.context.principal, database_id(input.id, "ExchangeRate", "id"), accept=input.accept
            )
        except DomainError as refusal:
            return ExchangeRatePayload(rate=None, user_errors=[UserError.of(refusal)])
        return ExchangeRatePayload(rate=ExchangeRate.of(row), user_errors=[])

    @strawberry.mutation(
        description="Allow financial locks in a year whose official working calendar is not entered. For NovaConnect's own staff."
    )
    async def accept_calendar_year(
        self, info: Info, input: Annotated[AcceptCalendarYearInput, strawberry.argument(description="Which year.")]
    ) -> CalendarYearPayload:
        """Accept."""
        try:
            row = await accept_calendar_year(info.context.principal, input.country, input.year)
        except DomainError as refusal:
            return CalendarYearPayload(calendar_year=None, user_errors=[UserError.of(refusal)])
        return CalendarYearPayload(calendar_year=CalendarYear.of(row), user_errors=[])
