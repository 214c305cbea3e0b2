"""The admin API: what it shows, what it refuses, and that it tells no secrets."""

import json

import pytest

from tests.simulator.running import Simulator, given


def test_the_clock_moves_forward_and_only_forward(world: Simulator) -> None:
    before = world.admin("clock")

    after = world.admin("clock/advance", {"seconds": 3600})

    assert after["offset_seconds"] == before["offset_seconds"] + 3600
    assert after["now"] > before["now"]
    refused: tuple[object, ...] = ({"seconds": -1}, {"seconds": "1"}, {}, [])
    for wrong in refused:
        assert world.http.post("/admin/clock/advance", json=wrong).status_code == 400


def test_sims_are_filtered_paged_and_asked_for_by_number(world: Simulator) -> None:
    chosen = [sim["iccid"] for sim in world.sims(profile="TC")[:3]]
    for iccid in chosen:
        world.admin(f"sims/{iccid}", {"blocked": True})

    page = world.admin("sims?blocked=true&profile=TC&offset=1&limit=1")
    asked = world.admin("sims/query", {"iccids": [*chosen, "8900"]})

    assert page["total"] == 3
    assert [sim["iccid"] for sim in page["items"]] == chosen[1:2]
    assert [sim["iccid"] for sim in asked["items"]] == chosen
    assert asked["missing"] == ["8900"]
    assert world.http.get("/admin/sims?profile=XX").status_code == 400
    assert world.http.get("/admin/sims/8900").status_code == 404


@pytest.mark.parametrize(
    "wish",
    [{"msu_count": -1}, {"msu_count": True}, {"blocked": "yes"}, {"status": "RETIRED"}, {"plan": "lite-15"}, {"x": 1}],
)
def test_a_state_that_a_sim_cannot_have_changes_nothing(world: Simulator, tc_sim: dict, wish: dict) -> None:
    answer = world.http.post(f"/admin/sims/{tc_sim['iccid']}", json=wish)

    assert answer.status_code == 400
    seen = world.sim(tc_sim["iccid"])
    assert (seen["blocked"], seen["msu_count"]) == (tc_sim["blocked"], tc_sim["msu_count"])


def test_the_log_names_each_request_without_secrets(world: Simulator, tc_sim: dict, td_sim: dict) -> None:
    world.tsim("getmsu", onum=tc_sim["msisdn"])
    world.rest(f"devices/{td_sim['iccid']}")
    world.soap("GetSessionInfo", given(iccid=td_sim["iccid"]))

    log = world.admin("requests")

    assert [(entry["face"], entry["command"], entry["iccids"]) for entry in log["items"]] == [
        ("jasper_soap", "GetSessionInfo", [td_sim["iccid"]]),
        ("jasper_rest", "devices.get", [td_sim["iccid"]]),
        ("tsim", "getmsu", [tc_sim["iccid"]]),
    ]
    for secret in ("demo-tsim", "demo-jasper", "demo-license", "uname", "upass"):
        assert secret not in json.dumps(log)
    assert len(world.admin("requests?face=tsim&limit=1")["items"]) == 1


def test_reset_gives_the_newborn_fleet_back(world: Simulator, tc_sim: dict) -> None:
    world.tsim("sblock", onum=tc_sim["msisdn"], block="t")
    world.admin("faults", {"fault": "html"})

    world.admin("reset", {})

    seen = world.sim(tc_sim["iccid"])
    assert seen["in_session"] and seen["writes"]["blocks_applied"] == 0
    assert seen["msu_count"] == tc_sim["msu_count"]
    assert world.admin("faults")["items"] == []
    assert world.admin("requests")["items"] == []


def test_a_wrong_address_answers_a_page_as_a_wrong_host_does(world: Simulator) -> None:
    answer = world.http.get("/rws/api/v2/devices")

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
