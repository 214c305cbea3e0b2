"""Whole reports read page by page, what can be asked, and sums one by one: what reports are held against."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from access import Principal
from domain.clock import clock
from domain.reports import ReportKind, Span
from domain.sim_filter import Selection, SimFilter
from novaconnect_sdk import SessionRecord
from services.paging import PageRequest
from services.reports.record_lists import RecordOrder, record_order
from services.reports.record_pages import Asked, report_page
from services.reports.record_rows import columns_of, report_row
from services.reports.scope import scope_of
from services.reports.usage_sums import Cost, Usage
from tests.reports.records import ZONES, costs_of
from tests.worlds import TwoCompanies


async def whole(
    principal: Principal,
    kind: ReportKind,
    span: Span,
    selection: Selection,
    *,
    size: int = 40,
    backward: bool = False,
    order: RecordOrder | None = None,
) -> list[Any]:
    """Every row of a report, page after page, from either end."""
    scope = await scope_of(principal, selection)
    order = order or record_order(kind)
    rows: list[Any] = []
    cursor = None
    while True:
        request = PageRequest(last=size, before=cursor) if backward else PageRequest(first=size, after=cursor)
        page = await report_page(Asked(kind, scope, span, order, request, columns_of(kind)))
        found = [report_row(kind, record) for record in page.rows]
        rows = found + rows if backward else rows + found
        if not (page.has_previous if backward else page.has_next):
            return rows
        assert len(found) == size
        cursor = page.cursor(0 if backward else len(page.rows) - 1)


def spans() -> list[Span]:
    """Whole months, parts of them, a day, and everything, in several zones."""
    today = clock.now().date()
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    return [
        Span(today - timedelta(days=80), today),
        Span(before, month - timedelta(days=1)),
        Span(before + timedelta(days=9), today),
        *(Span(month - timedelta(days=1), month, zone) for zone in ZONES),
        Span(before, month - timedelta(days=1), "Pacific/Kiritimati"),
        Span(before, month - timedelta(days=1), "America/St_Johns"),
        Span(today, today),
    ]


def choices(world: TwoCompanies) -> dict[str, tuple[Selection, list[int] | None]]:
    """What can be selected, and the SIMs that it means (None: all)."""
    ids = {name: sim.id for name, sim in world.sims.items()}
    return {
        "fleet": (Selection(), None),
        "one": (Selection(ids=(ids["truck"],)), [ids["truck"]]),
        "several": (Selection(ids=(ids["truck"], ids["crane"], world.others["taxi"].id)), [ids["truck"], ids["crane"]]),
        "group": (Selection(filter=SimFilter(group_id=world.group.id)), [ids["combine"], ids["truck"]]),
        "profile": (Selection(filter=SimFilter(profiles=("TC",))), [ids["truck"], ids["combine"], ids["spare"]]),
        "nothing": (Selection(filter=SimFilter(search="nowhere")), []),
    }


def text_of(*values: object) -> str:
    """Values as one text, so that they compare whatever they are; moments in UTC."""
    return "|".join(
        value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value) for value in values
    )


def usage(records: Iterable[SessionRecord]) -> Usage:
    """What sessions add up to, one by one."""
    listed = list(records)
    costs = costs_of((one.cost, one.currency) for one in listed)
    found = Usage(len(listed), sum(one.total_bytes for one in listed))
    return Usage(found.sessions, found.bytes, tuple(Cost(*each) for each in costs))


def total(one: Usage) -> tuple[int, int, list[tuple[Decimal, str | None]]]:
    """Comparable."""
    return one.sessions, one.bytes, [(cost.amount, cost.currency) for cost in one.costs]
