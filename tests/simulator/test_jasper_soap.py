"""The Jasper SOAP face: cancel location, batches, packages, and its security."""

from datetime import datetime

import pytest
from lxml import etree

from tests.simulator.running import Simulator, first_text, given


def test_a_cancelled_sim_registers_again_after_the_gap(world: Simulator, td_sim: dict) -> None:
    iccid, imsi = td_sim["iccid"], td_sim["imsi"]
    before = first_text(world.soap("GetTerminalLatestRegistration", given(imsi=imsi)), "eventDate")

    answer = world.soap("SendCancelLocation", given(iccid=iccid))

    assert first_text(answer, "status") == "SUCCESS"
    assert first_text(answer, "correlationId") == "m-1"
    gone = world.sim(iccid)
    assert not gone["registration"]["registered"] and not gone["in_session"]
    gap = datetime.fromisoformat(gone["cancel_location"]["returns_at"]) - datetime.fromisoformat(
        gone["cancel_location"]["requested_at"]
    )
    assert 120 <= gap.total_seconds() <= 36_000
    world.advance(36_000)
    registered = world.soap("GetTerminalLatestRegistration", given(imsi=imsi))
    assert (first_text(registered, "eventDate") or "") > (before or "")
    assert first_text(registered, "carrierName")


def test_details_and_numbers_come_for_up_to_fifty_sims(world: Simulator) -> None:
    sims = world.sims(profile="TD")[:50]
    many = "".join(given(iccid=sim["iccid"]) for sim in sims)
    numbers = "".join(given(msisdn=sim["msisdn"]) for sim in sims)

    details = world.soap("GetTerminalDetails", f"<j:iccids>{many}</j:iccids>")
    found = world.soap("GetTerminalsByMsisdn", f"<j:msisdns>{numbers}</j:msisdns>")

    assert [node.get("msisdn") for node in details.iter("{*}terminal")] == [sim["msisdn"] for sim in sims]
    assert [node.text for node in found.iter("{*}iccid")] == [sim["iccid"] for sim in sims]
    too_many = many + given(iccid=world.sims(profile="TD")[50]["iccid"])
    assert world.soap_raw("GetTerminalDetails", f"<j:iccids>{too_many}</j:iccids>").status_code == 500


def test_only_the_sims_changed_since_are_listed(world: Simulator, td_sim: dict) -> None:
    since = world.admin("clock")["now"]
    world.advance(60)

    world.soap("EditTerminal", given(iccid=td_sim["iccid"], targetValue="DEACTIVATED_NAME", changeType="3"))

    assert world.sim(td_sim["iccid"])["blocked"]
    changed = world.soap("GetModifiedTerminals", given(since=since))
    assert [node.text for node in changed.iter("{*}iccid")] == [td_sim["iccid"]]
    assert len(list(world.soap("GetModifiedTerminals", "").iter("{*}iccid"))) == 100


def test_sessions_are_listed_with_an_open_end_as_nil(world: Simulator, td_sim: dict) -> None:
    session = world.soap("GetSessionInfo", given(iccid=td_sim["iccid"]))

    ended = next(iter(session.iter("{*}dateSessionEnded")))
    assert ended.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


def test_usage_details_of_the_month_come_from_the_billing_service(world: Simulator, td_sim: dict) -> None:
    month = td_sim["session"]["started_at"][:7]

    answer = world.soap(
        "GetTerminalUsageDataDetails",
        given(iccid=td_sim["iccid"], cycleStartDate=f"{month}-01", pageNumber="1"),
        service="billing",
    )

    rows = list(answer.iter("{*}usageDetail"))
    assert first_text(rows[-1], "sessionStartTime") == td_sim["session"]["started_at"].replace("+00:00", "Z")
    assert float(first_text(rows[-1], "dataVolume") or 0) > 0
    assert first_text(answer, "totalPages") == "1"


def test_an_expired_package_renews_itself_or_locks_the_sim(world: Simulator) -> None:
    renewed, left = (sim["iccid"] for sim in world.sims(profile="TD")[:2])
    world.soap("EditTerminalRating", given(iccid=left, renewalMode="D"))

    world.advance(31 * 86400)

    assert not world.sim(renewed)["blocked"]
    assert world.sim(left)["blocked"]
    assert world.sim(left)["package"]["term_ends_at"] is None
    world.soap("EditTerminal", given(iccid=left, targetValue="ACTIVATED_NAME", changeType="3"))
    assert world.sim(left)["package"]["term_ends_at"] is not None


def test_a_queued_plan_follows_the_present_one(world: Simulator, td_sim: dict) -> None:
    iccid = td_sim["iccid"]
    world.soap("QueueTerminalRatePlan", given(iccid=iccid, renewalRatePlan="lite-77"))
    world.soap("QueueTerminalRatePlan", given(iccid=iccid, renewalRatePlan="lite-20"))
    world.soap("RemoveRatePlanFromQueue", given(iccid=iccid, queuePosition="2", ratePlan="lite-20"))

    ratings = world.soap("GetTerminalRating", given(iccid=iccid))
    assert [node.text for node in ratings.iter("{*}ratePlanName")] == [td_sim["package"]["plan"], "lite-77"]
    world.advance(31 * 86400)

    assert world.sim(iccid)["package"]["plan"] == "lite-77"


def test_the_roaming_plan_changes_after_three_working_days_and_blocks_other_changes(
    world: Simulator, td_sim: dict
) -> None:
    iccid = td_sim["iccid"]
    now = datetime.fromisoformat(world.admin("clock")["now"])

    answer = world.soap("EditTerminal", given(iccid=iccid, targetValue="mega-15", changeType="4"))

    effective = datetime.fromisoformat(f"{first_text(answer, 'effectiveDate')}T00:00:00+00:00")
    assert 3 <= (effective.date() - now.date()).days <= 6
    refused = world.soap_raw("EditTerminal", given(iccid=iccid, targetValue="lite-50", changeType="4"))
    assert "RATEPLAN_CHANGE_PENDING" in refused.text
    world.advance((effective - now).total_seconds())
    assert world.sim(iccid)["package"]["plan"] == "mega-15"
    assert world.sim(iccid)["package"]["pending_plan"] is None


@pytest.mark.parametrize(
    "wrong",
    [{"password": "x"}, {"license_key": "x"}, {"action": "http://elsewhere"}, {"service": "billing"}],
)
def test_a_call_without_the_right_keys_or_address_is_a_fault(world: Simulator, td_sim: dict, wrong: dict) -> None:
    answer = world.soap_raw("SendCancelLocation", given(iccid=td_sim["iccid"]), **wrong)

    assert answer.status_code == 500
    assert first_text(etree.fromstring(answer.content), "faultstring") in ("100100", "100200")
    assert world.sim(td_sim["iccid"])["writes"]["cancel_locations_applied"] == 0


def test_entities_and_broken_xml_are_refused(world: Simulator) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'

    for body in (bomb, b"<open", b"", b"<x/>"):
        answer = world.http.post("/ws/service/terminal", content=body)
        assert answer.status_code == 500
        assert first_text(etree.fromstring(answer.content), "faultstring") == "100200"
