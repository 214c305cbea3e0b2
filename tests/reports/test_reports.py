"""Each report against a slow recount over records drawn at random: open, late and corrected, at borders, in any zone."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.clock import clock
from domain.errors import AmbiguousSelection, BadPageSize, InvalidCursor, InvalidValue
from domain.reports import ReportKind, Span, TopBy
from domain.sim_filter import Selection, SimFilter
from models.database import execute
from novaconnect_sdk import SessionRecord
from services.paging import PageRequest
from services.reports import record_pages
from services.reports.record_lists import RecordOrder, ReportColumn, record_order
from services.reports.record_pages import Asked, report_page
from services.reports.record_rows import columns_of, report_row
from services.reports.scope import scope_of
from services.reports.totals import call_totals, count_rows, session_totals
from services.reports.usage_overview import top_sims
from tests.reports.records import bring_records, costs_of, day_in, sessions_of, shown
from tests.reports.recount import choices, spans, text_of, total, usage, whole
from tests.worlds import TwoCompanies

SEEDS = [1, 2]


@pytest.mark.parametrize("few", [record_pages.FEW, -1], ids=["SIM by SIM", "walked"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_sessions_equal_a_recount(
    world: TwoCompanies, seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given records of several readings, when any selection and span is asked, then it shows exactly those."""
    monkeypatch.setattr(record_pages, "FEW", few)  # both ways to find them, whatever their number
    held = await bring_records(world, seed)
    shown_in_all = 0
    for span in spans():
        for name, (selection, sims) in choices(world).items():
            rows = await whole(world.owner.principal, ReportKind.SESSIONS, span, selection)
            expected = sessions_of(held, [world.company.id], span.first, span.last, span.zone, sims)
            shown_in_all += len(rows)

            assert Counter(
                text_of(row.sim_id, row.started_at, row.ended_at, row.bytes, row.operator, row.cost, row.currency)
                for row in rows
            ) == Counter(
                text_of(sim, one.started_at, one.ended_at, one.total_bytes, one.operator, shown(one.cost), one.currency)
                for one, sim in expected
            ), (name, span)
            assert [row.started_at for row in rows] == sorted((row.started_at for row in rows), reverse=True)
            scope = await scope_of(world.owner.principal, selection)
            assert total(await session_totals(scope, span)) == total(usage(one for one, _ in expected)), (name, span)
            assert await count_rows(ReportKind.SESSIONS, scope, span) == len(rows)
    assert shown_in_all > 500
    assert {one.ended_at for one, *_ in held.sessions.values()} >= {None}


@pytest.mark.parametrize("seed", SEEDS)
async def test_days_equal_a_recount(world: TwoCompanies, seed: int) -> None:
    """Given the same, when days are asked, then each SIM's day is the sum of its sessions, also of late ones."""
    held = await bring_records(world, seed)
    for span in (span for span in spans() if span.is_utc):
        for name, (selection, sims) in choices(world).items():
            rows = await whole(world.owner.principal, ReportKind.DAILY, span, selection)
            expected: dict[tuple[date, int, str | None], list[SessionRecord]] = defaultdict(list)
            for one, sim in sessions_of(held, [world.company.id], span.first, span.last, "UTC", sims):
                expected[day_in(one.started_at, "UTC"), sim, one.currency].append(one)

            assert Counter(
                text_of(row.day, row.sim_id, row.currency, row.sessions, row.bytes, row.cost) for row in rows
            ) == Counter(text_of(*key, *_day(ones)) for key, ones in expected.items()), (name, span)
            assert [row.day for row in rows] == sorted((row.day for row in rows), reverse=True)
            scope = await scope_of(world.owner.principal, selection)
            assert await count_rows(ReportKind.DAILY, scope, span) == len(rows)


def _day(ones: list[SessionRecord]) -> tuple[int, int, Decimal | None]:
    costs = costs_of((one.cost, one.currency) for one in ones)
    return len(ones), sum(one.total_bytes for one in ones), costs[0][0] if costs else None


@pytest.mark.parametrize("seed", SEEDS)
async def test_calls_equal_a_recount(world: TwoCompanies, seed: int) -> None:
    """Given calls and messages, some corrected into another month, when they are asked, then each is there once."""
    held = await bring_records(world, seed)
    for span in spans():
        for name, (selection, sims) in choices(world).items():
            rows = await whole(world.owner.principal, ReportKind.CALLS_AND_MESSAGES, span, selection)
            expected = [
                (one, sim)
                for one, sim, company in held.calls.values()
                if company == world.company.id
                and (sims is None or sim in sims)
                and span.first <= day_in(one.at, span.zone) <= span.last
            ]

            assert Counter(
                text_of(
                    row.sim_id,
                    row.at,
                    row.direction,
                    row.kind,
                    row.other_number,
                    row.duration_seconds,
                    row.messages,
                    row.cost,
                    row.operator,
                )
                for row in rows
            ) == Counter(
                text_of(
                    sim,
                    one.at,
                    one.direction,
                    one.kind,
                    one.other_number,
                    one.duration_seconds,
                    1 if one.kind == "SMS" else None,
                    shown(one.cost),
                    one.operator,
                )
                for one, sim in expected
            ), (name, span)
            totals = await call_totals(await scope_of(world.owner.principal, selection), span)
            assert (totals.calls, totals.messages, totals.duration_seconds) == (
                sum(one.kind == "VOICE" for one, _ in expected),
                sum(one.kind == "SMS" for one, _ in expected),
                sum(one.duration_seconds or 0 for one, _ in expected),
            )
            assert [(cost.amount, cost.currency) for cost in totals.costs] == costs_of(
                (one.cost, one.currency) for one, _ in expected
            )


async def test_pages_are_the_same_list_from_either_end_in_every_order(world: TwoCompanies) -> None:
    """Given many sessions that began in the same moment and used the same, when paged, none is lost or told twice."""
    await bring_records(world, 5)
    await execute("UPDATE data_session SET bytes = 500 WHERE bytes > 1000")
    for principal in (world.owner.principal, world.staff.principal):
        for kind, column in (
            (ReportKind.SESSIONS, ReportColumn.TIME),
            (ReportKind.SESSIONS, ReportColumn.BYTES),
            (ReportKind.DAILY, ReportColumn.TIME),
            (ReportKind.CALLS_AND_MESSAGES, ReportColumn.TIME),
        ):
            for selection in (Selection(), Selection(filter=SimFilter(profiles=("TC", "TD")))):
                down = record_order(kind, column)
                one_page = await whole(principal, kind, spans()[0], selection, size=500, order=down)
                assert await whole(principal, kind, spans()[0], selection, size=3, order=down) == one_page
                assert (
                    await whole(principal, kind, spans()[0], selection, size=3, order=down, backward=True) == one_page
                )
                up = record_order(kind, column, descending=False)
                assert await whole(principal, kind, spans()[0], selection, size=7, order=up) == one_page[::-1]
                assert len(one_page) > 30


@pytest.mark.parametrize("descending", [True, False])
async def test_a_cursor_of_other_days_leads_no_further_than_the_days_asked(
    world: TwoCompanies, descending: bool
) -> None:
    """Given cursors of a long report, when they are used with fewer days, then only rows of those days follow them."""
    await bring_records(world, 6)
    today = clock.now().date()
    wide, narrow = Span(today - timedelta(days=80), today), Span(today - timedelta(days=40), today - timedelta(days=20))
    scope = await scope_of(world.owner.principal)
    for kind in ReportKind:
        order = record_order(kind, descending=descending)

        async def page(span: Span, request: PageRequest, kind: ReportKind = kind, order: RecordOrder = order) -> Any:
            return await report_page(Asked(kind, scope, span, order, request, columns_of(kind)))

        everything = await page(wide, PageRequest(first=500))
        rows = [report_row(kind, record) for record in everything.rows]
        inside = await whole(world.owner.principal, kind, narrow, Selection(), order=order)
        assert 5 < len(inside) < len(rows) < 500
        for at in range(0, len(rows), 7):
            cursor = everything.cursor(at)
            after = await page(narrow, PageRequest(first=500, after=cursor))
            before = await page(narrow, PageRequest(last=500, before=cursor))
            assert [report_row(kind, one) for one in after.rows] == [row for row in rows[at + 1 :] if row in inside]
            assert [report_row(kind, one) for one in before.rows] == [row for row in rows[:at] if row in inside]


async def test_nobody_sees_what_another_company_used(world: TwoCompanies) -> None:
    """Given records of two companies, when each asks for all, by id or by company, then it sees its own."""
    held = await bring_records(world, 7)
    span = spans()[0]
    theirs = Selection(ids=tuple(sim.id for sim in world.others.values()))
    of_company = Selection(filter=SimFilter(company_ids=(world.other_company.id,)))

    for kind in ReportKind:
        for selection in (theirs, of_company):
            assert await whole(world.owner.principal, kind, span, selection) == []
            assert await count_rows(kind, await scope_of(world.owner.principal, selection), span) == 0
        assert {row.sim_id for row in await whole(world.other_owner.principal, kind, span, Selection())} == {
            sim.id for sim in world.others.values()
        }
        assert len(await whole(world.staff.principal, kind, span, Selection())) == len(
            await whole(world.owner.principal, kind, span, Selection())
        ) + len(await whole(world.other_owner.principal, kind, span, Selection()))
    assert held.sessions


async def test_a_sold_sim_keeps_its_records_and_its_numbers_but_not_its_new_name(world: TwoCompanies) -> None:
    """Given a SIM that went to another company, when the first asks for its days, then they are there, without the name."""
    await bring_records(world, 8)
    truck = world.sims["truck"]
    await execute("UPDATE sim SET company_id = $1, name = 'Secret' WHERE id = $2", world.other_company.id, truck.id)

    for kind in ReportKind:
        rows = [
            row for row in await whole(world.owner.principal, kind, spans()[0], Selection()) if row.sim_id == truck.id
        ]
        assert rows
        assert {(row.iccid, row.msisdn, row.name) for row in rows} == {(truck.iccid, truck.msisdn, "")}
    best = await top_sims(await scope_of(world.owner.principal), spans()[0], TopBy.BYTES, 10)
    assert {(row.iccid, row.name) for row in best if row.sim_id == truck.id} == {(truck.iccid, "")}


async def test_what_makes_no_sense_is_refused(world: TwoCompanies) -> None:
    today = clock.now().date()
    Span(today - timedelta(days=399), today).check()
    for bad in (
        Span(today, today - timedelta(days=1)),
        Span(today - timedelta(days=400), today),
        Span(today, today, "Mars/Olympus"),
        Span(today, today, "../etc/passwd"),
        Span(date(1, 1, 1), date(1, 1, 2)),
    ):
        with pytest.raises(InvalidValue):
            bad.check()
    with pytest.raises(AmbiguousSelection):
        await scope_of(world.owner.principal, Selection(ids=(1,), filter=SimFilter()))
    scope, span = await scope_of(world.owner.principal), Span(today, today)
    for request, error in (
        (PageRequest(first=501), BadPageSize),
        (PageRequest(first=1, after="nonsense"), InvalidCursor),
        (PageRequest(first=1, after=record_order(ReportKind.DAILY).listing.cursor("x|y|z", 1)), InvalidCursor),
    ):
        for kind in ReportKind:
            with pytest.raises(error):
                await report_page(Asked(kind, scope, span, record_order(kind), request, columns_of(kind)))
    for limit in (0, 1001):
        with pytest.raises(InvalidValue):
            await top_sims(scope, span, TopBy.BYTES, limit)
