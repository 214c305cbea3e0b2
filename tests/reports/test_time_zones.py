"""Days of 23, 24, and 25 hours, midnights that there are twice or never, borders of months: whose day a record belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.reports import ReportKind, Span, TopBy, UsageKey
from domain.sim_filter import Selection
from eventstream import EventHub
from novaconnect_sdk import CallOrMessageRecord, SessionRecord
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from services.inventory.store_calls import store_call_records
from services.inventory.store_records import store_session_records
from services.reports.scope import scope_of
from services.reports.totals import call_totals, count_rows, session_totals
from services.reports.usage_overview import top_sims, usage_overview
from tests.reports.records import day_in
from tests.reports.recount import total, usage, whole
from tests.worlds import TwoCompanies

# A day on which each zone puts its clocks forward or back; in Santiago and Havana that is at midnight.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2025, 10, 26)),
    ("America/St_Johns", date(2025, 11, 2)),
    ("America/Santiago", date(2025, 9, 7)),
    ("America/Havana", date(2025, 11, 2)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Asia/Almaty", date(2024, 3, 1)),
    ("Pacific/Kiritimati", date(2026, 1, 1)),
    ("Pacific/Pago_Pago", date(2025, 12, 31)),
]


def times(zone: str, day: date) -> list[datetime]:
    """Every half hour of the days around, the seconds about each full hour too; told in the zone, as operators do."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = []
    for half_hours in range(-96, 97):
        moment = noon + timedelta(minutes=30 * half_hours)
        found += [moment] if half_hours % 2 else [moment - timedelta(seconds=1), moment]
    return [moment.astimezone(ZoneInfo(zone)) for moment in found]


def in_order(moments: Iterable[datetime]) -> list[datetime]:
    """The newest first, in UTC: in their own zone Python compares what clocks show, which an hour told twice confuses."""
    return sorted((moment.astimezone(UTC) for moment in moments), reverse=True)


async def bring(world: TwoCompanies, zone: str, day: date) -> tuple[list[SessionRecord], list[CallOrMessageRecord]]:
    """A session and a call of the truck at each of these times."""
    key = str(world.sims["truck"].operator_ref)
    sessions = [
        SessionRecord(
            key=f"z{at}",
            sim_key=key,
            started_at=moment,
            ended_at=(moment.astimezone(UTC) + timedelta(minutes=10)).astimezone(ZoneInfo(zone)),
            total_bytes=1000 + at,
            operator="MTS",
            country="Kazakhstan",
            cost=Decimal(at) / 1000,
            currency="EUR",
        )
        for at, moment in enumerate(times(zone, day))
    ]
    calls = [
        CallOrMessageRecord(
            key=one.key,
            sim_key=key,
            at=one.started_at,
            direction="OUT",
            kind="VOICE",
            other_number=None,
            duration_seconds=one.total_bytes,
        )
        for one in sessions
    ]
    await store_session_records(world.profiles["TC"].id, sessions)
    await store_call_records(world.profiles["TC"].id, calls)
    return sessions, calls


@pytest.mark.parametrize(("zone", "day"), CHANGES)
async def test_a_record_belongs_to_the_day_that_its_zone_says(world: TwoCompanies, zone: str, day: date) -> None:
    """Given records about a change of clocks, when days of that zone are asked, then each shows its own, in GMT."""
    sessions, calls = await bring(world, zone, day)
    owner, shown = world.owner.principal, 0
    for first, last in ((0, 0), (-1, -1), (1, 1), (-1, 0), (-1, 1), (-40, 40)):
        span = Span(day + timedelta(days=first), day + timedelta(days=last), zone)
        here = [one for one in sessions if span.first <= day_in(one.started_at, zone) <= span.last]
        rows = await whole(owner, ReportKind.SESSIONS, span, Selection())
        scope = await scope_of(owner)

        assert [row.started_at for row in rows] == in_order(one.started_at for one in here), span
        assert {row.started_at.utcoffset() for row in rows} == {timedelta()}
        assert {row.ended_at - row.started_at for row in rows} == {timedelta(minutes=10)}
        assert total(await session_totals(scope, span)) == total(usage(here)), span
        assert await count_rows(ReportKind.SESSIONS, scope, span) == len(here)

        called = [one for one in calls if span.first <= day_in(one.at, zone) <= span.last]
        told = await whole(owner, ReportKind.CALLS_AND_MESSAGES, span, Selection())
        assert [row.at for row in told] == in_order(one.at for one in called), span
        totals = await call_totals(scope, span)
        assert (totals.calls, totals.duration_seconds) == (
            len(called),
            sum(one.duration_seconds or 0 for one in called),
        )
        shown += len(rows)
    assert shown > 500


@pytest.mark.parametrize(("zone", "day"), CHANGES[-3:])
async def test_sums_are_of_utc_days_wherever_records_come_from(world: TwoCompanies, zone: str, day: date) -> None:
    """Given times of a far zone about the end of a month, when days are summed, then they are those of UTC."""
    sessions, _ = await bring(world, zone, day)
    month = day.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    scope = await scope_of(world.owner.principal)
    for span in (Span(month, day), Span(before, month - timedelta(days=1)), Span(day - timedelta(days=2), day)):
        days: dict[date, list[SessionRecord]] = defaultdict(list)
        for one in sessions:
            if span.first <= one.started_at.astimezone(UTC).date() <= span.last:
                days[one.started_at.astimezone(UTC).date()].append(one)
        everything = [one for ones in days.values() for one in ones]

        rows = await whole(world.owner.principal, ReportKind.DAILY, span, Selection())
        assert [(row.day, row.sessions, row.bytes) for row in rows] == [
            (each, len(days[each]), sum(one.total_bytes for one in days[each])) for each in sorted(days, reverse=True)
        ]
        for by in UsageKey:
            parts = await usage_overview(scope, span, by)
            expected = (
                [total(usage(days[each])) for each in sorted(days)]
                if by is UsageKey.DAY
                else [total(usage(everything))] * bool(everything)
            )
            assert [total(part.usage) for part in parts] == expected, (span, by)
        for rank in TopBy:
            top = await top_sims(scope, span, rank, 5)
            assert [total(each.usage) for each in top] == [total(usage(everything))] * bool(everything)


async def test_the_api_tells_times_in_gmt(world: TwoCompanies, redis_url: str) -> None:
    """Given days of a zone, when sessions and calls are asked through the API, then start and end end in Z and are GMT."""
    zone, day = CHANGES[1]
    sessions, _ = await bring(world, zone, day)
    context = RequestContext(principal=world.owner.principal, hub=EventHub(redis_url))
    document = """query ($day: Date!, $zone: String!) {
      sessionReport(from: $day, to: $day, timeZone: $zone, first: 500) { totalCount nodes { startedAt endedAt } }
      callsAndMessagesReport(from: $day, to: $day, timeZone: $zone, first: 500) { totalCount nodes { at } } }"""
    answer = await build_schema().execute(document, {"day": day.isoformat(), "zone": zone}, context_value=context)

    assert answer.errors is None and answer.data is not None
    expected = in_order(one.started_at for one in sessions if day_in(one.started_at, zone) == day)
    assert len(expected) == 75  # a day of 25 hours, three an hour
    for report, field in (("sessionReport", "startedAt"), ("callsAndMessagesReport", "at")):
        told = [str(row[field]) for row in answer.data[report]["nodes"]]
        assert [datetime.fromisoformat(text) for text in told] == expected
        assert all(datetime.fromisoformat(text).utcoffset() == timedelta() for text in told)
        assert answer.data[report]["totalCount"] == 75
