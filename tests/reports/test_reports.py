"""Each report against a slow recount over records drawn at random: open, late and corrected, at borders, in any zone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from access import Principal
from domain.clock import clock
from domain.errors import AmbiguousSelection, BadPageSize, InvalidCursor, InvalidValue
from domain.reports import ReportKind, Span, TopBy, UsageKey
from domain.sim_filter import Selection, SimFilter
from models.database import execute, fetch
from novaconnect_sdk import SessionRecord
from services.paging import PageRequest
from services.reports import record_pages
from services.reports.record_lists import RecordOrder, ReportColumn, record_order
from services.reports.record_pages import Asked, report_page
from services.reports.record_rows import columns_of, report_row
from services.reports.scope import scope_of
from services.reports.totals import call_totals, count_rows, session_totals
from services.reports.usage_overview import top_sims, usage_overview
from services.reports.usage_sums import Cost, Usage
from tests.reports.records import ZONES, bring_records, costs_of, day_in, sessions_of, shown
from tests.worlds import TwoCompanies, add_group

SEEDS = [1, 2]


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


@pytest.mark.parametrize("seed", SEEDS)
async def test_overviews_equal_a_recount(world: TwoCompanies, seed: int) -> None:
    """Given the same, when they are broken down by anything, then every part is the sum of its sessions."""
    held = await bring_records(world, seed)
    second = await add_group(world.company, "Second", [world.sims["truck"], world.sims["crane"]])
    groups = {
        world.sims["truck"].id: [world.group.id, second.id],
        world.sims["crane"].id: [second.id],
        world.sims["combine"].id: [world.group.id],
    }
    profiles = {
        code: {sim.id for sim in world.sims.values() if sim.profile_id == row.id}  # type: ignore[attr-defined]
        for code, row in world.profiles.items()
    }
    await execute("UPDATE sim SET roaming = true WHERE id = $1", world.sims["crane"].id)
    plans = {"TC": "TC_PayPerUse", "TD": "TD_Mega"}

    def keys(by: UsageKey, one: SessionRecord, sim: int) -> list[object]:
        profile = next(code for code, members in profiles.items() if sim in members)
        found: dict[UsageKey, list[object]] = {
            UsageKey.DAY: [day_in(one.started_at, "UTC").isoformat()],
            UsageKey.COUNTRY: [one.country],
            UsageKey.OPERATOR: [one.operator],
            UsageKey.PROFILE: [profile],
            UsageKey.PLAN: [plans[profile]],
            UsageKey.GROUP: list(groups[sim]),
        }
        return found[by]

    for span in (span for span in spans() if span.is_utc):
        for name, (selection, sims) in choices(world).items():
            scope = await scope_of(world.owner.principal, selection)
            for by in UsageKey:
                parts = await usage_overview(scope, span, by)
                expected: dict[object, list[SessionRecord]] = defaultdict(list)
                for one, sim in sessions_of(held, [world.company.id], span.first, span.last, "UTC", sims):
                    for key in keys(by, one, sim):
                        expected[key].append(one)

                found = {part.group_id if by is UsageKey.GROUP else part.key: total(part.usage) for part in parts}
                assert found == {key: total(usage(ones)) for key, ones in expected.items()}, (name, span, by)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_first_sims_are_those_that_used_most(world: TwoCompanies, seed: int) -> None:
    held = await bring_records(world, seed)
    for span in (span for span in spans() if span.is_utc):
        scope = await scope_of(world.owner.principal)
        by_sim: dict[int, list[SessionRecord]] = defaultdict(list)
        for one, sim in sessions_of(held, [world.company.id], span.first, span.last, "UTC"):
            by_sim[sim].append(one)

        for by in (TopBy.BYTES, TopBy.SESSIONS):
            rank = (lambda used: used.bytes) if by is TopBy.BYTES else (lambda used: used.sessions)
            expected = sorted(
                ((sim, usage(ones)) for sim, ones in by_sim.items()), key=lambda each: (-rank(each[1]), each[0])
            )
            found = await top_sims(scope, span, by, 2)
            assert [(row.sim_id, total(row.usage)) for row in found] == [(sim, total(one)) for sim, one in expected[:2]]

        priced = sorted(
            ((cost, currency, sim) for sim, ones in by_sim.items() for cost, currency in usage_costs(ones) if cost > 0),
            key=lambda each: -each[0],
        )
        found = await top_sims(scope, span, TopBy.COST, 1000)
        assert sorted((row.usage.costs[0].amount, row.usage.costs[0].currency, row.sim_id) for row in found) == sorted(
            priced
        )
        assert [row.usage.costs[0].amount for row in found] == [cost for cost, *_ in priced]


def usage_costs(ones: list[SessionRecord]) -> list[tuple[Decimal, str | None]]:
    return costs_of((one.cost, one.currency) for one in ones)


RECOUNTS = {
    "usage_daily": "SELECT sim_id, (started_at AT TIME ZONE 'UTC')::date, company_id, coalesce(currency, ''),"
    " sum(bytes)::bigint, count(*)::int, coalesce(sum(cost), 0) FROM data_session GROUP BY 1, 2, 3, 4",
    "usage_monthly": "SELECT sim_id, date_trunc('month', started_at AT TIME ZONE 'UTC')::date, company_id,"
    " coalesce(currency, ''), sum(bytes)::bigint, count(*)::int, coalesce(sum(cost), 0) FROM data_session GROUP BY 1, 2, 3, 4",
    "usage_by_network": "SELECT company_id, (started_at AT TIME ZONE 'UTC')::date, profile_id, coalesce(operator, ''),"
    " coalesce(country, ''), coalesce(currency, ''), sum(bytes)::bigint, count(*)::int, coalesce(sum(cost), 0)"
    " FROM data_session GROUP BY 1, 2, 3, 4, 5, 6",
}
KEPT = {
    "usage_daily": "SELECT sim_id, day, company_id, currency, bytes, sessions, cost FROM usage_daily",
    "usage_monthly": "SELECT sim_id, month, company_id, currency, bytes, sessions, cost FROM usage_monthly",
    "usage_by_network": "SELECT company_id, day, profile_id, operator, country, currency, bytes, sessions, cost"
    " FROM usage_by_network",
}


@pytest.mark.parametrize("seed", range(6))
async def test_the_kept_sums_equal_a_recount_whatever_comes(world: TwoCompanies, seed: int) -> None:
    """Given late, corrected, moved and sold sessions, when they have come, then every table of sums is a recount."""
    await bring_records(world, seed)
    await execute("UPDATE sim SET company_id = $1 WHERE id = $2", world.other_company.id, world.sims["truck"].id)
    await bring_records(world, seed + 100)

    for table, recount in RECOUNTS.items():
        kept = [tuple(row) for row in await fetch(KEPT[table])]
        assert sorted(kept) == sorted(tuple(row) for row in await fetch(recount)), table
        assert len(kept) > 10


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
