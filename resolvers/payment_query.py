"""Root fields about payments, dunning, deposits and the daily jobs."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.errors import InvalidValue
from schema.arguments import After, Before, First, Last
from schema.connections import Connection
from schema.context import Info
from schema.deposit import Deposit, DepositEntry
from schema.dunning import DunningPreview, PaymentOrder, ScheduledJob
from schema.ids import database_id
from schema.payment import Payment
from services.deposit.deposit_entries import count_entries, list_entries
from services.deposit.top_up import get_deposit
from services.dunning.payment_orders import payment_orders_of
from services.dunning.preview_invoice import preview_invoice
from services.paging import PageRequest
from services.payments.payments import count_payments, count_unmatched, list_payments, list_unmatched
from services.schedule.list_jobs import list_jobs

OfCompany = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Whose; only needed by those who see several companies."),
]
InvoiceId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the invoice.")]


@strawberry.type
class PaymentQuery:
    """Reading what was paid and what comes if it is not."""

    @strawberry.field(description="Payments of which it is known what they are for, newest first.")
    async def payments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        company_id: OfCompany = None,
    ) -> Connection[Payment]:
        """A page of payments."""
        principal = info.context.principal
        wanted = None if company_id is None else database_id(company_id, "Company", "companyId")
        page = await list_payments(principal, PageRequest(first, after, last, before), wanted)
        return Connection(page=page, make=Payment.of, count=lambda: count_payments(principal, wanted))

    @strawberry.field(
        description="Payments that wait for a person to say what they are for, the oldest first. For NovaConnect's own staff."
    )
    async def unmatched_payments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        dismissed: Annotated[
            bool, strawberry.argument(description="Those that were put aside with `dismissPayment` instead.")
        ] = False,
    ) -> Connection[Payment]:
        """A page of the queue."""
        principal = info.context.principal
        page = await list_unmatched(principal, PageRequest(first, after, last, before), dismissed=dismissed)
        return Connection(page=page, make=Payment.of, count=lambda: count_unmatched(principal, dismissed=dismissed))

    @strawberry.field(
        description="What comes for an invoice if nothing is paid, with exact days. Null if there is no such invoice or it is"
        " not yours."
    )
    async def dunning_preview(self, info: Info, invoice: InvoiceId) -> DunningPreview | None:
        """A preview."""
        value = await preview_invoice(info.context.principal, database_id(invoice, "Invoice", "invoice"))
        return DunningPreview.of(value) if value else None

    @strawberry.field(description="Payment orders that were uploaded to an invoice, the oldest first.")
    async def payment_orders(self, info: Info, invoice: InvoiceId) -> list[PaymentOrder]:
        """Few."""
        rows = await payment_orders_of(info.context.principal, database_id(invoice, "Invoice", "invoice"))
        return [PaymentOrder.of(row) for row in rows]

    @strawberry.field(
        description="How a company's deposit stands. Null if there is no such company or it is not yours."
    )
    async def deposit(self, info: Info, company_id: OfCompany = None) -> Deposit | None:
        """Of one's own company, or of a given one."""
        principal = info.context.principal
        if company_id is not None:
            wanted = database_id(company_id, "Company", "companyId")
        elif principal.company_ids is not None and len(principal.company_ids) == 1:
            wanted = principal.company_ids[0]
        else:
            raise InvalidValue("You see several companies: say whose deposit.", path=("companyId",))
        value = await get_deposit(principal, wanted)
        return Deposit.of(value) if value else None

    @strawberry.field(description="The entries of deposits, newest first.")
    async def deposit_entries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        company_id: OfCompany = None,
    ) -> Connection[DepositEntry]:
        """A page of entries."""
        principal = info.context.principal
        wanted = None if company_id is None else database_id(company_id, "Company", "companyId")
        page = await list_entries(principal, PageRequest(first, after, last, before), wanted)
        return Connection(page=page, make=DepositEntry.of, count=lambda: count_entries(principal, wanted))

    @strawberry.field(
        description="The jobs of a day in the order in which they run, for each calendar. For NovaConnect's own staff."
    )
    async def scheduled_jobs(self, info: Info) -> list[ScheduledJob]:
        """All jobs."""
        return [ScheduledJob.of(row) for row in await list_jobs(info.context.principal)]
