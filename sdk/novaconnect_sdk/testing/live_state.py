"""What the host relies on when it reads one SIM fresh."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from novaconnect_sdk import AnswerLost, Availability, LivePart, LiveReading, NotSent, Reading, SimRef, SimUnknown
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.world import DeviceWorld, Fault, Variant

_SESSION = frozenset({LivePart.SESSION})


def _parts(live: LiveReading) -> dict[str, Reading[Any]]:
    return {field.name: getattr(live, field.name) for field in fields(live)}


async def _read_or_lost(driver: Any, sim: SimRef) -> LiveReading | AnswerLost:
    try:
        reading: LiveReading = await driver.read_live(sim)
    except AnswerLost as lost:
        return lost
    return reading


class LiveStateConformance(ConformanceFixtures):
    """Each part of the reading has its own time and availability."""

    async def test_every_part_that_was_read_has_an_aware_time(self, driver: Any, world: DeviceWorld) -> None:
        parts = _parts(await driver.read_live(await world.known_sim()))
        read = {name: part for name, part in parts.items() if part.availability is Availability.OK}
        assert read
        assert all(part.as_of is not None and part.as_of.tzinfo is not None for part in read.values())

    async def test_a_part_that_was_not_read_has_no_value(self, driver: Any, world: DeviceWorld) -> None:
        for part in _parts(await driver.read_live(await world.known_sim())).values():
            assert part.availability is Availability.OK or part.value is None

    async def test_an_open_session_is_active_since_its_beginning(self, driver: Any, world: DeviceWorld) -> None:
        sim, before = await world.known_sim(), world.now()
        await world.begin_session(sim)
        session = (await driver.read_live(sim)).session.value
        assert session is not None
        assert session.active
        assert session.started_at is not None
        assert before < session.started_at <= world.now()

    async def test_a_session_that_ended_has_its_end(self, driver: Any, world: DeviceWorld) -> None:
        sim = await world.known_sim()
        await world.begin_session(sim)
        began = world.now()
        await world.end_session(sim)
        session = (await driver.read_live(sim)).session.value
        assert session is not None
        assert not session.active
        assert session.ended_at is not None
        assert began.replace(microsecond=0) <= session.ended_at <= world.now()

    async def test_a_block_shows_live(self, driver: Any, world: DeviceWorld) -> None:
        sim = await world.known_sim()
        await world.block(sim)
        observed = (await driver.read_live(sim)).observed.value
        assert observed is not None
        assert observed.blocked is True

    async def test_only_the_parts_asked_for_are_read(
        self, driver: Any, world: DeviceWorld, gate: RecordingGate
    ) -> None:
        sim = await world.known_sim()
        await world.begin_session(sim)
        parts = _parts(await driver.read_live(sim, _SESSION))
        assert gate.calls == 1
        assert [name for name, part in parts.items() if part.availability is Availability.OK] == ["session"]

    async def test_every_request_of_a_live_reading_is_inside_the_budget(
        self, driver: Any, world: DeviceWorld, gate: RecordingGate
    ) -> None:
        sim, before = await world.known_sim(), await world.requests()
        await driver.read_live(sim)
        assert await world.requests() - before == gate.calls

    async def test_an_unknown_sim_is_an_error(self, driver: Any, world: DeviceWorld) -> None:
        with pytest.raises(SimUnknown):
            await driver.read_live(world.unknown_sim())

    @pytest.mark.parametrize("fault", [*checks.LOST, *checks.UNREADABLE])
    async def test_one_failed_part_does_not_spoil_the_others(
        self, driver: Any, world: DeviceWorld, gate: RecordingGate, fault: Fault
    ) -> None:
        sim = await world.known_sim()
        await driver.read_live(sim)
        asks_once = gate.calls == 1
        await world.fail_next(fault)
        outcome = await _read_or_lost(driver, sim)
        if asks_once:
            # A driver that asks once for everything has lost everything.
            assert isinstance(outcome, AnswerLost)
            return
        assert isinstance(outcome, LiveReading)
        parts = _parts(outcome)
        failed = [part for part in parts.values() if part.availability is Availability.UNAVAILABLE]
        assert failed
        assert any(part.availability is Availability.OK for part in parts.values())
        assert all(part.message for part in failed)
        for part in failed:
            checks.is_discreet(part, world, sim)

    async def test_a_question_about_one_part_that_fails_is_an_error(self, driver: Any, world: DeviceWorld) -> None:
        sim = await world.known_sim()
        await world.fail_next(Fault.LOST_BEFORE_APPLYING)
        with pytest.raises(AnswerLost):
            await driver.read_live(sim, _SESSION)

    async def test_a_reading_that_was_not_sent_is_an_error(self, make_driver: MakeDriver, world: DeviceWorld) -> None:
        unreachable = await make_driver(Variant.UNREACHABLE)
        with pytest.raises(NotSent):
            await unreachable.read_live(await world.known_sim())
