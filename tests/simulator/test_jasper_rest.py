"""The Jasper REST face as a driver of profile TD meets it."""

import pytest

from tests.simulator.running import Simulator

SINCE = "2010-01-01T00:00:00+00:00"


def listed(world: Simulator, **query: str) -> list[str]:
    """ICCIDs of all pages."""
    found: list[str] = []
    for number in range(1, 100):
        page = world.rest("devices", params={"modifiedSince": SINCE, "pageNumber": number, **query}).json()
        found += [device["iccid"] for device in page["devices"]]
        if page["lastPage"]:
            return found
    raise AssertionError("the last page never came")


def test_the_pages_hold_every_device_once(world: Simulator) -> None:
    assert sorted(listed(world)) == sorted(sim["iccid"] for sim in world.sims(profile="TD"))
    assert listed(world, pageSize="7") == listed(world)


def test_a_changed_device_moves_to_the_end_and_is_found_by_its_time(world: Simulator, td_sim: dict) -> None:
    before = world.admin("clock")["now"]
    world.advance(60)

    world.rest(f"devices/{td_sim['iccid']}", "PUT", json={"status": "DEACTIVATED"})

    assert listed(world)[-1] == td_sim["iccid"]
    assert listed(world, modifiedSince=before) == [td_sim["iccid"]]
    assert listed(world, status="DEACTIVATED") == [td_sim["iccid"]]


def test_details_agree_with_the_fleet(world: Simulator, td_sim: dict) -> None:
    details = world.rest(f"devices/{td_sim['iccid']}").json()

    assert details["imsi"] == td_sim["imsi"]
    assert details["msisdn"] == td_sim["msisdn"]
    assert details["status"] == "ACTIVATED"
    assert details["ratePlan"] == td_sim["package"]["plan"]
    assert details["dateUpdated"].endswith("+0000")


def test_locking_ends_the_session_and_unlocking_brings_the_sim_back(world: Simulator, td_sim: dict) -> None:
    address = f"devices/{td_sim['iccid']}"
    assert world.rest(f"{address}/sessionInfo").json()["dateSessionEnded"] is None

    assert world.rest(address, "PUT", json={"status": "DEACTIVATED"}).json() == {"iccid": td_sim["iccid"]}
    assert world.rest(f"{address}/sessionInfo").json()["dateSessionEnded"] is not None
    assert world.sim(td_sim["iccid"])["blocked"]

    world.rest(address, "PUT", json={"status": "ACTIVATED"})
    world.advance(300)
    seen = world.sim(td_sim["iccid"])
    assert seen["registration"]["registered"] and not seen["blocked"]
    assert seen["writes"]["blocks_applied"] == seen["writes"]["unblocks_applied"] == 1


def test_usage_of_the_cycle_is_counted(world: Simulator, td_sim: dict) -> None:
    usage = world.rest(f"devices/{td_sim['iccid']}/ctdUsages").json()

    assert usage["ctdDataUsage"] > 0
    assert usage["ctdSessionCount"] >= 1


@pytest.mark.parametrize("final", ["RETIRED", "PURGED", "REPLACED"])
def test_a_final_state_refuses_writes(world: Simulator, td_sim: dict, final: str) -> None:
    world.admin(f"sims/{td_sim['iccid']}", {"status": final})

    answer = world.rest(f"devices/{td_sim['iccid']}", "PUT", json={"status": "ACTIVATED"})

    assert answer.status_code == 400
    assert answer.json()["errorMessage"] == "SIMSTATUS_INVALID_TRANSITION"
    assert world.sim(td_sim["iccid"])["status"] == final


def test_what_is_wrong_is_said_in_the_operators_shape(world: Simulator, td_sim: dict) -> None:
    address = f"devices/{td_sim['iccid']}"
    wrong = [
        world.rest(address, key="wrong"),
        world.rest("devices/8900000000000000000"),
        world.rest("devices"),
        world.rest("devices", params={"modifiedSince": SINCE, "pageSize": 51}),
        world.rest(address, "PUT", content=b"{"),
        world.rest(address, "PUT", json={}),
        world.rest(address, "PUT", json={"status": "SLEEPING"}),
        world.rest(address, "PUT", json={"status": "DEACTIVATED", "effectiveDate": "2199-01-01T00:00:00Z"}),
        world.rest(address, "PUT", json={"status": "DEACTIVATED", "colour": "red"}),
    ]

    assert [answer.status_code for answer in wrong] == [401, 404] + [400] * 7
    assert wrong[0].json()["errorCode"] == "10000001"
    assert all(set(answer.json()) == {"errorMessage", "errorCode"} for answer in wrong)
    assert world.sim(td_sim["iccid"])["status"] == "ACTIVATED"
