"""The driver `jasper` against answers that the simulator never gives."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from drivers.jasper.driver import JasperDriver, create
from drivers.jasper.records import cycles_between
from novaconnect_sdk import (
    Accepted,
    AnswerLost,
    AnswerUnreadable,
    BadCredentials,
    Confirmation,
    Done,
    DriverError,
    ErrorCode,
    Iccid,
    Imsi,
    LivePart,
    Refused,
    SimRef,
    SimStatus,
    Throttled,
    TryLater,
    Unknown,
    WriteResult,
)
from novaconnect_sdk.testing import RecordingGate
from tests.drivers.scripted_operator import ScriptedOperator, Seen, scripted_operator

SIM = SimRef(Iccid("8946204602020000001"), Imsi("240075000000001"))
NOW = datetime(2024, 4, 9, 20, 0, tzinfo=UTC)
SOAP = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'


def _driver(operator: ScriptedOperator, **settings: object) -> JasperDriver:
    given = {"base_url": operator.address, "login": "me", "api_key": "hush", "license_key": "hush", **settings}
    return create({"timeout_seconds": 3, **given}, RecordingGate().context(lambda: NOW))


def _response(operation: str, content: str) -> bytes:
    schema = "http://api.jasperwireless.com/ws/schema"
    return SOAP.format(f'<{operation}Response xmlns="{schema}">{content}</{operation}Response>').encode()


def _fault(code: str, text: str, side: str = "Client") -> bytes:
    detail = f"<detail><message>{text}</message></detail>"
    return SOAP.format(
        f"<e:Fault><faultcode>e:{side}</faultcode><faultstring>{code}</faultstring>{detail}</e:Fault>"
    ).encode()


async def _lock(status: int, answer: object) -> WriteResult:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    async with scripted_operator(lambda seen: (status, {}, body)) as operator:
        driver = _driver(operator)
        result = await driver.lock(SIM, "key")
        await driver.close()
    return result


async def _cancel(status: int, body: bytes) -> WriteResult:
    async with scripted_operator(lambda seen: (status, {}, body)) as operator:
        driver = _driver(operator)
        result = await driver.cancel_location(SIM, "key")
        await driver.close()
    return result


async def test_a_status_change_that_is_only_accepted_is_looked_at_soon() -> None:
    result = await _lock(202, {"iccid": SIM.iccid})
    assert isinstance(result, Accepted)
    assert result.poll_after < result.deadline <= timedelta(minutes=10)


@pytest.mark.parametrize(
    ("status", "answer", "outcome", "code"),
    [
        (400, {"errorMessage": "Rate limit", "errorCode": "40000029"}, TryLater, ErrorCode.THROTTLED),
        (401, {"errorMessage": "Invalid credentials", "errorCode": "10000001"}, Refused, ErrorCode.CREDENTIALS),
        (401, b"", Refused, ErrorCode.CREDENTIALS),
        (401, b"<html></html>", Refused, ErrorCode.CREDENTIALS),
        (403, {"errorMessage": "No"}, Refused, ErrorCode.FORBIDDEN),
        (404, {"errorMessage": "Resource not found", "errorCode": "20000001"}, Refused, ErrorCode.SIM_UNKNOWN),
        (404, b"<html>wrong host</html>", Unknown, ErrorCode.PROTOCOL),
        (
            400,
            {"errorMessage": "SIMSTATUS_INVALID_TRANSITION", "errorCode": "1"},
            Refused,
            ErrorCode.TRANSITION_REFUSED,
        ),
        (400, {"errorMessage": "Invalid status", "errorCode": "2"}, Refused, ErrorCode.INVALID),
        (400, {"errorMessage": "Who knows", "errorCode": "3"}, Refused, ErrorCode.UNAVAILABLE),
        (500, {"errorMessage": "Unknown server error", "errorCode": "30000001"}, Unknown, ErrorCode.TIMEOUT),
        (200, {"errorMessage": "Unknown server error", "errorCode": "30000001"}, Unknown, ErrorCode.TIMEOUT),
        (502, b"<html>Bad gateway</html>", Unknown, ErrorCode.TIMEOUT),
        (200, b"[]", Unknown, ErrorCode.PROTOCOL),
        (200, b"[" * 100_000, Unknown, ErrorCode.PROTOCOL),
        (200, b'{"iccid"', Unknown, ErrorCode.PROTOCOL),
        (200, {"iccid": "1"}, Done, None),
    ],
)
async def test_every_answer_of_rest_has_its_outcome(
    status: int, answer: object, outcome: type, code: ErrorCode | None
) -> None:
    result = await _lock(status, answer)
    assert type(result) is outcome, result
    assert getattr(result, "code", None) is code


@pytest.mark.parametrize(
    ("status", "body", "outcome", "code"),
    [
        (500, _fault("400101", "API call limit exceeded"), TryLater, ErrorCode.THROTTLED),
        (500, _fault("100100", "Invalid credentials"), Refused, ErrorCode.CREDENTIALS),
        (500, _fault("100300", "No such terminal"), Refused, ErrorCode.SIM_UNKNOWN),
        (500, _fault("100400", "SIMSTATUS_SUSPENDED"), Refused, ErrorCode.TRANSITION_REFUSED),
        (500, _fault("100000", "SYSTEM_ERROR", "Server"), Unknown, ErrorCode.TIMEOUT),
        (200, _fault("100200", "messageId is required"), Refused, ErrorCode.INVALID),
        (500, _fault("100999", "Who knows"), Refused, ErrorCode.UNAVAILABLE),
        (503, b"<html>Fine day</html>", Unknown, ErrorCode.TIMEOUT),
        (200, _response("GetTerminalDetails", ""), Unknown, ErrorCode.PROTOCOL),
        (200, _response("SendCancelLocation", "<status>FAILURE</status>"), Refused, ErrorCode.UNAVAILABLE),
        (200, _response("SendCancelLocation", "<status/>"), Unknown, ErrorCode.PROTOCOL),
        (200, _response("SendCancelLocation", "<status>PENDING</status>"), Unknown, ErrorCode.PROTOCOL),
        (200, b"<a/>", Unknown, ErrorCode.PROTOCOL),
        (200, b'<!DOCTYPE a [<!ENTITY x "y">]>' + _response("SendCancelLocation", ""), Unknown, ErrorCode.PROTOCOL),
    ],
)
async def test_every_answer_of_soap_has_its_outcome(status: int, body: bytes, outcome: type, code: ErrorCode) -> None:
    result = await _cancel(status, body)
    assert type(result) is outcome, result
    assert getattr(result, "code", None) is code


async def test_a_terminal_that_is_listed_but_not_detailed_leaves_the_listing_incomplete() -> None:
    def reply(seen: object) -> tuple[int, dict[str, str], bytes]:
        if b"GetModifiedTerminalsRequest" in getattr(seen, "body", b""):
            listed = f"<iccids><iccid>{SIM.iccid}</iccid><iccid>8946204602020000002</iccid></iccids>"
            return 200, {}, _response("GetModifiedTerminals", listed)
        detail = (
            f'<terminal msisdn="+46719000001"><iccid>{SIM.iccid}</iccid><status>DEACTIVATED_NAME</status></terminal>'
        )
        return 200, {}, _response("GetTerminalDetails", f"<terminals>{detail}</terminals>")

    async with scripted_operator(reply) as operator:
        driver = _driver(operator)
        page = await driver.list_sims(None, None)
        await driver.close()
    assert [record.ref.msisdn for record in page.items] == ["46719000001"]
    assert page.items[0].observed.status is SimStatus.BLOCKED
    assert page.items[0].observed.native_status == "DEACTIVATED"
    assert (page.total, page.complete, page.next_cursor) == (2, False, None)


async def test_a_list_in_which_the_operator_fails_is_that_failure() -> None:
    async with scripted_operator(lambda seen: (500, {}, _fault("400101", "limit"))) as operator:
        driver = _driver(operator)
        with pytest.raises(Throttled):
            await driver.list_sims(None, None)
        await driver.close()
    async with scripted_operator(lambda seen: (200, {}, _response("SendCancelLocation", ""))) as operator:
        driver = _driver(operator)
        with pytest.raises(AnswerUnreadable):
            await driver.list_sims(None, None)
        await driver.close()


async def test_a_sim_without_usage_has_no_records() -> None:
    async with scripted_operator(lambda seen: (500, {}, _fault("200200", "No usage found"))) as operator:
        driver = _driver(operator)
        page = await driver.iter_sessions(NOW - timedelta(days=1), NOW, None, SIM)
        await driver.close()
    assert (page.items, page.next_cursor) == ((), None)


async def test_a_sim_that_never_registered_is_not_confirmed() -> None:
    body = _response("GetTerminalLatestRegistration", f"<registrationInfo><imsi>{SIM.imsi}</imsi></registrationInfo>")
    async with scripted_operator(body) as operator:
        driver = _driver(operator)
        live = await driver.read_live(SIM, frozenset({LivePart.REGISTRATION}))
        await driver.close()
    assert live.registration.value is not None
    assert live.registration.value.since is None


@pytest.mark.parametrize("handle", ["", "plan", "plan:1:mega-15", f"plan:{SIM.iccid}:", f"job:{SIM.iccid}:x"])
async def test_a_handle_that_is_not_ours_is_not_asked_about(handle: str) -> None:
    async with scripted_operator(b"") as operator:
        driver = _driver(operator)
        assert await driver.poll(handle) is Confirmation.IMPOSSIBLE
        await driver.close()
    assert operator.seen == []


@pytest.mark.parametrize("error", [BadCredentials, AnswerLost])
async def test_requests_carry_login_licence_and_action(error: type[DriverError]) -> None:
    answer: tuple[int, dict[str, str], bytes] = (401, {}, b"") if error is BadCredentials else (500, {}, b"")
    async with scripted_operator(lambda seen: answer) as operator:
        driver = _driver(operator)
        with pytest.raises(error):
            await driver.read_live(SIM, frozenset({LivePart.SESSION}))
        await driver.cancel_location(SIM, "the-key-of-the-item")
        await driver.close()
    rest, soap = operator.seen
    assert rest.headers["authorization"].startswith("Basic ")
    assert soap.headers["soapaction"] == '"http://api.jasperwireless.com/ws/service/terminal/SendCancelLocation"'
    assert b"the-key-of-the-item" in soap.body
    assert b"PasswordText" in soap.body


@pytest.mark.parametrize(
    ("start", "end", "day", "cycles"),
    [
        (datetime(2024, 2, 10, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), 1, [date(2024, 2, 1)]),
        (
            datetime(2024, 2, 10, tzinfo=UTC),
            datetime(2024, 3, 1, 0, 1, tzinfo=UTC),
            1,
            [date(2024, 2, 1), date(2024, 3, 1)],
        ),
        (
            datetime(2023, 12, 31, tzinfo=UTC),
            datetime(2024, 1, 20, tzinfo=UTC),
            15,
            [date(2023, 12, 15), date(2024, 1, 15)],
        ),
        (datetime(2024, 1, 3, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC), 28, [date(2023, 12, 28)]),
        (datetime(2024, 1, 3, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC), 1, []),
    ],
)
def test_a_span_knows_its_billing_cycles(start: datetime, end: datetime, day: int, cycles: list[date]) -> None:
    assert cycles_between(start, end, day) == cycles


async def test_a_reconnect_that_is_only_accepted_is_confirmed_by_a_term_that_runs() -> None:
    terminal = (
        f"<terminals><terminal><iccid>{SIM.iccid}</iccid><status>DEACTIVATED</status><ratePlan>lite-15</ratePlan>"
        "<rating>{}</rating></terminal></terminals>"
    )
    rating = (
        f"<terminalRatings><terminalRating><iccid>{SIM.iccid}</iccid><queuePosition>0</queuePosition>"
        "<ratePlanName>lite-15</ratePlanName></terminalRating></terminalRatings>"
    )
    term = [""]

    def reply(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if b"GetTerminalRatingRequest" in seen.body:
            return 200, {}, _response("GetTerminalRating", rating)
        if b"GetTerminalDetailsRequest" in seen.body:
            return 200, {}, _response("GetTerminalDetails", terminal.format(term[0]))
        return 202, {}, json.dumps({"iccid": SIM.iccid}).encode()

    async with scripted_operator(reply) as operator:
        driver = _driver(operator)
        accepted = await driver.reconnect_package(SIM, "key")
        assert isinstance(accepted, Accepted)
        assert accepted.handle is not None
        before = await driver.poll(accepted.handle)
        term[0] = "<termEndDate>2024-05-09T00:00:00Z</termEndDate>"
        after = await driver.poll(accepted.handle)
        await driver.close()
    assert (before, after) == (Confirmation.NOT_YET, Confirmation.CONFIRMED)
    assert accepted.poll_after < timedelta(minutes=1)
