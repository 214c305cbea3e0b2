"""Cancel location on TC, and the record of those who repeat it."""

from tests.simulator.running import Simulator, given


def test_a_cancelled_tc_sim_comes_back_with_a_new_session(world: Simulator, tc_sim: dict) -> None:
    number = tc_sim["msisdn"]

    assert world.tsim("cnl", onum=number).findtext("result") == "accepted"
    assert world.tsim("checkdatasession", onum=number).findtext("active") == "false"
    world.advance(36_000)

    session = world.tsim("checkdatasession", onum=number)
    assert session.findtext("active") == "true"
    seen = world.sim(tc_sim["iccid"])
    assert seen["session"]["id"] != tc_sim["session"]["id"]
    assert seen["msu_count"] == tc_sim["msu_count"] + 1


def test_an_idle_sim_wakes_up_after_a_cancel_location(world: Simulator) -> None:
    idle = next(sim for sim in world.sims(profile="TC") if not sim["registration"]["registered"])

    world.tsim("cnl", onum=idle["msisdn"])
    world.advance(36_000)

    assert world.sim(idle["iccid"])["in_session"]


def test_a_repetition_while_the_first_is_under_way_is_applied_and_recorded(world: Simulator, td_sim: dict) -> None:
    iccid = td_sim["iccid"]
    world.soap("SendCancelLocation", given(iccid=iccid))
    world.soap("SendCancelLocation", given(iccid=iccid))

    violations = world.admin("violations")
    assert violations["counts"] == {"repeated_cancel_location": 1}
    assert violations["items"][0]["iccid"] == iccid
    assert world.sim(iccid)["writes"]["cancel_locations_applied"] == 2

    world.advance(36_000)
    world.soap("SendCancelLocation", given(iccid=iccid))
    assert world.admin("violations")["total"] == 1


def test_a_sim_blocked_meanwhile_stays_away(world: Simulator, tc_sim: dict) -> None:
    world.tsim("cnl", onum=tc_sim["msisdn"])
    world.tsim("sblock", onum=tc_sim["msisdn"], block="t")

    world.advance(36_000)

    assert not world.sim(tc_sim["iccid"])["registration"]["registered"]


def test_one_registration_too_many_locks_the_sim_for_good(world: Simulator, tc_sim: dict) -> None:
    world.admin(f"sims/{tc_sim['iccid']}", {"msu_count": 100})

    world.tsim("cnl", onum=tc_sim["msisdn"])
    world.advance(36_000)

    seen = world.sim(tc_sim["iccid"])
    assert seen["msu_blocked"] and seen["blocked"]
    assert not seen["registration"]["registered"] and not seen["in_session"]


def test_a_retired_sim_refuses_a_cancel_location(world: Simulator, td_sim: dict) -> None:
    world.admin(f"sims/{td_sim['iccid']}", {"status": "RETIRED"})

    assert "SIMSTATUS_INVALID_TRANSITION" in world.soap_raw("SendCancelLocation", given(iccid=td_sim["iccid"])).text
    assert world.sim(td_sim["iccid"])["writes"]["cancel_locations_applied"] == 0
