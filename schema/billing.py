"""The monthly bill as staff see it: previews, runs, exchange rates, calendars."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.billing.invoices import HoldReason, Service
from models.billing import ExchangeRateState
from schema.company import Company
from schema.connections import Node
from schema.context import Info
from schema.describing import describe
from schema.ids import global_id
from schema.invoice import InvoiceDeadlines
from services.billing.billing_runs import BillingRunRow, RunState
from services.billing.calendar_acceptance import CalendarYearRow
from services.billing.held_rates import RateRow
from services.billing.preview_billing import CompanyPreview, PreviewLine

describe(
    RunState,
    "How far a monthly run has come.",
    {
        "RUNNING": "It is asked for or under way; whatever stops it, it is taken up again.",
        "WAITING": "All that can be issued is; drafts are held, see their `holdReason`. It is tried again by itself.",
        "DONE": "Everything is issued.",
    },
    name="BillingRunState",
)


@strawberry.type(description="The working days of a country in a span.")
class WorkingDays:
    """Days."""

    calendar: str = strawberry.field(description="Whose calendar it is: RU for Russia, KZ for every other country.")
    days: list[date] = strawberry.field(description="The working days, in order.")
    count: int = strawberry.field(description="How many.")
    confirmed: bool = strawberry.field(
        description="Whether the official calendar of every year of the span is entered; otherwise days may still change."
    )


@strawberry.type(description="What a company would be billed for a plan's service.")
class BillingPreviewLine:
    """A sum."""

    plan: str = strawberry.field(description="The code of the tariff plan; of the profile where there is no plan.")
    service: Service = strawberry.field(description="The service.")
    late: bool = strawberry.field(description="Whether it is what came late, or was corrected, of the months before.")
    sims: int = strawberry.field(description="How many SIMs.")
    quantity: str = strawberry.field(description="How much, as a whole number; the service says in what unit.")
    amount_eur: Decimal = strawberry.field(description="What it costs in EUR, with four places.")

    @classmethod
    def of(cls, line: PreviewLine) -> Self:
        """The sum of a service."""
        return cls(
            plan=line.plan,
            service=Service(line.service),
            late=line.late,
            sims=line.sims,
            quantity=str(line.quantity),
            amount_eur=line.amount,
        )


@strawberry.type(description="What a company would be billed if the run were today; nothing is stored.")
class BillingPreview:
    """A dry run for a company."""

    value: strawberry.Private[CompanyPreview]
    frozen: bool = strawberry.field(
        description="Whether its month was frozen by a run already, so that this is what came since."
    )
    currency: str = strawberry.field(description="The currency of its invoices, ISO 4217.")
    amount_eur: Decimal = strawberry.field(description="The total in EUR.")
    rate: Decimal | None = strawberry.field(
        description="What one EUR costs today; 1 in EUR, null where there is no rate."
    )
    local_amount: Decimal | None = strawberry.field(
        description="The total in `currency` at that rate; null where there is no rate."
    )
    hold_reason: HoldReason | None = strawberry.field(description="Why an invoice would wait; null if it would not.")
    skipped: bool = strawberry.field(description="Whether there would be no invoice, because nothing is owed.")
    unpriced_packages: int = strawberry.field(
        description="Packages of the month that are not billed because their size has no price: enter one."
    )
    deadlines: InvoiceDeadlines = strawberry.field(description="The deadlines of an invoice issued today.")
    lines: list[BillingPreviewLine] = strawberry.field(description="The sums by plan and service.")

    @classmethod
    def of(cls, value: CompanyPreview) -> Self:
        """The preview of a service."""
        days = value.deadlines
        return cls(
            value=value,
            frozen=value.frozen,
            currency=value.currency,
            amount_eur=value.eur_total,
            rate=value.rate,
            local_amount=value.local_amount,
            hold_reason=value.hold_reason,
            skipped=value.skipped,
            unpriced_packages=value.unpriced_packages,
            deadlines=InvoiceDeadlines(day3=days.day3, day5=days.day5, day6=days.day6, calendar_version=days.version),
            lines=[BillingPreviewLine.of(line) for line in value.lines],
        )

    @strawberry.field(description="The company.")
    async def company(self, info: Info) -> Company:
        """Read for all companies of a page at once."""
        row = await info.context.loaders.companies.load(self.value.company_id)
        assert row is not None
        return Company.of(row)


@strawberry.type(description="The run that bills a month.")
class BillingRun:
    """A run."""

    id: strawberry.ID = strawberry.field(description="Its global id.")
    period: date = strawberry.field(description="The month, by its first day.")
    state: RunState = strawberry.field(description="How far it has come.")
    started_at: datetime = strawberry.field(description="When it was first asked for.")
    finished_at: datetime | None = strawberry.field(
        description="When it last came to its end; null while it is under way."
    )
    companies: int = strawberry.field(description="How many companies' months were frozen, as of its last end.")
    issued: int = strawberry.field(description="How many invoices were issued, as of its last end.")
    held: int = strawberry.field(description="How many drafts are held, as of its last end.")

    @classmethod
    def of(cls, row: BillingRunRow) -> Self:
        """The run of a row."""
        return cls(
            id=global_id("BillingRun", row.id),
            period=row.period,
            state=RunState(row.state),
            started_at=row.started_at,
            finished_at=row.finished_at,
            companies=row.companies,
            issued=row.issued,
            held=row.held,
        )


@strawberry.type(description="What one EUR costs, as a central bank said.")
class ExchangeRate(Node):
    """A rate."""

    source: str = strawberry.field(description="CBR (Russia's central bank) or NBK (Kazakhstan's).")
    currency: str = strawberry.field(description="The currency, ISO 4217.")
    asked_on: date = strawberry.field(description="The day it was asked for.")
    rate_on: date = strawberry.field(description="The day the bank says it is for; earlier over weekends and holidays.")
    rate: Decimal = strawberry.field(description="What one EUR costs.")
    fetched_at: datetime = strawberry.field(description="When the bank answered.")
    state: ExchangeRateState = strawberry.field(description="Whether it may be used.")
    jump: Decimal | None = strawberry.field(
        description="The change against the rate before, as a part of it: 0.05 is five per cent; null for the first one."
    )

    @classmethod
    def of(cls, row: RateRow) -> Self:
        """The rate of a row."""
        return cls(
            id=global_id("ExchangeRate", row.id),
            source=row.source,
            currency=row.currency,
            asked_on=row.asked_on,
            rate_on=row.rate_on,
            rate=row.rate.normalize(),
            fetched_at=row.fetched_at,
            state=ExchangeRateState(row.state),
            jump=row.jump,
        )


@strawberry.type(description="A working calendar's year.")
class CalendarYear:
    """A year."""

    country: str = strawberry.field(description="RU, or KZ for every other country.")
    year: int = strawberry.field(description="The year.")
    confirmed: bool = strawberry.field(description="Whether the official calendar is entered and its norm fits.")
    accepted: bool = strawberry.field(description="Whether staff accepted it although it is not confirmed.")
    allows_locks: bool = strawberry.field(description="Whether financial locks may be set by it.")
    working_days: int | None = strawberry.field(description="How many working days it has; null where it is not known.")
    source: str | None = strawberry.field(description="Where its days come from; null where it is not known.")
    problem: str | None = strawberry.field(description="What is missing or wrong, and what to do; null if nothing.")

    @classmethod
    def of(cls, row: CalendarYearRow) -> Self:
        """The year of a row."""
        state = row.state
        return cls(
            country=state.country,
            year=state.year,
            confirmed=state.confirmed,
            accepted=row.accepted,
            allows_locks=row.allows_locks,
            working_days=state.working_days,
            source=state.source,
            problem=state.problem,
        )
