"""What the host relies on when it reads usage records."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from novaconnect_sdk import (
    AnswerLost,
    AnswerUnreadable,
    CallOrMessageRecord,
    InvalidRequest,
    NotSent,
    SessionRecord,
    SimRef,
    Throttled,
    Unsupported,
)
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.inventory import all_pages
from novaconnect_sdk.testing.world import DeviceWorld, Fault, Variant

_MONTH = timedelta(days=31)


async def all_sessions(driver: Any, start: datetime, end: datetime, sim: SimRef | None = None) -> list[SessionRecord]:
    """Every session of the span."""
    page = await driver.iter_sessions(start, end, None, sim)
    found: list[SessionRecord] = list(page.items)
    while page.next_cursor is not None:
        page = await driver.iter_sessions(start, end, page.next_cursor, sim)
        found += page.items
    return found


async def _used_sim(world: DeviceWorld) -> SimRef:
    """A SIM with two sessions that are over."""
    sim = await world.known_sim()
    for _ in range(2):
        await world.begin_session(sim)
        await world.end_session(sim)
    return sim


async def _calls_and_messages(driver: Any, start: datetime, end: datetime) -> list[CallOrMessageRecord]:
    """All of the span; none where the operator has no such records."""
    found: list[CallOrMessageRecord] = []
    cursor = None
    try:
        while True:
            page = await driver.iter_calls_and_messages(start, end, cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found
    except Unsupported:
        return []


class UsageRecordsConformance(ConformanceFixtures):
    """Sessions have keys that stay, fall into the span asked for, and are closed in place."""

    async def test_the_sessions_of_one_sim_are_found(self, driver: Any, world: DeviceWorld) -> None:
        start, sim = world.now(), await _used_sim(world)
        found = await all_sessions(driver, start, world.now(), sim)
        assert len(found) == 2
        assert all(record.sim_key in (sim.operator_ref, sim.iccid) for record in found)
        assert all(record.ended_at is not None and record.ended_at >= record.started_at for record in found)

    async def test_keys_are_unique_and_stay(self, driver: Any, world: DeviceWorld) -> None:
        start, sim = world.now(), await _used_sim(world)
        first = [record.key for record in await all_sessions(driver, start, world.now(), sim)]
        again = [record.key for record in await all_sessions(driver, start, world.now(), sim)]
        assert len(set(first)) == len(first) == 2
        assert sorted(first) == sorted(again)

    async def test_an_open_session_is_closed_under_the_same_key(self, driver: Any, world: DeviceWorld) -> None:
        sim, start = await world.known_sim(), world.now()
        await world.begin_session(sim)
        opened = await all_sessions(driver, start, world.now() + timedelta(minutes=1), sim)
        await world.end_session(sim)
        closed = await all_sessions(driver, start, world.now(), sim)
        assert [record.key for record in opened] == [record.key for record in closed]
        assert [record.ended_at for record in opened] == [None]
        assert closed[0].ended_at is not None

    async def test_sessions_of_the_account_are_of_its_sims(self, driver: Any, world: DeviceWorld) -> None:
        end = world.now()
        found = await all_sessions(driver, end - _MONTH, end)
        listed = [record.ref for page in await all_pages(driver) for record in page.items]
        known = {key for ref in listed for key in (ref.operator_ref, ref.iccid)}
        assert found
        assert {record.sim_key for record in found} <= known
        assert len({record.key for record in found}) == len(found)

    async def test_figures_are_exact_and_times_aware(self, driver: Any, world: DeviceWorld) -> None:
        start, sim = world.now(), await _used_sim(world)
        for record in await all_sessions(driver, start, world.now(), sim):
            assert record.started_at.tzinfo is not None
            assert record.ended_at is None or record.ended_at.tzinfo is not None
            assert type(record.total_bytes) is int
            assert record.total_bytes >= 0
            assert record.cost is None or (isinstance(record.cost, Decimal) and record.currency)

    async def test_spans_that_touch_neither_repeat_nor_miss(self, driver: Any, world: DeviceWorld) -> None:
        start, sim = world.now(), await _used_sim(world)
        whole = await all_sessions(driver, start, world.now(), sim)
        middle = max(record.started_at for record in whole)
        halves = [
            *await all_sessions(driver, start, middle, sim),
            *await all_sessions(driver, middle, world.now(), sim),
        ]
        assert sorted(record.key for record in halves) == sorted(record.key for record in whole)

    async def test_a_span_without_use_has_no_records(self, driver: Any, world: DeviceWorld) -> None:
        sim, end = await world.known_sim(), world.now()
        assert await all_sessions(driver, end, end, sim) == []

    async def test_every_request_for_records_is_inside_the_budget(
        self, driver: Any, world: DeviceWorld, gate: RecordingGate
    ) -> None:
        sim, end, before = await world.known_sim(), world.now(), await world.requests()
        await all_sessions(driver, end - _MONTH, end, sim)
        assert await world.requests() - before == gate.calls

    async def test_a_cursor_that_nobody_gave_is_refused(self, driver: Any, world: DeviceWorld) -> None:
        end = world.now()
        with pytest.raises(InvalidRequest):
            await driver.iter_sessions(end - _MONTH, end, "no cursor of this driver")

    @pytest.mark.parametrize("fault", [*checks.LOST, *checks.UNREADABLE])
    async def test_records_that_cannot_be_read_are_an_error(
        self, driver: Any, world: DeviceWorld, fault: Fault
    ) -> None:
        sim, end = await world.known_sim(), world.now()
        await world.fail_next(fault)
        with pytest.raises(AnswerLost) as caught:
            await all_sessions(driver, end - timedelta(days=1), end, sim)
        assert isinstance(caught.value, AnswerUnreadable) is (fault in checks.UNREADABLE)

    async def test_throttled_records_are_an_error_with_a_time(self, driver: Any, world: DeviceWorld) -> None:
        sim, end = await world.known_sim(), world.now()
        await world.fail_next(Fault.THROTTLED)
        with pytest.raises(Throttled) as caught:
            await all_sessions(driver, end - _MONTH, end, sim)
        assert caught.value.after > timedelta(0)

    async def test_records_that_were_not_asked_for_are_an_error(
        self, make_driver: MakeDriver, world: DeviceWorld
    ) -> None:
        unreachable, end = await make_driver(Variant.UNREACHABLE), world.now()
        with pytest.raises(NotSent):
            await all_sessions(unreachable, end - _MONTH, end, await world.known_sim())

    async def test_calls_and_messages_are_records_or_unsupported(self, driver: Any, world: DeviceWorld) -> None:
        end = world.now()
        found = await _calls_and_messages(driver, end - _MONTH, end)
        assert len({record.key for record in found}) == len(found)
        for record in found:
            assert record.kind in ("VOICE", "SMS")
            assert record.direction in ("IN", "OUT")
            assert end - _MONTH <= record.at < end
