"""Faults on demand: what a client sees, and whether its request took effect all the same."""

import httpx
import pytest

from tests.simulator.running import Simulator, given

DAYS = {"started": "2000-01-01", "finished": "2199-01-01"}


def blocked(world: Simulator, sim: dict) -> bool:
    return world.sim(sim["iccid"])["blocked"]


@pytest.mark.parametrize(
    ("fault", "applied"), [("timeout_before", False), ("timeout_after", True), ("disconnect", False)]
)
def test_a_lost_answer_may_or_may_not_mean_that_it_was_done(
    world: Simulator, tc_sim: dict, fault: str, applied: bool
) -> None:
    world.admin("faults", {"face": "tsim", "command": "sblock", "fault": fault, "seconds": 0.05, "times": 1})

    with pytest.raises(httpx.RemoteProtocolError):
        world.tsim("sblock", onum=tc_sim["msisdn"], block="t")

    assert blocked(world, tc_sim) is applied
    world.tsim("sblock", onum=tc_sim["msisdn"], block="t")
    writes = world.sim(tc_sim["iccid"])["writes"]
    assert (writes["blocks_applied"], writes["blocks_repeated"]) == (1, 1 if applied else 0)


@pytest.mark.parametrize(
    ("fault", "status", "content"),
    [
        ("http_500", 500, b"Internal"),
        ("html", 200, b"<!DOCTYPE html>"),
        ("throttle", 200, b"Too many requests"),
        ("error_body_200", 200, b"<type>ERROR</type>"),
    ],
)
def test_a_spoilt_answer_of_tsim_did_nothing(
    world: Simulator, tc_sim: dict, fault: str, status: int, content: bytes
) -> None:
    world.admin("faults", {"fault": fault})

    answer = world.tsim_raw("sblock", onum=tc_sim["msisdn"], block="t")

    assert answer.status_code == status
    assert content in answer.content
    assert not blocked(world, tc_sim)


def test_each_dialect_throttles_in_its_own_words(world: Simulator, td_sim: dict) -> None:
    world.admin("faults", {"fault": "throttle"})

    assert world.rest(f"devices/{td_sim['iccid']}").json()["errorCode"] == "40000029"
    assert b"<faultstring>400101<" in world.soap_raw("GetSessionInfo", given(iccid=td_sim["iccid"])).content
    assert world.admin("violations")["total"] == 0


def test_an_answer_cut_short_or_empty_hides_a_change_that_was_made(world: Simulator, td_sim: dict) -> None:
    edit = given(iccid=td_sim["iccid"], targetValue="DEACTIVATED_NAME", changeType="3")
    world.admin("faults", {"command": "EditTerminal", "fault": "truncated_xml", "times": 1})
    world.admin("faults", {"command": "devices.put", "fault": "empty", "times": 1})

    cut = world.soap_raw("EditTerminal", edit)
    assert cut.status_code == 200 and b"</soapenv:Envelope>" not in cut.content
    assert blocked(world, td_sim)
    empty = world.rest(f"devices/{td_sim['iccid']}", "PUT", json={"status": "ACTIVATED"})
    assert empty.content == b""
    assert not blocked(world, td_sim)


def test_an_inventory_can_end_in_the_middle(world: Simulator) -> None:
    world.admin("faults", {"command": "gbalance", "fault": "truncated_xml"})

    assert b"</records>" not in world.tsim_raw("gbalance").content


def test_already_blocked_can_be_the_answer_to_a_first_block(world: Simulator, tc_sim: dict) -> None:
    world.admin("faults", {"command": "sblock", "fault": "already_blocked"})

    answer = world.tsim("sblock", onum=tc_sim["msisdn"], block="t")

    assert "already blocked" in (answer.findtext("error_text") or "")
    assert blocked(world, tc_sim)


def test_accepted_is_not_done(world: Simulator, tc_sim: dict, td_sim: dict) -> None:
    world.admin("faults", {"fault": "accepted_never_done"})

    assert world.tsim("cnl", onum=tc_sim["msisdn"]).findtext("result") == "accepted"
    assert world.rest(f"devices/{td_sim['iccid']}", "PUT", json={"status": "DEACTIVATED"}).status_code == 200
    world.advance(40_000)

    assert not world.sim(tc_sim["iccid"])["registration"]["registered"]
    assert not blocked(world, td_sim)


def test_records_come_twice_or_late(world: Simulator, tc_sim: dict) -> None:
    number = tc_sim["msisdn"]
    proper = [row.findtext("sessionid") for row in world.tsim("gprscdr", onum=number, **DAYS)]

    world.admin("faults", {"command": "gprscdr", "fault": "duplicate_records", "times": 1})
    world.admin("faults", {"command": "gprscdr", "fault": "late_records", "seconds": 400 * 86400})

    twice = [row.findtext("sessionid") for row in world.tsim("gprscdr", onum=number, **DAYS)]
    assert len(twice) == 2 * len(proper) and set(twice) == set(proper)
    assert len(world.tsim("gprscdr", onum=number, **DAYS)) == 0


def test_pages_shift_under_the_reader(world: Simulator) -> None:
    query = {"modifiedSince": "2010-01-01T00:00:00Z", "pageSize": 20, "pageNumber": 2}
    proper = world.rest("devices", params=query).json()["devices"]

    world.admin("faults", {"command": "devices.list", "fault": "shifting_pages"})

    missed, repeated = (world.rest("devices", params=query).json()["devices"] for _ in range(2))
    assert missed[:-2] == proper[2:]
    assert repeated[2:] == proper[:-2]


def test_a_fault_hits_one_sim_so_often_and_no_more(world: Simulator) -> None:
    hit, spared = world.sims(profile="TD")[:2]
    added = world.admin("faults", {"iccid": hit["iccid"], "fault": "http_500", "times": 2})

    assert world.rest(f"devices/{spared['iccid']}").status_code == 200
    assert [world.rest(f"devices/{hit['iccid']}").status_code for _ in range(3)] == [500, 500, 200]
    assert world.admin("faults")["items"][0]["hits"] == 2
    assert world.admin(f"faults/{added['id']}", method="DELETE") == {"removed": 1}


def test_a_share_of_calls_fails(world: Simulator, tc_sim: dict) -> None:
    world.admin("faults", {"command": "getmsu", "fault": "http_500", "percent": 40})

    failed = sum(world.tsim_raw("getmsu", onum=tc_sim["msisdn"]).status_code == 500 for _ in range(200))

    assert 40 < failed < 120


@pytest.mark.parametrize(
    "wrong",
    [
        {"fault": "gremlins"},
        {"fault": "html", "face": "telex"},
        {"fault": "html", "percent": 101},
        {"fault": "html", "times": 0},
        {"fault": "html", "seconds": "long"},
        {"fault": "html", "colour": "red"},
        {},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(world: Simulator, wrong: dict) -> None:
    answer = world.http.post("/admin/faults", json=wrong)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert world.admin("faults")["items"] == []
