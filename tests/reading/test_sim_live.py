"""Fresh information about a SIM: parts with their age, one operator call for all viewers, and no error page."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import InvalidValue
from models.database import execute, fetch_value
from novaconnect_sdk import Availability, LivePart
from schema.ids import global_id
from services.diagnosis.read_sim_live import SimLiveView, read_sim_live
from tests.operations.engine import Engine, SimCard

NOW, MINUTE = timedelta(0), timedelta(minutes=1)
CALLS_OF_A_TD_READING = ("GetTerminalDetails", "GetTerminalLatestRegistration")


async def look(engine: Engine, sim: SimCard, max_age: timedelta = NOW) -> SimLiveView:
    """The owner looks at a SIM."""
    view = await read_sim_live(engine.owner.principal, sim.id, max_age)
    assert view is not None
    return view


def value(view: SimLiveView, part: LivePart) -> dict[str, Any]:
    """The value of a part that was read fresh."""
    found = view.parts[part]
    assert found.availability is Availability.OK
    assert found.as_of is not None
    return found.value or {}


async def test_a_tc_sim_in_session(engine: Engine) -> None:
    """Given a TC SIM in session, when looked at, then session, network, block, MSU and limit are told."""
    sim = await engine.sim("TC")
    engine.force(sim, in_session=True, msu_count=12)

    view = await look(engine, sim)

    assert view.is_fresh
    assert view.reason is None
    assert value(view, LivePart.SESSION)["active"] is True
    assert value(view, LivePart.REGISTRATION)["network"]
    assert value(view, LivePart.OBSERVED)["blocked"] is False
    assert value(view, LivePart.MSU) == {"count": 12, "blocked": False}
    assert value(view, LivePart.LIMIT)["megabytes"] is None
    assert view.parts[LivePart.PACKAGE].availability is Availability.UNSUPPORTED


async def test_a_reading_is_stored_with_the_sim(engine: Engine) -> None:
    """Given what changed at the operator, when looked at, then the SIM's own columns say it too."""
    sim = await engine.sim("TC")
    engine.force(sim, in_session=True, msu_count=44)

    await look(engine, sim)

    row = await engine.stored(sim)
    assert row["session_active"] is True
    assert row["msu_count"] == 44
    assert row["registration_network"]
    assert row["limit_as_of"] is not None


async def test_a_td_sim_has_a_package_and_no_msu(engine: Engine) -> None:
    """Given a TD SIM, when looked at, then package and registration are told, MSU and limit are not there at all."""
    sim = await engine.sim("TD")

    view = await look(engine, sim)

    assert value(view, LivePart.PACKAGE)["size_mb"]
    assert value(view, LivePart.REGISTRATION)["plmn"]
    assert value(view, LivePart.REGISTRATION)["network"]
    assert view.parts[LivePart.MSU].availability is Availability.UNSUPPORTED
    assert view.parts[LivePart.MSU].value is None
    assert view.parts[LivePart.LIMIT].availability is Availability.UNSUPPORTED


async def test_an_msu_lock_that_is_found_stands(engine: Engine) -> None:
    """Given a SIM that the operator blocked for signalling since the last synchronisation, when looked at, then it is
    locked for MSU."""
    sim = await engine.sim("TC")
    engine.force(sim, msu_blocked=True)

    await look(engine, sim)

    assert await engine.reasons(sim) == {"MSU"}


async def test_viewers_within_max_age_cost_one_reading(engine: Engine) -> None:
    """Given viewers here and in another process, when they look at once and again soon, then the operator is asked once."""
    sim = await engine.sim("TD")
    before = {command: engine.requests(command) for command in CALLS_OF_A_TD_READING}

    async with engine.elsewhere():
        views = await asyncio.gather(*(look(engine, sim, MINUTE) for _ in range(20)))
    views.append(await look(engine, sim, MINUTE))

    assert all(view.is_fresh and view.as_of == views[0].as_of for view in views)
    asked = [engine.requests(command) - before[command] for command in CALLS_OF_A_TD_READING]
    assert asked == [1, 1]
    assert await fetch_value("SELECT attempt FROM sim_live_reading") == 1


async def test_an_older_reading_is_read_anew(engine: Engine) -> None:
    """Given a reading of two minutes ago, when looked at with one minute, then the operator is asked."""
    sim = await engine.sim("TC")
    first = await look(engine, sim, MINUTE)
    engine.advance(120)

    second = await look(engine, sim, MINUTE)

    assert first.as_of is not None
    assert second.as_of is not None
    assert second.as_of - first.as_of >= timedelta(minutes=2)


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_an_operator_that_is_down(engine: Engine, profile: str) -> None:
    """Given a reading and then an operator that fails, when looked at, then the last values come with age and reason."""
    sim = await engine.sim(profile)
    known = await look(engine, sim)
    engine.fault("http_500")
    engine.advance(300)

    view = await look(engine, sim)

    assert not view.is_fresh
    assert view.reason
    assert view.as_of == known.as_of
    for part in (LivePart.SESSION, LivePart.OBSERVED):
        assert view.parts[part].availability is Availability.UNAVAILABLE
        assert view.parts[part].message
        assert view.parts[part].value == known.parts[part].value
        assert view.parts[part].as_of == known.parts[part].as_of


async def test_an_operator_that_is_down_from_the_start(engine: Engine) -> None:
    """Given no reading at all, when the operator fails, then what the inventory said comes with its age."""
    sim = await engine.sim("TC")
    engine.fault("http_500")

    view = await look(engine, sim)

    assert view.as_of is None
    assert view.parts[LivePart.OBSERVED].value is not None
    assert view.parts[LivePart.OBSERVED].as_of is not None
    assert view.parts[LivePart.LIMIT].value is None


async def test_a_reader_that_died_holds_nobody_up(engine: Engine) -> None:
    """Given a process that died while it read, when its time is over, then another reads."""
    sim = await engine.sim("TC")
    await execute(
        "INSERT INTO sim_live_reading (sim_id, reader_id, reader_until)"
        " VALUES ($1, 7, clock_timestamp() + interval '0.3 seconds')",
        sim.id,
    )

    assert (await look(engine, sim)).is_fresh


async def test_a_profile_without_a_driver(engine: Engine) -> None:
    """Given a VK SIM, when looked at, then it says that it cannot be read live."""
    view = await look(engine, await engine.sim("VK"))

    assert not view.is_fresh
    assert view.reason == "SIMs of this profile cannot be read live."


async def test_who_may_look(engine: Engine) -> None:
    """Another company's SIM is not there; a viewer may look; a negative age is refused and nobody is asked."""
    sim = await engine.sim("TC")

    assert await read_sim_live(engine.other_owner.principal, sim.id, NOW) is None
    assert await read_sim_live(engine.viewer.principal, sim.id, MINUTE) is not None
    for seconds in (-1, 86_401):
        with pytest.raises(InvalidValue):
            await read_sim_live(engine.owner.principal, sim.id, timedelta(seconds=seconds))


LIVE = """
query ($id: ID!, $age: Int) { simLive(id: $id, maxAge: $age) {
  sim { iccid } asOf isFresh reason
  session { availability asOf message isActive activeSince lastEndedAt }
  registration { availability since network country plmn }
  locks { availability isBlocked status nativeStatus reasons { kind } }
  msu { availability count isBlocked }
  limit { availability megabytes period usedBytes reachedAt }
  package { availability plan sizeMb remainingBytes autoReconnect roaming endsAt } } }
"""


async def test_the_door(engine: Engine, read: Any, ask: Any) -> None:
    """The whole reading comes through GraphQL; a bad age is an error with a code."""
    sim = await engine.sim("TD")
    identity = global_id("Sim", sim.id)

    live = (await read(engine.owner, LIVE, id=identity, age=30))["simLive"]
    refused = await ask(engine.owner, LIVE, id=identity, age=-5)
    foreign = await read(engine.other_owner, LIVE, id=identity)

    assert live["isFresh"] is True
    assert live["sim"]["iccid"] == sim.iccid
    assert live["msu"] == {"availability": "UNSUPPORTED", "count": None, "isBlocked": None}
    assert 15 <= live["package"]["sizeMb"] <= 100
    assert refused["data"] == {"simLive": None}
    assert refused["errors"][0]["extensions"]["code"] == "INVALID_VALUE"
    assert foreign == {"simLive": None}
