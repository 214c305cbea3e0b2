"""Bank statements and payments."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.errors import InvalidFile
from domain.payments.match_purpose import QueueReason
from domain.payments.statement import LineProblem, StatementFormat
from schema.company import Company
from schema.connections import Node
from schema.context import Info
from schema.describing import describe
from schema.ids import global_id
from schema.invoice import Invoice
from schema.payloads import UserError
from services.billing.read_invoices import get_invoice
from services.payments.import_statement import ImportResult
from services.payments.payments import PaymentRow

describe(
    QueueReason,
    "Why a payment waits for a person.",
    {
        "NOTHING_FOUND": "Its purpose names no invoice and no contract.",
        "SEVERAL_COMPANIES": "Its purpose speaks for several companies.",
        "PAID_INVOICE": "It names an invoice of which nothing is owed.",
        "REVERSED": "It was credited, and taken back.",
        "OTHER_CURRENCY": "It came in another currency than what it would pay.",
    },
    name="PaymentQueueReason",
)
describe(
    LineProblem,
    "Why a line of a bank statement was not imported.",
    {
        "WRONG_ENCODING": "It is not in the encoding of the other lines.",
        "BROKEN_LINE": "It does not have the columns of the first line.",
        "MISSING_VALUE": "A value that is needed is empty.",
        "BAD_DATE": "Its date is none.",
        "FUTURE_DATE": "Its date has not come yet.",
        "BAD_AMOUNT": "Its amount is none.",
        "TOO_MANY_DECIMALS": "Its amount has more than two decimals.",
        "NEGATIVE_AMOUNT": "Its amount is not more than 0.",
        "BAD_CURRENCY": "Its currency is none.",
        "UNFINISHED_DOCUMENT": "The document of 1C that begins here has no end.",
    },
    name="StatementLineProblem",
)
describe(
    StatementFormat,
    "How a bank statement is written.",
    {"CSV": "Lines with the columns that the first one names.", "ONE_C": "The text format 1CClientBankExchange."},
)


@strawberry.type(description="A payment that came to one of our bank accounts.")
class Payment(Node):
    """A payment."""

    row: strawberry.Private[PaymentRow]
    bank_ref: str = strawberry.field(description="The bank's own name of it; a payment is imported once.")
    paid_on: date = strawberry.field(description="The bank's day.")
    amount: Decimal = strawberry.field(description="How much came.")
    currency: str = strawberry.field(description="In which currency (ISO 4217).")
    payer: str = strawberry.field(description="Who paid, as the bank writes it.")
    payer_tax_number: str = strawberry.field(description="The payer's tax number; empty where the bank does not say.")
    purpose: str = strawberry.field(description="The purpose of payment.")
    to_deposit: bool = strawberry.field(description="Whether it tops up a deposit instead of paying invoices.")
    queue_reason: QueueReason | None = strawberry.field(description="Why it waits for a person; null when matched.")
    credit_on: date | None = strawberry.field(
        description="The working day on which it counts; null while it waits for a person."
    )
    credited_on: date | None = strawberry.field(description="The day on which it was credited; null if not yet.")

    is_returned: bool = strawberry.field(description="Whether the bank took it back: it counts no more.")
    dismissed_at: datetime | None = strawberry.field(
        description="When staff put it aside because it is not ours; null where it was not."
    )
    dismissal_reason: str | None = strawberry.field(description="Why it was put aside.")

    @classmethod
    def of(cls, row: PaymentRow) -> Self:
        """The payment of a row."""
        return cls(
            id=global_id("Payment", row.id),
            row=row,
            bank_ref=row.bank_ref,
            paid_on=row.paid_on,
            amount=row.amount,
            currency=row.currency,
            payer=row.payer,
            payer_tax_number=row.payer_tax_number,
            purpose=row.purpose,
            to_deposit=row.to_deposit,
            queue_reason=QueueReason(row.queue_reason) if row.queue_reason else None,
            credit_on=row.credit_on,
            credited_on=row.credited_on,
            is_returned=row.returned,
            dismissed_at=row.dismissed_at,
            dismissal_reason=row.dismissal_reason,
        )

    @strawberry.field(description="Whose payment it is; null while it waits for a person.")
    async def company(self, info: Info) -> Company | None:
        """Read for all payments of a page at once."""
        if self.row.company_id is None:
            return None
        found = await info.context.loaders.companies.load(self.row.company_id)
        return Company.of(found) if found else None

    @strawberry.field(
        description="The invoices that it names. Whatever is left of it goes to the oldest open one, then to the next."
    )
    async def invoices(self, info: Info) -> list[Invoice]:
        """Few: those that the purpose names."""
        rows = [await get_invoice(info.context.principal, invoice_id) for invoice_id in self.row.for_invoices]
        return [Invoice.of(row) for row in rows if row is not None]


@strawberry.type(description="A line of a statement that was not imported.")
class StatementBadLine:
    """A bad line."""

    line: int = strawberry.field(description="Its number in the file, from 1.")
    problem: LineProblem = strawberry.field(description="What is wrong with it.")
    message: str = strawberry.field(description="The same in a sentence.")


@strawberry.type(description="What became of a bank statement.")
class StatementImport:
    """An import."""

    again: bool = strawberry.field(description="Whether the same file was imported before; nothing was changed then.")
    format: StatementFormat = strawberry.field(description="How it was written.")
    encoding: str = strawberry.field(description="In which encoding.")
    covers_until: date | None = strawberry.field(description="The last day that it speaks of.")
    new_payments: int = strawberry.field(description="Payments that were not known.")
    known_payments: int = strawberry.field(description="Payments that were imported before.")
    matched: int = strawberry.field(description="New ones of which it is known what they are for.")
    queued: int = strawberry.field(description="New ones that wait for a person: see `unmatchedPayments`.")
    bad_lines: list[StatementBadLine] = strawberry.field(description="Lines that were not imported.")
    imported_at: datetime = strawberry.field(description="When it was imported.")

    @classmethod
    def of(cls, result: ImportResult) -> Self:
        """The answer of the service."""
        return cls(
            again=result.again,
            format=StatementFormat(result.format),
            encoding=result.encoding,
            covers_until=result.covers_until,
            new_payments=result.new_payments,
            known_payments=result.known_payments,
            matched=result.matched,
            queued=result.queued,
            bad_lines=[
                StatementBadLine(line=bad.line, problem=bad.problem, message=bad.message) for bad in result.bad_lines
            ],
            imported_at=result.imported_at,
        )


@strawberry.input(description="A bank statement.")
class ImportBankStatementInput:
    """Input of `importBankStatement`."""

    content: str = strawberry.field(description="The file as it is, in base64; 8 MB at most before that.")
    file_name: str = strawberry.field(default="", description="What the file is called.")
    legal_entity: str | None = strawberry.field(
        default=None,
        description="The code of our legal entity whose account it is; needed where the file does not name it.",
    )
    covers_until: date | None = strawberry.field(
        default=None,
        description="The last day that it speaks of, where that is later than its last payment: a statement without any"
        " payment is worth importing too, because nobody is locked before yesterday's has come.",
    )


@strawberry.type(description="What became of a statement, or why nothing of it could be used.")
class ImportBankStatementPayload:
    """Answer of `importBankStatement`."""

    statement: StatementImport | None = strawberry.field(description="What became of it; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.input(description="What a payment of the queue is for: invoices of one company, or a company.")
class AssignPaymentInput:
    """Input of `assignPayment`."""

    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    invoice_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The invoices it is for; the oldest is paid first."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Without invoices: whose oldest invoices, or deposit, it is for."
    )


@strawberry.type(description="The payment as it stands now, or why it was not assigned.")
class AssignPaymentPayload:
    """Answer of `assignPayment`."""

    payment: Payment | None = strawberry.field(description="The payment; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.input(description="A payment to take back.")
class ReversePaymentInput:
    """Input of `reversePayment`."""

    payment_id: strawberry.ID = strawberry.field(description="The payment, matched or credited.")
    returned: bool = strawberry.field(
        description="Whether the bank took the money back; otherwise it waits in `unmatchedPayments` again."
    )
    reason: str = strawberry.field(description="Why, for the audit; 3 to 500 characters.")
    idempotency_key: str = strawberry.field(description="1 to 100 characters; the same key again changes nothing.")


@strawberry.type(description="The payment as it stands now, or why it was not taken back.")
class ReversePaymentPayload:
    """Answer of `reversePayment`."""

    payment: Payment | None = strawberry.field(description="The payment; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.input(description="A payment of the queue that is not ours.")
class DismissPaymentInput:
    """Input of `dismissPayment`."""

    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    reason: str = strawberry.field(description="Why it is not ours; 3 to 500 characters.")


@strawberry.input(description="A payment that was dismissed.")
class TakeUpPaymentInput:
    """Input of `takeUpPayment`."""

    payment_id: strawberry.ID = strawberry.field(description="The payment.")


@strawberry.type(description="The payment of the queue as it stands now, or why nothing was changed.")
class QueuedPaymentPayload:
    """Answer of `dismissPayment` and `takeUpPayment`."""

    payment: Payment | None = strawberry.field(description="The payment; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


def file_of(content: str) -> bytes:
    """The bytes of a file that came as base64; raises `InvalidFile`."""
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidFile("The content is not base64: encode the file as it is.", path=("input", "content")) from error
