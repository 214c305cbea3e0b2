"""Rows and sums of the reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from schema.connections import Connection
from schema.ids import global_id
from schema.report_enums import RecordDirection, RecordKind
from schema.scalars import Bytes, Iccid, Msisdn, Plmn
from services.reports.record_rows import CallReportRow, DailyReportRow, SessionReportRow
from services.reports.totals import CallTotals
from services.reports.usage_overview import TopSim, UsagePart
from services.reports.usage_sums import Cost, Usage

_ICCID = "The serial number of the SIM."
_MSISDN = "The telephone number of the SIM; null if it has none."
_NAME = "The name of the SIM as it is today; empty if it has none, or is not yours any more."
_COST = "What the operator charged, with four decimals; null if it does not tell."
_CURRENCY = "The currency of the cost, ISO 4217; null if there is no cost."
_SIM = "The global id of the SIM."


@strawberry.type(name="SessionReportRow", description="A data session in a report.")
class SessionRow:
    """A session."""

    sim_id: strawberry.ID = strawberry.field(description=_SIM)
    started_at: datetime = strawberry.field(description="When it began.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it is open.")
    msisdn: Msisdn | None = strawberry.field(description=_MSISDN)
    iccid: Iccid | None = strawberry.field(description=_ICCID)
    name: str = strawberry.field(description=_NAME)
    bytes: Bytes = strawberry.field(description="What was received and sent, so far if it is open.")
    cost: Decimal | None = strawberry.field(description=_COST)
    currency: str | None = strawberry.field(description=_CURRENCY)
    country: str | None = strawberry.field(description="The country, in the operator's spelling.")
    city: str | None = strawberry.field(description="The city; null where it is not known.")
    operator: str | None = strawberry.field(description="The mobile operator in whose network it was.")
    plmn: Plmn | None = strawberry.field(description="The code of the network (MCC and MNC); null if it is not told.")

    @classmethod
    def of(cls, row: SessionReportRow) -> Self:
        """The row of a service."""
        return cls(
            sim_id=global_id("Sim", row.sim_id),
            started_at=row.started_at,
            ended_at=row.ended_at,
            msisdn=None if row.msisdn is None else Msisdn(row.msisdn),
            iccid=None if row.iccid is None else Iccid(row.iccid),
            name=row.name,
            bytes=Bytes(row.bytes),
            cost=row.cost,
            currency=row.currency,
            country=row.country,
            city=row.city,
            operator=row.operator,
            plmn=None if row.plmn is None else Plmn(row.plmn),
        )


@strawberry.type(name="DailyReportRow", description="What a SIM used on one day.")
class DayRow:
    """A SIM's day."""

    sim_id: strawberry.ID = strawberry.field(description=_SIM)
    day: date = strawberry.field(description="The day (UTC).")
    msisdn: Msisdn | None = strawberry.field(description=_MSISDN)
    iccid: Iccid | None = strawberry.field(description=_ICCID)
    name: str = strawberry.field(description=_NAME)
    sessions: int = strawberry.field(description="How many sessions began on it.")
    bytes: Bytes = strawberry.field(description="What these sessions received and sent.")
    cost: Decimal | None = strawberry.field(description=_COST)
    currency: str | None = strawberry.field(description=f"{_CURRENCY} A day with costs in two currencies has two rows.")

    @classmethod
    def of(cls, row: DailyReportRow) -> Self:
        """The row of a service."""
        return cls(
            sim_id=global_id("Sim", row.sim_id),
            day=row.day,
            msisdn=None if row.msisdn is None else Msisdn(row.msisdn),
            iccid=None if row.iccid is None else Iccid(row.iccid),
            name=row.name,
            sessions=row.sessions,
            bytes=Bytes(row.bytes),
            cost=row.cost,
            currency=row.currency,
        )


@strawberry.type(name="CallReportRow", description="A call or text message in a report.")
class CallRow:
    """A call or message."""

    sim_id: strawberry.ID = strawberry.field(description=_SIM)
    at: datetime = strawberry.field(description="When it was.")
    direction: RecordDirection = strawberry.field(description="Whether it came in or went out.")
    kind: RecordKind = strawberry.field(description="Whether it was a call or a message.")
    msisdn: Msisdn | None = strawberry.field(description=_MSISDN)
    iccid: Iccid | None = strawberry.field(description=_ICCID)
    name: str = strawberry.field(description=_NAME)
    other_number: str | None = strawberry.field(description="The number at the other end; null if it is not told.")
    duration_seconds: int | None = strawberry.field(description="How long a call was; null for a message.")
    messages: int | None = strawberry.field(description="How many messages it was; null for a call.")
    cost: Decimal | None = strawberry.field(description=_COST)
    currency: str | None = strawberry.field(description=_CURRENCY)
    operator: str | None = strawberry.field(
        description="The mobile operator in whose network it was; null if not told."
    )

    @classmethod
    def of(cls, row: CallReportRow) -> Self:
        """The row of a service."""
        return cls(
            sim_id=global_id("Sim", row.sim_id),
            at=row.at,
            direction=RecordDirection(row.direction),
            kind=RecordKind(row.kind),
            msisdn=None if row.msisdn is None else Msisdn(row.msisdn),
            iccid=None if row.iccid is None else Iccid(row.iccid),
            name=row.name,
            other_number=row.other_number,
            duration_seconds=row.duration_seconds,
            messages=row.messages,
            cost=row.cost,
            currency=row.currency,
            operator=row.operator,
        )


@strawberry.type(name="UsageCost", description="A cost in one currency.")
class CostInCurrency:
    """An amount."""

    amount: Decimal = strawberry.field(description="The amount, with four decimals.")
    currency: str | None = strawberry.field(description="The currency, ISO 4217; null where the records name none.")

    @classmethod
    def of(cls, cost: Cost) -> Self:
        """A cost of a service."""
        return cls(amount=cost.amount, currency=cost.currency)


@strawberry.type(name="UsageTotals", description="What data sessions add up to.")
class UsageTotals:
    """Sums."""

    sessions: Bytes = strawberry.field(description="How many there are.")
    bytes: Bytes = strawberry.field(description="What they received and sent.")
    costs: list[CostInCurrency] = strawberry.field(description="What they cost, by currency; empty if nobody tells.")

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """Sums of a service."""
        return cls(
            sessions=Bytes(usage.sessions),
            bytes=Bytes(usage.bytes),
            costs=[CostInCurrency.of(cost) for cost in usage.costs],
        )


@strawberry.type(name="CallTotals", description="What calls and messages add up to.")
class TotalsOfCalls:
    """Sums."""

    calls: Bytes = strawberry.field(description="How many calls there are.")
    messages: Bytes = strawberry.field(description="How many messages there are.")
    duration_seconds: Bytes = strawberry.field(description="How long the calls are together.")
    costs: list[CostInCurrency] = strawberry.field(description="What they cost, by currency; empty if nobody tells.")

    @classmethod
    def of(cls, totals: CallTotals) -> Self:
        """Sums of a service."""
        return cls(
            calls=Bytes(totals.calls),
            messages=Bytes(totals.messages),
            duration_seconds=Bytes(totals.duration_seconds),
            costs=[CostInCurrency.of(cost) for cost in totals.costs],
        )


_TOTALS = (
    "What the whole report adds up to, whichever page is shown. "
    "Worked out only when asked; asked apart, it keeps no page waiting."
)


@strawberry.type(description="A page of a report of data sessions.")
class SessionReport(Connection[SessionRow]):
    """Sessions."""

    sums: strawberry.Private[Callable[[], Awaitable[Usage]]]

    @strawberry.field(description=_TOTALS)
    async def totals(self) -> UsageTotals:
        """Sums of the whole report."""
        return UsageTotals.of(await self.sums())


@strawberry.type(description="A page of a report of usage by SIM and day.")
class DailyReport(Connection[DayRow]):
    """Days."""

    sums: strawberry.Private[Callable[[], Awaitable[Usage]]]

    @strawberry.field(description=_TOTALS)
    async def totals(self) -> UsageTotals:
        """Sums of the whole report."""
        return UsageTotals.of(await self.sums())


@strawberry.type(description="A page of a report of calls and text messages.")
class CallReport(Connection[CallRow]):
    """Calls and messages."""

    sums: strawberry.Private[Callable[[], Awaitable[CallTotals]]]

    @strawberry.field(description=_TOTALS)
    async def totals(self) -> TotalsOfCalls:
        """Sums of the whole report."""
        return TotalsOfCalls.of(await self.sums())


@strawberry.type(name="UsagePart", description="One part of an overview of usage.")
class PartOfUsage:
    """A part."""

    key: str | None = strawberry.field(
        description="The day, country, operator, code of the profile or plan, or name of the group; null for what is in none"
        " or cannot be told."
    )
    day: date | None = strawberry.field(description="The day, in an overview by day.")
    group_id: strawberry.ID | None = strawberry.field(description="The id of the group, in an overview by group.")
    usage: UsageTotals = strawberry.field(description="What was used.")

    @classmethod
    def of(cls, part: UsagePart) -> Self:
        """A part of a service."""
        group = None if part.group_id is None else global_id("SimGroup", part.group_id)
        return cls(key=part.key, day=part.day, group_id=group, usage=UsageTotals.of(part.usage))


@strawberry.type(name="UsageOverview", description="What was used, as a whole and in parts.")
class OverviewOfUsage:
    """An overview."""

    total: UsageTotals = strawberry.field(description="The whole. Parts by group may add up to more.")
    parts: list[PartOfUsage] = strawberry.field(
        description="Its parts: days in their order, everything else the largest first."
    )


@strawberry.type(name="TopSim", description="A SIM among those that used most.")
class SimOfTop:
    """A SIM."""

    sim_id: strawberry.ID = strawberry.field(description=_SIM)
    iccid: Iccid | None = strawberry.field(description=_ICCID)
    msisdn: Msisdn | None = strawberry.field(description=_MSISDN)
    name: str = strawberry.field(description=_NAME)
    usage: UsageTotals = strawberry.field(description="What it used.")

    @classmethod
    def of(cls, row: TopSim) -> Self:
        """The row of a service."""
        return cls(
            sim_id=global_id("Sim", row.sim_id),
            iccid=None if row.iccid is None else Iccid(row.iccid),
            msisdn=None if row.msisdn is None else Msisdn(row.msisdn),
            name=row.name,
            usage=UsageTotals.of(row.usage),
        )
