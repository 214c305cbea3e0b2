"""One call at a time and five a second per Jasper account, REST and SOAP together; broken rules are on record."""

from concurrent.futures import ThreadPoolExecutor

import httpx
from lxml import etree

from tests.simulator.running import Simulator, first_text, given


def test_more_than_five_calls_a_second_are_throttled_on_both_faces_and_recorded(strict_world: Simulator) -> None:
    iccid = strict_world.sims(profile="TD")[0]["iccid"]

    answers = [strict_world.rest(f"devices/{iccid}") for _ in range(6)]
    fault = strict_world.soap_raw("GetSessionInfo", given(iccid=iccid))

    assert [answer.status_code for answer in answers] == [200] * 5 + [400]
    assert answers[-1].json()["errorCode"] == "40000029"
    assert first_text(etree.fromstring(fault.content), "faultstring") == "400101"
    assert strict_world.admin("violations")["counts"] == {"rate": 2}


def test_two_calls_at_a_time_are_one_too_many(strict_world: Simulator) -> None:
    iccid = strict_world.sims(profile="TD")[1]["iccid"]
    strict_world.admin("faults", {"face": "jasper_rest", "fault": "timeout_before", "seconds": 0.5, "times": 1})

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: _outcome(strict_world, iccid))
        strict_world.wait_for_request("devices.get")
        second = strict_world.rest(f"devices/{iccid}")
        assert slow.result() == "cut"

    assert second.json()["errorCode"] == "40000029"
    counts = strict_world.admin("violations")["counts"]
    assert counts == {"concurrency": 1}


def test_the_tsim_gate_has_no_limit(strict_world: Simulator) -> None:
    number = strict_world.sims(profile="TC")[0]["msisdn"]

    assert all(strict_world.tsim("getmsu", onum=number).findtext("onum") == number for _ in range(20))
    assert strict_world.admin("violations")["total"] == 0


def _outcome(world: Simulator, iccid: str) -> str:
    try:
        world.rest(f"devices/{iccid}")
    except httpx.RemoteProtocolError:
        return "cut"
    return "answered"
