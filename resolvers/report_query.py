"""Root fields of the reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any

import strawberry

from access import Principal
from domain.clock import clock
from domain.reports import ReportKind, Span, TopBy, UsageKey
from projection import plan_of
from schema.arguments import After, Before, First, Last
from schema.context import Info
from schema.enums import OrderDirection
from schema.report import (
    CallReport,
    CallRow,
    DailyReport,
    DayRow,
    OverviewOfUsage,
    PartOfUsage,
    SessionReport,
    SessionRow,
    SimOfTop,
    UsageTotals,
)
from schema.report_inputs import (
    Direction,
    FromDay,
    ReportSelection,
    Selected,
    SessionReportOrder,
    ToDay,
    Zone,
    selected,
)
from services.paging import Page, PageRequest
from services.reports.record_lists import RecordOrder, ReportColumn, record_order
from services.reports.record_pages import Asked, report_page
from services.reports.record_rows import columns_of, report_row
from services.reports.scope import Scope, scope_of
from services.reports.totals import call_totals, count_rows, session_totals
from services.reports.usage_overview import top_sims, usage_overview


@strawberry.type
class ReportQuery:
    """Reading what was used."""

    @strawberry.field(description="Data sessions that began in the days given, the latest first.")
    async def session_report(
        self,
        info: Info,
        from_: FromDay,
        to: ToDay,
        selection: Selected = None,
        time_zone: Zone = "UTC",
        order_by: Annotated[
            SessionReportOrder | None, strawberry.argument(description="In another order; cursors belong to one order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> SessionReport:
        """A page of sessions."""
        kind = ReportKind.SESSIONS
        span, scope = await _scoped(info.context.principal, selection, Span(from_, to, time_zone))
        column = order_by.field if order_by else ReportColumn.TIME
        order = record_order(kind, column, descending=order_by is None or order_by.direction is OrderDirection.DESC)
        answer = _Answer(kind, scope, span, order, PageRequest(first, after, last, before))
        return await answer.given(
            info,
            lambda page, make, count: SessionReport(
                page=page, make=make, count=count, sums=partial(session_totals, scope, span)
            ),
            SessionRow.of,
        )

    @strawberry.field(description="Usage by SIM and day (UTC), the latest day first.")
    async def daily_report(
        self,
        info: Info,
        from_: FromDay,
        to: ToDay,
        selection: Selected = None,
        direction: Direction = OrderDirection.DESC,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DailyReport:
        """A page of days."""
        kind = ReportKind.DAILY
        span, scope = await _scoped(info.context.principal, selection, Span(from_, to))
        order = record_order(kind, descending=direction is OrderDirection.DESC)
        answer = _Answer(kind, scope, span, order, PageRequest(first, after, last, before))
        return await answer.given(
            info,
            lambda page, make, count: DailyReport(
                page=page, make=make, count=count, sums=partial(session_totals, scope, span)
            ),
            DayRow.of,
        )

    @strawberry.field(description="Calls and text messages of the days given, the latest first.")
    async def calls_and_messages_report(
        self,
        info: Info,
        from_: FromDay,
        to: ToDay,
        selection: Selected = None,
        time_zone: Zone = "UTC",
        direction: Direction = OrderDirection.DESC,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> CallReport:
        """A page of calls and messages."""
        kind = ReportKind.CALLS_AND_MESSAGES
        span, scope = await _scoped(info.context.principal, selection, Span(from_, to, time_zone))
        order = record_order(kind, descending=direction is OrderDirection.DESC)
        answer = _Answer(kind, scope, span, order, PageRequest(first, after, last, before))
        return await answer.given(
            info,
            lambda page, make, count: CallReport(
                page=page, make=make, count=count, sums=partial(call_totals, scope, span)
            ),
            CallRow.of,
        )

    @strawberry.field(description="What data sessions used in the days given (UTC), as a whole and in parts.")
    async def usage_overview(
        self,
        info: Info,
        from_: FromDay,
        to: ToDay,
        group_by: Annotated[UsageKey, strawberry.argument(description="By what it is broken down.")],
        selection: Selected = None,
    ) -> OverviewOfUsage:
        """An overview."""
        span, scope = await _scoped(info.context.principal, selection, Span(from_, to))
        total = await session_totals(scope, span)
        parts = await usage_overview(scope, span, group_by)
        return OverviewOfUsage(total=UsageTotals.of(total), parts=[PartOfUsage.of(part) for part in parts])

    @strawberry.field(description="The SIMs that used most: in the days given (UTC), or else in this month.")
    async def top_sims(
        self,
        info: Info,
        by: Annotated[TopBy, strawberry.argument(description="What counts.")] = TopBy.BYTES,
        limit: Annotated[int, strawberry.argument(description="How many SIMs, 1 to 1000.")] = 10,
        from_: Annotated[date | None, strawberry.argument(name="from", description="The first day.")] = None,
        to: Annotated[date | None, strawberry.argument(name="to", description="The last day.")] = None,
        selection: Selected = None,
    ) -> list[SimOfTop]:
        """The first ones."""
        last = to or clock.now().date()
        span, scope = await _scoped(info.context.principal, selection, Span(from_ or last.replace(day=1), last))
        return [SimOfTop.of(row) for row in await top_sims(scope, span, by, limit)]


async def _scoped(principal: Principal, selection: ReportSelection | None, span: Span) -> tuple[Span, Scope]:
    span.check()
    return span, await scope_of(principal, selected(selection))


class _Answer:
    """One page of one report, by a projection where that is possible, else as objects."""

    def __init__(self, kind: ReportKind, scope: Scope, span: Span, order: RecordOrder, request: PageRequest) -> None:
        self._kind = kind
        self._scope = scope
        self._span = span
        self._order = order
        self._request = request

    async def given(self, info: Info, connection: Callable[..., Any], make: Callable[[Any], Any]) -> Any:
        """What the resolver returns."""
        if plan := plan_of(info):
            total = await self._count() if plan.wants_total else None
            return await plan.page(await self._page(plan.columns), total)
        page = await self._page(columns_of(self._kind))
        return connection(page, lambda record: make(report_row(self._kind, record)), self._count)

    async def _page(self, columns: str) -> Page[Any]:
        return await report_page(Asked(self._kind, self._scope, self._span, self._order, self._request, columns))

    async def _count(self) -> int:
        return await count_rows(self._kind, self._scope, self._span)
