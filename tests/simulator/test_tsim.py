"""The TSIM XML gate as a driver of profile TC meets it."""

from datetime import datetime, timedelta

import pytest

from tests.simulator.running import Simulator, first_text


def test_the_whole_inventory_comes_in_one_document(world: Simulator) -> None:
    cards = world.tsim("gbalance").findall("card")

    known = {sim["iccid"]: sim for sim in world.sims(profile="TC")}
    assert {card.findtext("iccid") for card in cards} == set(known)
    for card in cards:
        sim = known[card.findtext("iccid")]
        assert card.findtext("onum") == sim["msisdn"]
        assert card.findtext("balance") == sim["balance"]
        assert card.findtext("blocked") == "false"
    assert {child.tag for child in cards[0]} >= {"tsimid", "aserviceid", "inum", "prepayed", "curr"}


def test_a_card_is_read_by_number_or_iccid(world: Simulator, tc_sim: dict) -> None:
    by_number = world.tsim("card_stat", onum=tc_sim["msisdn"])
    by_iccid = world.tsim("card_stat", iccid=tc_sim["iccid"])

    assert by_number.findtext("card/enum") == by_iccid.findtext("card/enum") == tc_sim["external_msisdn"]
    assert by_number.findtext("error_code") == "0"


@pytest.mark.parametrize(("arguments", "code"), [({"msisdn": "3720000"}, "1"), ({"iccid": "8900"}, "2"), ({}, "4")])
def test_a_card_that_cannot_be_found_has_an_error_code(world: Simulator, arguments: dict, code: str) -> None:
    assert world.tsim("card_stat", **arguments).findtext("error_code") == code


def test_a_wrong_password_and_an_unknown_command_are_errors_with_http_200(world: Simulator) -> None:
    assert b"<type>ERROR</type><text>Access denied" in world.tsim_raw("gbalance", password="wrong").content
    assert world.tsim("dance").findtext("text") == "Unknown command"


def test_blocking_an_idle_card_is_cheap_and_repeating_it_says_already(world: Simulator, tc_sim: dict) -> None:
    world.admin(f"sims/{tc_sim['iccid']}", {"idle_hours": 48, "msu_count": 5})

    first = world.tsim("sblock", onum=tc_sim["msisdn"], block="t")
    second = world.tsim("sblock", onum=tc_sim["msisdn"], block="1")

    assert first.findtext("blocked") == "true"
    assert second.findtext("error_text") == "Specified card is already blocked!"
    seen = world.sim(tc_sim["iccid"])
    assert seen["blocked"] and not seen["in_session"]
    assert seen["msu_count"] == 5
    assert (seen["writes"]["blocks_applied"], seen["writes"]["blocks_repeated"]) == (1, 1)


def test_blocking_a_live_card_raises_its_msu_and_past_the_threshold_locks_it_for_good(
    world: Simulator, tc_sim: dict
) -> None:
    iccid, number = tc_sim["iccid"], tc_sim["msisdn"]
    world.admin(f"sims/{iccid}", {"msu_count": 10})
    world.tsim("sblock", onum=number, block="t")
    assert 10 < int(first_text(world.tsim("getmsu", onum=number), "count") or 0) <= 30

    world.admin(f"sims/{iccid}", {"blocked": False, "in_session": True, "msu_count": 95})
    world.tsim("sblock", onum=number, block="t")

    assert world.tsim("getmsu", onum=number).findtext("blocked") == "true"
    assert "MSU" in (world.tsim("sblock", onum=number, block="f").findtext("error_text") or "")
    assert world.sim(iccid)["blocked"]


def test_an_unblocked_device_registers_again_within_minutes(world: Simulator, tc_sim: dict) -> None:
    world.tsim("sblock", onum=tc_sim["msisdn"], block="t")
    before = world.sim(tc_sim["iccid"])["registration"]["registered_at"]

    world.tsim("sblock", onum=tc_sim["msisdn"], block="f")
    world.advance(300)

    after = world.sim(tc_sim["iccid"])
    assert after["in_session"]
    assert after["registration"]["registered_at"] > before


def test_an_open_session_is_reported_and_grows_in_place(world: Simulator, tc_sim: dict) -> None:
    session = world.tsim("checkdatasession", onum=tc_sim["msisdn"])
    assert session.findtext("active") == "true"
    days = {"started": tc_sim["session"]["started_at"][:10], "finished": "2199-01-01"}

    def record() -> tuple[str, int, str]:
        last = world.tsim("gprscdr", onum=tc_sim["msisdn"], **days).findall("data")[-1]
        return last.findtext("sessionid", ""), int(last.findtext("usage_b", "")), last.findtext("end_session", "-")

    earlier = record()
    world.advance(3600)
    later = record()

    assert earlier[0] == later[0] == tc_sim["session"]["id"]
    assert earlier[1] < later[1]
    assert later[2] == ""


def test_records_of_all_cards_come_by_day_in_time_order(world: Simulator) -> None:
    now = datetime.fromisoformat(world.admin("clock")["now"])
    day = (now - timedelta(days=1)).date()

    records = world.tsim("gprscdr", started=str(day), finished=str(day)).findall("data")

    dates = [record.findtext("calldate", "") for record in records]
    assert dates and dates == sorted(dates)
    assert {date[:10] for date in dates} == {str(day)}
    assert all(record.findtext("opercode").isdigit() and record.findtext("country") for record in records)
    assert world.tsim("gprscdr", started="soon", finished="later").findtext("text") == "Wrong date"
    assert world.tsim("gccdr", started=str(day - timedelta(days=40)), finished=str(day)).findall("sms")


def test_a_monthly_limit_ends_the_session_until_the_month_is_over(world: Simulator, tc_sim: dict) -> None:
    number = tc_sim["msisdn"]
    assert world.tsim("getlimit", onum=number).findtext("mb") == ""

    world.tsim("setlimit", onum=number, period="month", mb=0)

    assert world.tsim("getlimit", onum=number).findtext("reached") == "true"
    assert world.tsim("checkdatasession", onum=number).findtext("active") == "false"
    world.tsim("setlimit", onum=number, period="month", mb=1)
    world.advance(32 * 86400)
    assert world.sim(tc_sim["iccid"])["limit"]["mb"] == 1
    world.tsim("setlimit", onum=number, period="month", mb=-1)
    assert world.sim(tc_sim["iccid"])["limit"] == {"mb": None, "reached": False}
    assert world.sim(tc_sim["iccid"])["in_session"]
