"""Synchronising the inventory: what the operator says is observed, what we want stays ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.clock import clock
from domain.errors import UnknownProfile
from models import Profile, Sim
from models.database import execute, fetch, fetch_row, fetch_value
from novaconnect_sdk import Iccid, ObservedState, SimRecord, SimRef, SimStatus
from services.inventory.store_inventory import store_page
from services.inventory.synchronise_inventory import SyncFailed, synchronise_inventory
from tests.operations.engine import LOCK, MSU_LOCK, Engine, SimCard
from tests.worlds import add_sim, iccid


async def record(engine: Engine, sim: SimCard, **said: object) -> SimRecord:
    """The operator's word on one SIM at some moment."""
    blocked, age = bool(said.get("blocked")), said.get("age", timedelta(0))
    assert isinstance(age, timedelta)
    status = SimStatus.BLOCKED if blocked else SimStatus.ACTIVE
    stored = await engine.stored(sim)
    msu_blocked = said.get("msu_blocked")
    assert msu_blocked is None or isinstance(msu_blocked, bool)
    return SimRecord(
        SimRef(Iccid(sim.iccid), operator_ref=stored["operator_ref"]),
        ObservedState(clock.now() - age, blocked, status, status.value),
        msu_blocked=msu_blocked,
    )


async def test_every_sim_of_both_operators_is_stored_with_its_numbers(engine: Engine) -> None:
    rows = {row["iccid"]: row for row in await fetch("SELECT * FROM sim")}

    for real in engine.simulator.sims():
        stored = rows[real["iccid"]]
        assert stored["msisdn"] == real["msisdn"]
        assert stored["observed_blocked"] is real["blocked"]
        if real["profile"] == "TD":
            assert stored["imsi"] == real["imsi"]
    runs = await fetch("SELECT * FROM sync_run")
    assert [(run["complete"], run["seen"], run["added"], run["error"]) for run in runs] == [(True, 12, 12, None)] * 2


async def test_new_sims_go_to_the_stock(engine: Engine) -> None:
    await execute("DELETE FROM sim")
    await engine.synchronise("TD")

    owners = await fetch("SELECT DISTINCT c.holds_stock FROM sim s JOIN company c ON c.id = s.company_id")

    assert [row["holds_stock"] for row in owners] == [True]


async def test_a_second_synchronisation_keeps_owner_name_and_locks(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await engine.run(LOCK, [sim])
    await execute("UPDATE sim SET name = 'Excavator' WHERE id = $1", sim.id)

    await engine.synchronise("TD")

    stored = await engine.stored(sim)
    assert (stored["company_id"], stored["name"], stored["lock_mask"]) == (engine.company.id, "Excavator", 1)
    assert await engine.reasons(sim) == {"VOLUNTARY"}


async def test_what_differs_from_our_wish_is_counted_as_drift(engine: Engine) -> None:
    locked, unlocked = await engine.sims("TD", 2)
    await engine.run(LOCK, [locked])
    engine.force(locked, blocked=False)
    engine.force(unlocked, blocked=True)

    await engine.synchronise("TD")

    run = await fetch_row("SELECT * FROM sync_run ORDER BY id DESC LIMIT 1")
    assert run is not None
    assert (run["drifted"], run["changed"]) == (2, 2)
    assert (await engine.stored(locked))["observed_blocked"] is False
    assert (await engine.stored(locked))["lock_mask"] == 1
    assert (await engine.stored(unlocked))["observed_blocked"] is True


async def test_an_older_word_of_the_operator_does_not_replace_a_newer_one(engine: Engine) -> None:
    sim = await engine.sim("TD")
    travelling = await record(engine, sim, blocked=False, age=timedelta(seconds=1))
    await engine.run(LOCK, [sim])
    travelling = SimRecord(
        travelling.ref,
        ObservedState((await engine.stored(sim))["observed_at"] - timedelta(seconds=1), False, SimStatus.ACTIVE, "x"),
    )

    stored = await store_page("TD", [travelling])

    assert stored.seen == 1
    assert (await engine.stored(sim))["observed_blocked"] is True


async def test_an_msu_lock_in_the_inventory_becomes_a_reason(engine: Engine) -> None:
    sim = await engine.sim("TC")

    for _ in range(2):
        await store_page("TC", [await record(engine, sim, blocked=True, msu_blocked=True)])

    assert await engine.reasons(sim) == {"MSU"}
    assert (await engine.stored(sim))["lock_mask"] == 8


async def test_a_page_names_a_sim_twice_and_is_stored_all_the_same(engine: Engine) -> None:
    sim = await engine.sim("TD")
    one, two = await record(engine, sim, blocked=False), await record(engine, sim, blocked=True)

    await store_page("TD", [one, two])

    assert (await engine.stored(sim))["observed_blocked"] is True


async def test_pages_that_shift_lose_no_sim(engine: Engine) -> None:
    before = await fetch_value("SELECT count(*) FROM sim")
    engine.fault("shifting_pages", command="devices.list")

    await engine.synchronise("TD")

    assert await fetch_value("SELECT count(*) FROM sim") == before


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_an_inventory_that_breaks_off_deletes_nothing_and_says_so(engine: Engine, profile: str) -> None:
    before = await fetch_value("SELECT count(*) FROM sim")
    engine.fault("html", face="tsim" if profile == "TC" else "*")

    with pytest.raises(SyncFailed) as caught:
        await engine.synchronise(profile)

    assert "start the synchronisation again" in str(caught.value)
    assert await fetch_value("SELECT count(*) FROM sim") == before
    run = await fetch_row("SELECT * FROM sync_run ORDER BY id DESC LIMIT 1")
    assert run is not None
    assert (run["complete"], run["finished_at"] is not None, bool(run["error"])) == (False, True, True)


@pytest.mark.parametrize("code", ["VK", "XX"])
async def test_a_profile_without_a_driver_cannot_be_synchronised(engine: Engine, code: str) -> None:
    with pytest.raises(UnknownProfile):
        async for _ in synchronise_inventory(code, engine.runtime):
            pass


async def test_open_and_ended_sessions_become_known(engine: Engine) -> None:
    live, ended, idle = await engine.sims("TC", 3)
    engine.force(live, in_session=True)
    engine.force(ended, in_session=True)
    engine.advance(600)
    engine.force(ended, in_session=False)

    await engine.synchronise("TC")

    assert (await engine.stored(live))["session_active"] is True
    stored = await engine.stored(ended)
    assert (stored["session_active"], stored["session_ended_at"] is not None) == (False, True)
    stored = await engine.stored(idle)
    assert (stored["session_active"], stored["session_as_of"] is not None) == (False, True)


async def test_a_page_of_a_document_made_before_a_lock_does_not_undo_it(engine: Engine) -> None:
    sim = (await engine.sims("TC", 12))[-1]
    pages = synchronise_inventory("TC", engine.runtime)
    await anext(pages)
    await engine.run(LOCK, [sim])

    async for _ in pages:
        pass

    assert (await engine.stored(sim))["observed_blocked"] is True


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_a_sim_that_left_the_operator_stays_in_the_fleet(engine: Engine, profile: str) -> None:
    gone = await add_sim(engine.company, await Profile.get(code=profile), 77)

    await engine.synchronise(profile)

    assert await Sim.filter(id=gone.id, company=engine.company).exists()


async def test_a_number_that_moved_to_a_new_card_no_longer_names_the_old_one(engine: Engine) -> None:
    sim = await engine.sim("TC")
    replaced = iccid(77)
    await execute("UPDATE sim SET iccid = $2 WHERE id = $1", sim.id, replaced)

    await engine.synchronise("TC")

    old = await engine.stored(sim)
    assert (old["iccid"], old["operator_ref"], old["msisdn"]) == (replaced, None, None)
    assert await Sim.filter(iccid=sim.iccid, company__holds_stock=True).exists()
    operation = await engine.run(LOCK, [sim], MSU_LOCK)
    assert await engine.outcome(operation) == ("REFUSED", "SIM_UNKNOWN_TO_OPERATOR")
    assert engine.really(sim)["blocked"] is False


async def test_two_cards_of_one_number_are_stored_and_the_later_one_has_it(engine: Engine) -> None:
    first, second = await engine.sims("TD", 2)
    one, other = await record(engine, first), await record(engine, second, blocked=True)
    number = one.ref.operator_ref
    twin = replace(other, ref=replace(other.ref, operator_ref=number))

    stored = await store_page("TD", [one, twin])

    assert stored.seen == 2
    assert (await engine.stored(second))["operator_ref"] == number
    assert (await engine.stored(second))["observed_blocked"] is True
    assert (await engine.stored(first))["operator_ref"] is None
