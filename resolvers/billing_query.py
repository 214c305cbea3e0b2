"""Root fields that read invoices, calendars, and the monthly bill."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from domain.billing.invoices import InvoiceKind, InvoiceState
from models.billing import ExchangeRateState
from schema.arguments import After, Before, First, Last
from schema.billing import BillingPreview, BillingRun, CalendarYear, ExchangeRate, WorkingDays
from schema.connections import Connection
from schema.context import Info, plan_for
from schema.ids import database_id
from schema.invoice import Invoice, InvoiceDeadlines
from schema.legal_entity import LegalEntitySettings
from services.billing.billing_runs import list_runs
from services.billing.calendar_acceptance import calendar_years
from services.billing.calendar_days import deadlines_of, working_days_of
from services.billing.change_legal_entity import list_legal_entities
from services.billing.held_rates import count_rates, list_rates
from services.billing.preview_billing import count_previewed, preview_billing
from services.billing.read_invoices import (
    InvoiceFilter,
    count_invoices,
    get_invoice,
    get_invoice_record,
    list_invoice_records,
    list_invoices,
)
from services.paging import PageRequest

Country = Annotated[str, strawberry.argument(description="A country, ISO 3166 alpha-2.")]
Period = Annotated[date, strawberry.argument(description="A month, by its first day.")]
CompanyId = Annotated[strawberry.ID | None, strawberry.argument(description="Only this company, by its global id.")]


@strawberry.type
class BillingQuery:
    """Reading invoices."""

    @strawberry.field(description="Our legal entities as they are set up. For NovaConnect's own staff.")
    async def legal_entities(self, info: Info) -> list[LegalEntitySettings]:
        """All of them."""
        return [LegalEntitySettings.of(row) for row in await list_legal_entities(info.context.principal)]

    @strawberry.field(
        description="Invoices and credit notes that you may see, the newest period first. Staff see drafts too."
    )
    async def invoices(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[
            list[InvoiceState] | None, strawberry.argument(description="Only those in one of these states.")
        ] = None,
        kind: Annotated[
            list[InvoiceKind] | None, strawberry.argument(description="Only those of one of these kinds.")
        ] = None,
        company_id: CompanyId = None,
        from_period: Annotated[
            date | None, strawberry.argument(description="Only of this month and later ones; any day of it.")
        ] = None,
        to_period: Annotated[
            date | None, strawberry.argument(description="Only of this month and earlier ones; any day of it.")
        ] = None,
        search: Annotated[
            str | None, strawberry.argument(description="Only those whose number contains this, whatever its case.")
        ] = None,
    ) -> Connection[Invoice]:
        """A page of invoices."""
        principal = info.context.principal
        wanted = InvoiceFilter(
            states=state,
            kinds=kind,
            company_id=None if company_id is None else database_id(company_id, "Company", "companyId"),
            first_period=None if from_period is None else from_period.replace(day=1),
            last_period=to_period,
            search=search,
        )
        request = PageRequest(first, after, last, before)
        if plan := plan_for(info):
            records = await list_invoice_records(principal, request, wanted, plan)
            return await plan.page(records, await count_invoices(principal, wanted) if plan.wants_total else None)
        page = await list_invoices(principal, request, wanted)
        return Connection(page=page, make=Invoice.of, count=lambda: count_invoices(principal, wanted))

    @strawberry.field(description="One invoice or credit note; null if there is none or it is not yours.")
    async def invoice(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> Invoice | None:
        """One invoice."""
        principal, row_id = info.context.principal, database_id(id, "Invoice", "id")
        if plan := plan_for(info):
            return await plan.one(await get_invoice_record(principal, row_id, plan.columns))
        row = await get_invoice(principal, row_id)
        return Invoice.of(row) if row else None

    @strawberry.field(
        description="The working days of a country, by Russia's production calendar for Russia and Kazakhstan's for all others."
    )
    def working_days(
        self,
        country: Country,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day, at most two years after the first.")],
    ) -> WorkingDays:
        """Counted by the calendar."""
        found = working_days_of(country, from_, to)
        return WorkingDays(calendar=found.calendar, days=found.days, count=len(found.days), confirmed=found.confirmed)

    @strawberry.field(
        description="The deadlines that an invoice has when it is issued on a day to a company of a country."
    )
    def invoice_deadlines(
        self,
        country: Country,
        issued_on: Annotated[date, strawberry.argument(description="The day of issue.")],
    ) -> InvoiceDeadlines:
        """Counted by the calendar."""
        found = deadlines_of(country, issued_on)
        return InvoiceDeadlines(day3=found.day3, day5=found.day5, day6=found.day6, calendar_version=found.version)

    @strawberry.field(
        description="What the run of a month would bill, company by company; nothing is issued. For NovaConnect's own staff."
    )
    async def preview_billing(
        self, info: Info, period: Period, company_id: CompanyId = None, first: First = None, after: After = None
    ) -> Connection[BillingPreview]:
        """A page of companies."""
        principal = info.context.principal
        company = None if company_id is None else database_id(company_id, "Company", "companyId")
        page = await preview_billing(principal, period, company, PageRequest(first, after))
        return Connection(page=page, make=BillingPreview.of, count=lambda: count_previewed(principal, period, company))

    @strawberry.field(description="The monthly runs, the newest period first. For NovaConnect's own staff.")
    async def billing_runs(self, info: Info) -> list[BillingRun]:
        """One a month."""
        return [BillingRun.of(row) for row in await list_runs(info.context.principal)]

    @strawberry.field(
        description="The exchange rates that the central banks gave, the newest first. For NovaConnect's own staff."
    )
    async def exchange_rates(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[ExchangeRateState | None, strawberry.argument(description="Only those in this state.")] = None,
    ) -> Connection[ExchangeRate]:
        """A page of rates."""
        principal = info.context.principal
        page = await list_rates(principal, PageRequest(first, after, last, before), state)
        return Connection(page=page, make=ExchangeRate.of, count=lambda: count_rates(principal, state))

    @strawberry.field(
        description="The working calendars of this year, and from 1 November of the next. For NovaConnect's own staff."
    )
    async def calendar_years(self, info: Info) -> list[CalendarYear]:
        """What is confirmed, and what is missing."""
        return [CalendarYear.of(row) for row in await calendar_years(info.context.principal)]
