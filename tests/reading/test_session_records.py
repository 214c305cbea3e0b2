"""Session records: late, repeated, corrected and open ones are kept by key, and the daily sums always equal a recount."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.clock import clock
from models.database import execute, fetch, fetch_row, fetch_value
from novaconnect_sdk import SessionRecord
from services.inventory.store_records import StoredRecords, store_session_records
from tests.worlds import TwoCompanies

RECOUNT = """
SELECT sim_id, (started_at AT TIME ZONE 'UTC')::date AS day, company_id, sum(bytes)::bigint AS bytes, count(*)::int AS sessions
FROM data_session GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
SUMS = """
SELECT sim_id, day, company_id, sum(bytes)::bigint, sum(sessions)::int FROM usage_daily GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def record(key: str, sim: str, started: datetime, size: int, *, hours: float | None = 1) -> SessionRecord:
    """A session of `size` bytes; without `hours` it is open."""
    ended = None if hours is None else started + timedelta(hours=hours)
    return SessionRecord(key, sim, started, ended, size, "K-Cell Kazakhstan", "Kazakhstan")


async def sums_equal_recount() -> bool:
    """Whether the daily sums are what a count of all sessions gives."""
    return [tuple(row) for row in await fetch(RECOUNT)] == [tuple(row) for row in await fetch(SUMS)]


async def test_an_open_session_grows_and_closes_in_place(world: TwoCompanies) -> None:
    """Given an open session, when it comes again with more bytes and then closed, then there is one row and one sum."""
    profile, began = world.profiles["TC"].id, clock.now() - timedelta(hours=5)

    first = await store_session_records(profile, [record("a1", "ref-1", began, 100, hours=None)])
    again = await store_session_records(profile, [record("a1", "ref-1", began, 100, hours=None)])
    await store_session_records(profile, [record("a1", "ref-1", began, 900, hours=None)])
    closed = await store_session_records(profile, [record("a1", "ref-1", began, 950)])

    assert first == StoredRecords(read=1, added=1)
    assert again == StoredRecords(read=1)
    assert closed == StoredRecords(read=1, corrected=1)
    rows = await fetch("SELECT sim_id, bytes, ended_at FROM data_session")
    assert [tuple(row) for row in rows] == [(world.sims["truck"].id, 950, began + timedelta(hours=1))]
    assert await fetch_value("SELECT sum(bytes) FROM usage_daily") == 950
    assert await sums_equal_recount()


async def test_a_page_older_than_what_is_known_opens_nothing_again(world: TwoCompanies) -> None:
    """Given a closed session, when a slower reader brings the open one from before, then it stays closed."""
    profile, began = world.profiles["TC"].id, clock.now() - timedelta(hours=5)
    await store_session_records(profile, [record("a1", "ref-1", began, 950)])

    late = await store_session_records(profile, [record("a1", "ref-1", began, 100, hours=None)])

    assert late == StoredRecords(read=1)
    assert await fetch_value("SELECT bytes FROM data_session WHERE ended_at IS NOT NULL") == 950


async def test_a_correction_may_move_a_session_into_another_month(world: TwoCompanies) -> None:
    """Given a session of March, when the operator corrects its beginning to February, then it is there once."""
    profile, march = world.profiles["TC"].id, datetime(2025, 3, 1, 0, 10, tzinfo=UTC)
    await store_session_records(profile, [record("a1", "ref-1", march, 500)])

    await store_session_records(profile, [record("a1", "ref-1", march - timedelta(hours=1), 500)])

    rows = await fetch("SELECT tableoid::regclass::text AS part, started_at FROM data_session")
    assert [tuple(row) for row in rows] == [("data_session_2025_02", march - timedelta(hours=1))]
    assert [tuple(row) for row in await fetch("SELECT day::text, sessions FROM usage_daily")] == [("2025-02-28", 1)]


async def test_records_of_unknown_sims_and_impossible_times_are_left_out(world: TwoCompanies) -> None:
    """Given records that cannot be placed, when they come with a good one, then only that is stored."""
    now = clock.now()
    records = [
        record("a1", "nobody", now - timedelta(days=1), 1),
        record("a2", "ref-1", now + timedelta(days=400), 1),
        record("a3", "ref-1", datetime(1970, 1, 1, tzinfo=UTC), 1),
        record("a4", str(world.sims["truck"].iccid), now - timedelta(days=1), 7),
    ]

    stored = await store_session_records(world.profiles["TC"].id, records)

    assert stored == StoredRecords(read=4, added=1)
    assert [row["key"] for row in await fetch("SELECT key FROM data_session")] == ["a4"]


async def test_a_correction_stays_with_the_company_that_owned_the_sim_then(world: TwoCompanies) -> None:
    """Given a session of Astana's SIM, when the SIM is sold and the record corrected, then it is still Astana's."""
    profile, began = world.profiles["TC"].id, clock.now() - timedelta(hours=9)
    await store_session_records(profile, [record("a1", "ref-1", began, 500)])
    await execute("UPDATE sim SET company_id = $1 WHERE operator_ref = 'ref-1'", world.other_company.id)

    await store_session_records(
        profile, [record("a1", "ref-1", began, 700), record("a2", "ref-1", began + timedelta(hours=2), 30)]
    )

    rows = await fetch("SELECT key, company_id, bytes FROM data_session ORDER BY key")
    assert [tuple(row) for row in rows] == [("a1", world.company.id, 700), ("a2", world.other_company.id, 30)]
    assert await sums_equal_recount()


async def test_two_readers_of_one_profile_do_not_count_twice(world: TwoCompanies) -> None:
    """Given two processes with the same records, when both store at once, then every session counts once."""
    began = clock.now() - timedelta(days=3)
    records = [record(f"k{at}", "ref-1", began + timedelta(minutes=at), at) for at in range(300)]

    await asyncio.gather(*(store_session_records(world.profiles["TC"].id, records) for _ in range(4)))

    row = await fetch_row("SELECT count(*) AS sessions, sum(bytes) AS bytes FROM data_session")
    assert row is not None
    assert tuple(row) == (300, sum(range(300)))
    assert await sums_equal_recount()


NEWEST = datetime(2025, 3, 2, tzinfo=UTC)
_one = st.builds(
    record,
    key=st.sampled_from("abcdef"),
    sim=st.sampled_from(("ref-1", "ref-3", "nobody")),
    started=st.integers(0, 96).map(lambda hours: NEWEST - timedelta(hours=hours)),
    size=st.integers(0, 1000),
    hours=st.sampled_from((None, 1, 30)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(_one, max_size=6), max_size=6))
async def test_sums_equal_a_recount_whatever_comes(world: TwoCompanies, batches: list[list[SessionRecord]]) -> None:
    """Whatever comes in whatever order, each key is stored once as the rules say, and the sums equal a recount."""
    await execute("DELETE FROM data_session")
    await execute("DELETE FROM usage_daily")
    expected: dict[str, SessionRecord] = {}
    for batch in batches:
        await store_session_records(world.profiles["TC"].id, batch)
        for one in {one.key: one for one in batch}.values():
            known = expected.get(one.key)
            stale = known is not None and known.ended_at is not None and one.ended_at is None
            if one.sim_key == "nobody" or (stale and known is not None and one.total_bytes <= known.total_bytes):
                continue
            expected[one.key] = replace(one)

    rows = await fetch("SELECT key, started_at, ended_at, bytes FROM data_session ORDER BY key")
    assert [tuple(row) for row in rows] == [
        (key, one.started_at, one.ended_at, one.total_bytes) for key, one in sorted(expected.items())
    ]
    assert await sums_equal_recount()
