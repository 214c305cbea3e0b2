"""Root fields that change what was paid, and what follows from it."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.errors import DomainError
from schema.context import Info
from schema.deposit import Deposit, DepositPayload, SetDepositLevelsInput, TopUpDepositInput
from schema.dunning import (
    DunningDay,
    DunningRunInput,
    DunningRunPayload,
    GrantPromiseInput,
    GrantPromisePayload,
    PaymentOrder,
    PaymentPromise,
    UploadPaymentOrderInput,
    UploadPaymentOrderPayload,
)
from schema.ids import database_id, database_ids
from schema.payloads import UserError
from schema.payment import (
    AssignPaymentInput,
    AssignPaymentPayload,
    DismissPaymentInput,
    ImportBankStatementInput,
    ImportBankStatementPayload,
    Payment,
    QueuedPaymentPayload,
    ReversePaymentInput,
    ReversePaymentPayload,
    StatementImport,
    TakeUpPaymentInput,
    file_of,
)
from services.deposit.top_up import set_levels, top_up
from services.dunning.payment_orders import upload_payment_order
from services.dunning.promises import grant_promise
from services.dunning.staff_run import run_by_staff
from services.payments.assign_payment import assign_payment
from services.payments.dismiss_payment import dismiss_payment, take_up_payment
from services.payments.import_statement import import_statement
from services.payments.reverse_payment import reverse_payment
from services.payments.settle_now import settle_now


@strawberry.type
class PaymentMutation:
    """Payments, promises, deposits."""

    @strawberry.mutation(
        description="Import a bank statement. Good lines are imported, bad ones listed; the same file or payment again changes"
        " nothing. For NovaConnect's own staff."
    )
    async def import_bank_statement(
        self, info: Info, input: Annotated[ImportBankStatementInput, strawberry.argument(description="The file.")]
    ) -> ImportBankStatementPayload:
        """Import it, and credit what is due."""
        try:
            result = await import_statement(
                info.context.principal,
                file_of(input.content),
                input.file_name,
                legal_entity=input.legal_entity,
                covers_until=input.covers_until,
            )
        except DomainError as refusal:
            return ImportBankStatementPayload(statement=None, user_errors=[UserError.of(refusal)])
        await settle_now(result.company_ids)
        return ImportBankStatementPayload(statement=StatementImport.of(result), user_errors=[])

    @strawberry.mutation(
        description="Say what a payment of the queue is for; it is credited on its working day. For NovaConnect's own staff."
    )
    async def assign_payment(
        self, info: Info, input: Annotated[AssignPaymentInput, strawberry.argument(description="What it is for.")]
    ) -> AssignPaymentPayload:
        """Assign it."""
        try:
            company_id = (
                None if input.company_id is None else database_id(input.company_id, "Company", "input", "companyId")
            )
            row = await assign_payment(
                info.context.principal,
                database_id(input.payment_id, "Payment", "input", "paymentId"),
                company_id=company_id,
                invoice_ids=database_ids(input.invoice_ids, "Invoice", "input", "invoiceIds"),
            )
        except DomainError as refusal:
            return AssignPaymentPayload(payment=None, user_errors=[UserError.of(refusal)])
        return AssignPaymentPayload(payment=Payment.of(row), user_errors=[])

    @strawberry.mutation(
        description="Take a payment back that was credited wrongly, or that the bank returned: what it had paid is owed again,"
        " by the deadlines that were announced. For NovaConnect's own staff."
    )
    async def reverse_payment(
        self, info: Info, input: Annotated[ReversePaymentInput, strawberry.argument(description="Which, and why.")]
    ) -> ReversePaymentPayload:
        """Reverse it."""
        try:
            row = await reverse_payment(
                info.context.principal,
                database_id(input.payment_id, "Payment", "input", "paymentId"),
                returned=input.returned,
                reason=input.reason,
                idempotency_key=input.idempotency_key,
            )
        except DomainError as refusal:
            return ReversePaymentPayload(payment=None, user_errors=[UserError.of(refusal)])
        return ReversePaymentPayload(payment=Payment.of(row), user_errors=[])

    @strawberry.mutation(
        description="Put a payment of the queue aside because it is not ours. For NovaConnect's own staff."
    )
    async def dismiss_payment(
        self, info: Info, input: Annotated[DismissPaymentInput, strawberry.argument(description="Which, and why.")]
    ) -> QueuedPaymentPayload:
        """Dismiss it."""
        try:
            payment_id = database_id(input.payment_id, "Payment", "input", "paymentId")
            row = await dismiss_payment(info.context.principal, payment_id, input.reason)
        except DomainError as refusal:
            return QueuedPaymentPayload(payment=None, user_errors=[UserError.of(refusal)])
        return QueuedPaymentPayload(payment=Payment.of(row), user_errors=[])

    @strawberry.mutation(
        description="Take a dismissed payment up again: it waits in the queue. For NovaConnect's own staff."
    )
    async def take_up_payment(
        self, info: Info, input: Annotated[TakeUpPaymentInput, strawberry.argument(description="Which.")]
    ) -> QueuedPaymentPayload:
        """Take it up."""
        try:
            payment_id = database_id(input.payment_id, "Payment", "input", "paymentId")
            row = await take_up_payment(info.context.principal, payment_id)
        except DomainError as refusal:
            return QueuedPaymentPayload(payment=None, user_errors=[UserError.of(refusal)])
        return QueuedPaymentPayload(payment=Payment.of(row), user_errors=[])

    @strawberry.mutation(
        description="Believe a customer until a day: a standing financial lock goes at once, and returns if the promise is"
        " broken. For NovaConnect's own staff."
    )
    async def grant_payment_promise(
        self, info: Info, input: Annotated[GrantPromiseInput, strawberry.argument(description="The promise.")]
    ) -> GrantPromisePayload:
        """Grant it."""
        try:
            invoice_id = database_id(input.invoice_id, "Invoice", "input", "invoiceId")
            promise = await grant_promise(info.context.principal, invoice_id, input.until, input.reason)
        except DomainError as refusal:
            return GrantPromisePayload(promise=None, user_errors=[UserError.of(refusal)])
        return GrantPromisePayload(promise=PaymentPromise.of(promise), user_errors=[])

    @strawberry.mutation(
        description="Upload a payment order with the bank's mark to an invoice, for technical support."
    )
    async def upload_payment_order(
        self, info: Info, input: Annotated[UploadPaymentOrderInput, strawberry.argument(description="The file.")]
    ) -> UploadPaymentOrderPayload:
        """Keep it."""
        try:
            invoice_id = database_id(input.invoice_id, "Invoice", "input", "invoiceId")
            row = await upload_payment_order(
                info.context.principal, invoice_id, file_of(input.content), input.file_name
            )
        except DomainError as refusal:
            return UploadPaymentOrderPayload(order=None, user_errors=[UserError.of(refusal)])
        return UploadPaymentOrderPayload(order=PaymentOrder.of(row), user_errors=[])

    @strawberry.mutation(
        description="Run today's dunning now, or only see what it would do. Running it again does nothing. For NovaConnect's"
        " own staff."
    )
    async def dunning_run(
        self, info: Info, input: Annotated[DunningRunInput, strawberry.argument(description="How.")]
    ) -> DunningRunPayload:
        """Run it."""
        try:
            days = await run_by_staff(info.context.principal, dry=input.dry_run, accept_share=input.accept_share)
        except DomainError as refusal:
            return DunningRunPayload(days=[], user_errors=[UserError.of(refusal)])
        return DunningRunPayload(days=[DunningDay.of(day) for day in days], user_errors=[])

    @strawberry.mutation(description="Book money into a deposit by hand. For NovaConnect's own staff.")
    async def top_up_deposit(
        self, info: Info, input: Annotated[TopUpDepositInput, strawberry.argument(description="The top-up.")]
    ) -> DepositPayload:
        """Top it up."""
        try:
            value = await top_up(
                info.context.principal,
                database_id(input.company_id, "Company", "input", "companyId"),
                input.amount,
                input.paid_on,
                input.note,
                input.idempotency_key,
            )
        except DomainError as refusal:
            return DepositPayload(deposit=None, user_errors=[UserError.of(refusal)])
        return DepositPayload(deposit=Deposit.of(value), user_errors=[])

    @strawberry.mutation(description="Say below which balances a company is warned. For NovaConnect's own staff.")
    async def set_deposit_levels(
        self, info: Info, input: Annotated[SetDepositLevelsInput, strawberry.argument(description="The levels.")]
    ) -> DepositPayload:
        """Store them."""
        try:
            company_id = database_id(input.company_id, "Company", "input", "companyId")
            value = await set_levels(info.context.principal, company_id, input.levels)
        except DomainError as refusal:
            return DepositPayload(deposit=None, user_errors=[UserError.of(refusal)])
        return DepositPayload(deposit=Deposit.of(value), user_errors=[])
