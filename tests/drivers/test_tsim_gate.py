"""The driver `tsim` against answers that the simulator never gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from drivers.tsim.driver import TsimDriver, create
from novaconnect_sdk import (
    Action,
    AnswerUnreadable,
    Availability,
    Confirmation,
    Done,
    ErrorCode,
    Forbidden,
    Iccid,
    LivePart,
    Msisdn,
    Reading,
    Refused,
    SessionReading,
    SimRef,
    SimUnknown,
    Support,
    Throttled,
    TryLater,
    Unknown,
)
from novaconnect_sdk.testing import RecordingGate
from tests.drivers.scripted_operator import ScriptedOperator, Seen, scripted_operator

SIM = SimRef(Iccid("8937204010020000001"), None, Msisdn("37250001234"), "37250001234")
NOW = datetime(2024, 4, 9, 20, 0, tzinfo=UTC)


def _driver(operator: ScriptedOperator, **settings: object) -> TsimDriver:
    gate = RecordingGate()
    gate.allow(4)
    given = {"base_url": operator.address, "login": "demo", "password": "pw", "timeout_seconds": 3, **settings}
    return create(given, gate.context(lambda: NOW))


def _command(seen: Seen) -> str:
    return parse_qs(urlsplit(seen.target).query)["command"][0]


async def test_a_card_without_a_usable_iccid_leaves_the_listing_incomplete() -> None:
    body = b"<records><card><onum>37250001234</onum></card><card><iccid>8937204010020000001</iccid><onum>37250001235"
    async with scripted_operator(body + b"</onum><blocked>f</blocked></card></records>") as operator:
        driver = _driver(operator)
        page = await driver.list_sims(None, None)
        await driver.close()
    assert [record.ref.operator_ref for record in page.items] == ["37250001235"]
    assert page.next_cursor is None
    assert page.complete is False


async def test_a_document_beyond_the_cap_is_refused() -> None:
    body = b"<records>" + b"<card><onum>1</onum></card>" * 50_000 + b"</records>"
    async with scripted_operator(body) as operator:
        driver = _driver(operator, largest_download_mb=1)
        with pytest.raises(AnswerUnreadable, match="largest_download_mb"):
            await driver.list_sims(None, None)
        await driver.close()


async def test_the_time_that_a_throttle_names_is_kept() -> None:
    async with scripted_operator(lambda seen: (429, {"Retry-After": "17"}, b"")) as operator:
        driver = _driver(operator)
        result = await driver.lock(SIM, "key")
        with pytest.raises(Throttled) as caught:
            await driver.list_sims(None, None)
        await driver.close()
    assert isinstance(result, TryLater)
    assert result.after == caught.value.after == timedelta(seconds=17)


async def test_a_closed_door_is_forbidden_and_a_redirect_is_no_answer() -> None:
    async with scripted_operator(lambda seen: (403, {}, b"no")) as operator:
        driver = _driver(operator)
        with pytest.raises(Forbidden):
            await driver.read_sim(SIM)
        await driver.close()
    async with scripted_operator(lambda seen: (302, {"Location": "http://127.0.0.1:9/"}, b"")) as operator:
        driver = _driver(operator)
        assert isinstance(await driver.lock(SIM, "key"), Unknown)
        await driver.close()


@pytest.mark.parametrize(
    ("word", "outcome"), [("true", Done), ("t", Done), ("1", Done), ("false", Refused), ("", Unknown)]
)
async def test_a_lock_is_done_only_when_the_card_says_so(word: str, outcome: type) -> None:
    async with scripted_operator(f"<card><onum/><blocked>{word}</blocked></card>".encode()) as operator:
        driver = _driver(operator)
        result = await driver.lock(SIM, "key")
        await driver.close()
    assert type(result) is outcome


async def test_already_blocked_is_no_success_of_an_unlock() -> None:
    body = b"<sblock><error_text>Specified card is already blocked!</error_text></sblock>"
    async with scripted_operator(body) as operator:
        driver = _driver(operator)
        locked, unlocked = await driver.lock(SIM, "key"), await driver.unlock(SIM, "key")
        await driver.close()
    assert isinstance(locked, Done)
    assert isinstance(unlocked, Refused)
    assert unlocked.code is ErrorCode.TRANSITION_REFUSED


async def test_block_words_and_command_names_are_settings() -> None:
    async with scripted_operator(b"<cnl><result>OK</result><blocked>true</blocked></cnl>") as operator:
        driver = _driver(
            operator, block_word="1", unblock_word="0", command_cancel_location="cancel", confirmed="cancel_location"
        )
        await driver.lock(SIM, "key")
        await driver.cancel_location(SIM, "key")
        declared = {capability.action: capability for capability in driver.capabilities()}
        await driver.close()
    queries = [parse_qs(urlsplit(seen.target).query) for seen in operator.seen]
    assert [query["command"][0] for query in queries] == ["sblock", "cancel"]
    assert queries[0]["block"] == ["1"]
    assert declared[Action.CANCEL_LOCATION].support is Support.SUPPORTED
    assert declared[Action.SET_LIMIT].support is Support.UNCONFIRMED


async def test_a_command_without_a_name_is_not_there() -> None:
    async with scripted_operator(b"<x/>") as operator:
        driver = _driver(operator, command_set_limit="", command_get_msu="")
        result = await driver.set_limit(SIM, 5, "key")
        live = await driver.read_live(SIM, frozenset({LivePart.MSU}))
        declared = {capability.action: capability for capability in driver.capabilities()}
        await driver.close()
    assert isinstance(result, Refused)
    assert result.code is ErrorCode.UNSUPPORTED
    assert live.msu.availability is Availability.UNSUPPORTED
    assert declared[Action.SET_LIMIT].support is Support.UNSUPPORTED
    assert operator.seen == []


async def test_a_missing_msu_count_is_no_data_and_not_zero() -> None:
    async with scripted_operator(b"<msu><onum/><count/><blocked>false</blocked></msu>") as operator:
        driver = _driver(operator)
        msu = (await driver.read_live(SIM, frozenset({LivePart.MSU}))).msu.value
        await driver.close()
    assert msu is not None
    assert msu.count is None


async def test_times_carry_the_zone_of_the_settings() -> None:
    record = (
        "<gprscdr><data><sessionid>a1b2</sessionid><onum>37250001234</onum><calldate>2024-04-09 23:30:00</calldate>"
        "<end_session/><inb>30000</inb><outb>8826</outb><cost>0.0005</cost><curr>EUR</curr></data></gprscdr>"
    )
    async with scripted_operator(record.encode()) as operator:
        driver = _driver(operator, zone="Europe/Tallinn")
        start = datetime(2024, 4, 9, 20, 0, tzinfo=UTC)
        page = await driver.iter_sessions(start, start + timedelta(hours=1), None, SIM)
        nothing = await driver.iter_sessions(start + timedelta(hours=1), start + timedelta(hours=2), None, SIM)
        await driver.close()
    query = parse_qs(urlsplit(operator.seen[0].target).query)
    assert (query["started"], query["finished"]) == (["2024-04-09"], ["2024-04-09"])
    assert [record.started_at for record in page.items] == [datetime(2024, 4, 9, 20, 30, tzinfo=UTC)]
    assert page.items[0].total_bytes == 38826
    assert page.items[0].ended_at is None
    assert nothing.items == ()


async def test_a_session_that_began_before_the_cancel_location_does_not_confirm_it() -> None:
    answers = {
        "checkdatasession": b"<checkdatasession><active>false</active></checkdatasession>",
        "gprscdr": b"<gprscdr><data><sessionid>s</sessionid><onum>1</onum><calldate>2024-04-09 18:59:59</calldate>"
        b"<end_session>2024-04-09 19:30:00</end_session></data></gprscdr>",
    }
    async with scripted_operator(lambda seen: (200, {}, answers[_command(seen)])) as operator:
        driver = _driver(operator)
        seven = datetime(2024, 4, 9, 19, 0, tzinfo=UTC)
        late = await driver.confirm(SIM, Action.CANCEL_LOCATION, seven)
        early = await driver.confirm(SIM, Action.CANCEL_LOCATION, seven - timedelta(minutes=1))
        await driver.close()
    assert (late, early) == (Confirmation.NOT_YET, Confirmation.CONFIRMED)


async def test_a_sim_known_by_its_iccid_only_is_looked_up_first() -> None:
    card = b"<card_stat><card><onum>37250001234</onum><blocked>false</blocked></card><error_code>0</error_code></card_stat>"
    answers = {"card_stat": card, "sblock": b"<card><blocked>true</blocked></card>"}
    async with scripted_operator(lambda seen: (200, {}, answers[_command(seen)])) as operator:
        driver = _driver(operator)
        result = await driver.lock(SimRef(SIM.iccid), "key")
        await driver.close()
    assert isinstance(result, Done)
    assert parse_qs(urlsplit(operator.seen[1].target).query)["onum"] == ["37250001234"]


async def test_a_look_up_whose_answer_is_lost_has_changed_nothing() -> None:
    async with scripted_operator(lambda seen: (500, {}, b"")) as operator:
        driver = _driver(operator)
        result = await driver.lock(SimRef(SIM.iccid), "key")
        await driver.close()
    assert isinstance(result, TryLater)


async def _session(check: str, data: str = "") -> Reading[SessionReading]:
    """The SIM's session, from the answers to `checkdatasession` and `gprscdr`."""
    answers = {
        "checkdatasession": f"<checkdatasession>{check}</checkdatasession>",
        "gprscdr": f"<gprscdr>{data}</gprscdr>",
    }
    async with scripted_operator(lambda seen: (200, {}, answers[_command(seen)].encode())) as operator:
        driver = _driver(operator)
        try:
            return (await driver.read_live(SIM, frozenset({LivePart.SESSION}))).session
        finally:
            await driver.close()


@pytest.mark.parametrize("check", ["", "<onum>37250001234</onum>", "<active/>", "<active>perhaps</active>"])
async def test_an_answer_that_is_silent_about_the_session_is_no_answer(check: str) -> None:
    with pytest.raises(AnswerUnreadable):
        await _session(check)


async def test_a_session_whose_record_has_no_end_yet_ended_a_moment_ago() -> None:
    record = "<data><sessionid>s</sessionid><onum>1</onum><calldate>2024-04-06 08:00:00</calldate><end_session/></data>"

    session = await _session("<active>false</active>", record)

    assert session.value is not None
    assert (session.value.active, session.value.ended_at) == (False, NOW)


async def test_the_zero_date_of_a_database_is_no_time() -> None:
    record = (
        "<data><sessionid>s</sessionid><onum>1</onum><calldate>2024-04-06 08:00:00</calldate>"
        "<end_session>2024-04-06 09:00:00</end_session></data>"
    )

    session = await _session("<active>false</active><finished>0000-00-00 00:00:00</finished>", record)

    assert session.value is not None
    assert session.value.ended_at == datetime(2024, 4, 6, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "card", ["<iccid>8937204010020000002</iccid><onum>37250001234</onum>", "<onum>37250009999</onum>"]
)
async def test_another_card_than_the_one_asked_about_proves_nothing(card: str) -> None:
    body = f"<card_stat><card>{card}<blocked>true</blocked></card><error_code>0</error_code></card_stat>"
    async with scripted_operator(body.encode()) as operator:
        driver = _driver(operator)
        with pytest.raises(SimUnknown):
            await driver.read_sim(SIM)
        await driver.close()
