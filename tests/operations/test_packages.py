"""Packages and roaming of a TD SIM: through its month at the operator, by the virtual clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing_calendar.working_days import end_of_working_days, local_date
from domain.changes import LOCK, RECONNECT_PACKAGE, UNLOCK, ChangePackage, SetRoaming
from domain.clock import clock
from domain.errors import SizeNotOffered
from domain.operations import RiskCode
from domain.sim_filter import Selection
from models.database import fetch_value
from novaconnect_sdk import LivePart
from services.execution.item_results import sim_ref
from services.execution.store_changes import note_package
from services.operations.preview_operation import preview_operation
from services.unit_of_work import unit_of_work
from tests.operations.engine import Engine, SimCard

NOTHING = frozenset[RiskCode]()
DAY = 86_400


async def look(engine: Engine, sim: SimCard) -> None:
    """Read the SIM's package at the operator, as the synchronisation and the live view do."""
    driver: Any = engine.runtime.registry.driver("TD")
    row = await engine.stored(sim)
    ref = sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"])
    reading = await driver.read_live(ref, frozenset({LivePart.PACKAGE}))
    assert reading.package.value is not None
    assert reading.package.as_of is not None
    async with unit_of_work():
        await note_package(sim.id, reading.package.value, reading.package.as_of)


async def used_up(engine: Engine, sim: SimCard) -> None:
    """The package of 15 MB ends, with none to follow."""
    await engine.run(ChangePackage(15, auto_reconnect=False), [sim])
    engine.force(sim, in_session=False)
    engine.advance(31 * DAY)
    await look(engine, sim)


async def test_a_package_that_ends_locks_the_sim_until_it_is_reconnected(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")

    await used_up(engine, sim)

    assert await engine.reasons(sim) == {"PACKAGE"}
    assert engine.really(sim)["blocked"]
    refused = await engine.run(UNLOCK, [sim])
    assert await engine.outcome(refused) == ("REFUSED", "PACKAGE_LOCKED")

    reconnected = await engine.run(RECONNECT_PACKAGE, [sim])

    assert await engine.outcome(reconnected) == ("SUCCEEDED", "APPLIED")
    assert await engine.reasons(sim) == set()
    assert not engine.really(sim)["blocked"]
    await look(engine, sim)
    stored = await engine.stored(sim)
    assert stored["lock_mask"] == 0
    assert stored["package_remaining_bytes"] == 15_000_000


async def test_with_auto_reconnect_the_next_package_follows_by_itself(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")

    changed = await engine.run(ChangePackage(20), [sim])
    engine.advance(31 * DAY)
    await look(engine, sim)

    assert await engine.outcome(changed) == ("SUCCEEDED", "APPLIED")
    stored = await engine.stored(sim)
    assert (stored["package_plan"], stored["package_mb"], stored["auto_reconnect"]) == ("lite-20", 20, True)
    assert await engine.reasons(sim) == set()


async def test_a_reconnected_sim_stays_blocked_while_it_is_locked_otherwise(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    await used_up(engine, sim)

    await engine.run(LOCK, [sim])

    reconnected = await engine.run(RECONNECT_PACKAGE, [sim])

    assert await engine.outcome(reconnected) == ("SUCCEEDED", "STILL_LOCKED")
    assert await engine.reasons(sim) == {"VOLUNTARY"}
    assert engine.really(sim)["blocked"]


async def test_roaming_takes_working_days_during_which_packages_stay(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    began = clock.now()
    until = end_of_working_days("KZ", began, 3)

    roaming = await engine.run(SetRoaming(True), [sim])

    item = await engine.item(roaming)
    assert (item["state"], item["outcome_code"]) == ("AWAITING_CONFIRMATION", "ACCEPTED_BY_OPERATOR")
    assert item["deadline_at"] == until
    for change in (ChangePackage(20), RECONNECT_PACKAGE, SetRoaming(False)):
        refused = await engine.item(await engine.run(change, [sim]))
        assert (refused["state"], refused["outcome_code"]) == ("REFUSED", "ROAMING_CHANGE_UNDER_WAY")
        assert local_date("KZ", until).isoformat() in refused["outcome_message"]

    engine.advance((until - clock.now()).total_seconds() - 60)
    await engine.drain()

    assert await engine.outcome(roaming) == ("SUCCEEDED", "CONFIRMED")
    stored = await engine.stored(sim)
    assert (stored["roaming"], stored["roaming_change_until"], stored["package_plan"]) == (True, None, "mega-15")
    assert await engine.outcome(await engine.run(ChangePackage(15, auto_reconnect=False), [sim])) == (
        "SUCCEEDED",
        "APPLIED",
    )
    assert await engine.outcome(await engine.run(ChangePackage(20), [sim])) == ("REFUSED", "ROAMING_PACKAGE_SIZE")


async def test_a_roaming_change_that_never_happens_ends_unknown_and_packages_reopen(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    roaming = await engine.run(SetRoaming(True), [sim])
    engine.simulator.admin("reset", {"fleet": True, "clock": False})  # the operator forgets what it accepted

    engine.advance(10 * DAY)
    await engine.drain()

    assert await engine.outcome(roaming) == ("UNKNOWN", "NOT_CONFIRMED")
    assert await engine.outcome(await engine.run(ChangePackage(20), [sim])) == ("SUCCEEDED", "APPLIED")


async def test_a_size_that_is_not_offered_changes_nothing(engine: Engine) -> None:
    sim = await engine.sim("TD")

    for size in (0, 14, 16, 101):
        with pytest.raises(SizeNotOffered):
            await engine.accept(ChangePackage(size), [sim])

    assert await fetch_value("SELECT count(*) FROM operation") == 0
    assert engine.writes(sim, "ratings_applied") == 0


async def test_tc_sims_have_no_packages_and_no_roaming(engine: Engine) -> None:
    sim = await engine.sim("TC")

    for change in (ChangePackage(15), RECONNECT_PACKAGE, SetRoaming(True)):
        assert await engine.outcome(await engine.run(change, [sim])) == ("REFUSED", "UNSUPPORTED")


async def test_the_preview_says_what_packages_cost(engine: Engine) -> None:
    sims = await engine.sims("TD", 3)
    selection = Selection(ids=tuple(sim.id for sim in (*sims, await engine.sim("TC"))))

    preview = await preview_operation(engine.owner.principal, ChangePackage(15), selection, NOTHING)

    assert (preview.will_run, preview.refused) == (3, 1)
    assert preview.cost is not None
    assert str(preview.cost.eur) == "3.60"


async def test_a_package_that_is_not_used_up_is_reconnected_only_on_purpose(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    await look(engine, sim)

    refused = await engine.run(RECONNECT_PACKAGE, [sim])
    done = await engine.run(RECONNECT_PACKAGE, [sim], RiskCode.PACKAGE_LEFT)

    assert await engine.outcome(refused) == ("REFUSED", "PACKAGE_LEFT")
    assert await engine.outcome(done) == ("SUCCEEDED", "APPLIED")
    assert engine.writes(sim, "plans_applied") == 1
    assert timedelta(0) < clock.now() - (await engine.stored(sim))["package_as_of"] < timedelta(minutes=1)
