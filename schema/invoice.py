"""Invoices and credit notes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

import strawberry

from domain.billing.invoices import HoldReason, InvoiceKind, InvoiceState, Service
from schema.arguments import After, Before, First, Last
from schema.company import Company
from schema.connections import Connection, Node
from schema.context import Info, plan_for
from schema.ids import global_id
from schema.legal_entity import LegalEntity
from services.billing.document_links import DocumentLink, document_link
from services.billing.read_invoices import InvoiceRow
from services.billing.read_lines import LineRow, SummaryRow
from services.paging import PageRequest


@strawberry.type(description="The days of an invoice, as they were announced with it; counted in working days.")
class InvoiceDeadlines:
    """Deadlines."""

    day3: date = strawberry.field(description="The 3rd working day: the first reminder to those who have not paid.")
    day5: date = strawberry.field(description="The 5th working day: the second reminder, and the last day to pay.")
    day6: date = strawberry.field(description="The 6th working day: SIMs and operations on them are locked.")
    calendar_version: str = strawberry.field(
        description="The version of the working calendar that they were counted by."
    )


@strawberry.type(description="What a SIM used of a service in a month.")
class InvoiceLine:
    """A line."""

    sim_id: strawberry.ID = strawberry.field(
        description="The global id of the SIM, which may be another company's by now."
    )
    iccid: str = strawberry.field(description="The ICCID of the SIM.")
    plan: str = strawberry.field(description="The code of its tariff plan; of its profile where it has no plan.")
    service: Service = strawberry.field(description="The service.")
    usage_month: date = strawberry.field(
        description="The month it was used in, by its first day; earlier than the invoice's period for what came late."
    )
    quantity: str = strawberry.field(description="How much, as a whole number; the service says in what unit.")
    amount_eur: Decimal = strawberry.field(description="What it costs in EUR, with four places.")

    @classmethod
    def of(cls, row: LineRow) -> Self:
        """The line of a row."""
        return cls(
            sim_id=global_id("Sim", row.sim_id),
            iccid=row.iccid,
            plan=row.plan,
            service=Service(row.service),
            usage_month=row.usage_month,
            quantity=str(row.quantity),
            amount_eur=row.amount,
        )


@strawberry.type(description="The sum of an invoice's lines for a plan's service in a month.")
class InvoicePlanSummary:
    """A sum."""

    plan: str = strawberry.field(description="The code of the tariff plan; of the profile where there is no plan.")
    service: Service = strawberry.field(description="The service.")
    usage_month: date = strawberry.field(description="The month it was used in, by its first day.")
    sims: int = strawberry.field(description="How many SIMs.")
    quantity: str = strawberry.field(description="How much, as a whole number; the service says in what unit.")
    amount_eur: Decimal = strawberry.field(description="What it costs in EUR, with four places.")

    @classmethod
    def of(cls, row: SummaryRow) -> Self:
        """The sum of a row."""
        return cls(
            plan=row.plan,
            service=Service(row.service),
            usage_month=row.usage_month,
            sims=row.sims,
            quantity=str(row.quantity),
            amount_eur=row.amount,
        )


@strawberry.type(description="The PDF of an invoice or a credit note; it is made once and never again.")
class InvoiceDocument:
    """A file."""

    file_name: str = strawberry.field(description="The name of the file.")
    url: str = strawberry.field(description="Where it is fetched, without logging in, until `expiresAt`.")
    expires_at: datetime = strawberry.field(description="When the link ends; ask again for a new one.")
    sha256: str = strawberry.field(description="The SHA-256 of the file, in hexadecimal.")
    size_bytes: int = strawberry.field(description="Its size in bytes.")

    @classmethod
    def of(cls, link: DocumentLink) -> Self:
        """The file of a link."""
        return cls(
            file_name=link.file_name,
            url=link.url,
            expires_at=link.expires_at,
            sha256=link.sha256,
            size_bytes=link.size,
        )


@strawberry.type(description="An invoice for a company's month, or a credit note that takes one back.")
class Invoice(Node):
    """An invoice."""

    row: strawberry.Private[InvoiceRow]
    kind: InvoiceKind = strawberry.field(description="What it is.")
    state: InvoiceState = strawberry.field(description="Where it stands.")
    number: str | None = strawberry.field(description="Its number, such as NCR-0134; null for a draft.")
    period: date = strawberry.field(description="The month it is for, by its first day.")
    issued_on: date | None = strawberry.field(description="The day it was issued; null for a draft.")
    credited_on: date | None = strawberry.field(
        description="The day the payment was credited, usually the working day after it was paid; null until it is paid in full."
    )
    amount_eur: Decimal = strawberry.field(description="The total in EUR.")
    rate: Decimal | None = strawberry.field(
        description="What one EUR cost in `currency` when it was issued; null without a conversion, and for a draft."
    )
    rate_on: date | None = strawberry.field(description="The day of that rate; null where `rate` is.")
    rate_source: str | None = strawberry.field(
        description="Whose rate it is: CBR (Russia's central bank) or NBK (Kazakhstan's); null where `rate` is."
    )
    currency: str = strawberry.field(description="The currency it is paid in, ISO 4217: RUB, KZT or EUR.")
    local_amount: Decimal | None = strawberry.field(description="What is to be paid, in `currency`; null for a draft.")
    paid_amount: Decimal = strawberry.field(description="What of it is paid, in `currency`.")
    outstanding: Decimal = strawberry.field(description="What of it is still owed, in `currency`.")
    reason: str | None = strawberry.field(description="Why a credit note was issued; null for an invoice.")
    hold_reason: HoldReason | None = strawberry.field(
        description="Why a draft is not issued; null where nothing holds it."
    )

    @classmethod
    def of(cls, row: InvoiceRow) -> Self:
        """The invoice of a row."""
        converted = row.rate_source is not None
        owed = row.state in (InvoiceState.ISSUED, InvoiceState.PART_PAID)
        return cls(
            id=global_id("Invoice", row.id),
            row=row,
            kind=InvoiceKind(row.kind),
            state=InvoiceState(row.state),
            number=row.number,
            period=row.period,
            issued_on=row.issued_on,
            credited_on=row.credited_on,
            amount_eur=row.eur_total,
            rate=row.rate.normalize() if converted and row.rate is not None else None,
            rate_on=row.rate_on if converted else None,
            rate_source=row.rate_source,
            currency=row.currency,
            local_amount=row.local_amount,
            paid_amount=row.paid_amount,
            outstanding=(row.local_amount or Decimal(0)) - row.paid_amount if owed else Decimal(0),
            reason=row.reason,
            hold_reason=HoldReason(row.hold_reason) if row.hold_reason else None,
        )

    @strawberry.field(description="The days that matter until it is paid; null for a draft and a credit note.")
    def deadlines(self) -> InvoiceDeadlines | None:
        """As stored."""
        row = self.row
        if row.day3_on is None or row.day5_on is None or row.day6_on is None or row.calendar_version is None:
            return None
        return InvoiceDeadlines(
            day3=row.day3_on, day5=row.day5_on, day6=row.day6_on, calendar_version=row.calendar_version
        )

    @strawberry.field(description="Whom it is for.")
    async def company(self, info: Info) -> Company:
        """Read for all invoices of a page at once."""
        row = await info.context.loaders.companies.load(self.row.company_id)
        assert row is not None
        return Company.of(row)

    @strawberry.field(description="Who bills.")
    async def legal_entity(self, info: Info) -> LegalEntity:
        """Read for all invoices of a page at once."""
        row = await info.context.loaders.legal_entities.load(self.row.legal_entity_id)
        assert row is not None
        return LegalEntity.of(row)

    @strawberry.field(description="Its PDF; null until it is drawn, which takes moments after the issue.")
    def document(self) -> InvoiceDocument | None:
        """A fresh link each time."""
        link = document_link(self.row)
        return InvoiceDocument.of(link) if link else None

    @strawberry.field(description="Its lines by SIM and service, in a fixed order.")
    async def lines(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[InvoiceLine]:
        """Read for all invoices of a page at once."""
        loaders = info.context.loaders
        key = (self.row.id, PageRequest(first, after, last, before))
        if plan := plan_for(info):
            records = await loaders.invoice_line_records.load((*key, plan))
            total = await loaders.invoice_line_counts.load(self.row.id) if plan.wants_total else None
            return await plan.page(records, total)
        page = await loaders.invoice_lines.load(key)
        return Connection(page=page, make=InvoiceLine.of, count=lambda: loaders.invoice_line_counts.load(self.row.id))

    @strawberry.field(
        description="Its lines summed by plan, service and month; their sum, rounded to a cent, is `amountEur`."
    )
    async def plan_summary(self, info: Info) -> list[InvoicePlanSummary]:
        """Read for all invoices of a page at once."""
        rows = await info.context.loaders.invoice_summaries.load(self.row.id)
        return [InvoicePlanSummary.of(row) for row in rows]

    @strawberry.field(description="The credit note that takes this invoice back; null if there is none.")
    async def credit_note(self, info: Info) -> Annotated[Invoice, strawberry.lazy("schema.invoice")] | None:
        """Read for all invoices of a page at once."""
        return await _other(info, self.row.credit_note_id)

    @strawberry.field(description="The invoice that this credit note takes back; null for an invoice.")
    async def corrects(self, info: Info) -> Annotated[Invoice, strawberry.lazy("schema.invoice")] | None:
        """Read for all credit notes of a page at once."""
        return await _other(info, self.row.corrects_id)


async def _other(info: Info, invoice_id: int | None) -> Invoice | None:
    row = await info.context.loaders.invoices.load(invoice_id) if invoice_id is not None else None
    return Invoice.of(row) if row else None
