"""What a client accepts decides the media type, the status of request errors, and whether the answer is a stream."""

from __future__ import annotations

import pytest

from domain.errors import RefusalCode
from tests.transport.serving import Endpoint
from transport.accept import EVENT_STREAM, GRAPHQL_RESPONSE, Negotiated, negotiate
from transport.refusals import JSON, RequestRefused

REQUEST_ERRORS = {
    "a syntax error": ({"query": "{"}, "INVALID_REQUEST"),
    "an unknown field": ({"query": "{ nothing }"}, "INVALID_REQUEST"),
    "an unknown argument": ({"query": "{ me(a: 1) }"}, "INVALID_REQUEST"),
    "an unknown enum value": ({"query": "{ paint(colour: GREEN) }"}, "INVALID_VALUE"),
    "an unknown field of an input": ({"query": '{ length(letter: {nothing: "x"}) }'}, "INVALID_REQUEST"),
    "what a scalar refuses": ({"query": '{ weigh(at: "noon") }'}, "INVALID_VALUE"),
    "what a scalar refuses in a variable": (
        {"query": "query($at: DateTime!) { weigh(at: $at) }", "variables": {"at": "noon"}},
        "INVALID_VALUE",
    ),
    "a number out of range": (
        {"query": "query($to: Int!) { repeat(to: $to) }", "variables": {"to": 10**30}},
        "INVALID_VALUE",
    ),
    "a variable of another type": (
        {"query": "query($c: Colour!) { paint(colour: $c) }", "variables": {"c": "GREEN"}},
        "INVALID_VALUE",
    ),
    "a missing variable": ({"query": "query($c: Colour!) { paint(colour: $c) }"}, "INVALID_VALUE"),
    "an unknown operation": ({"query": "query A { me }", "operationName": "B"}, "INVALID_REQUEST"),
    "only fragments": ({"query": "fragment F on Query { me }"}, "INVALID_REQUEST"),
}


@pytest.mark.parametrize("name", REQUEST_ERRORS)
async def test_request_errors_are_400_for_those_who_read_the_status(endpoint: Endpoint, name: str) -> None:
    body, code = REQUEST_ERRORS[name]
    answer = await endpoint.post(body, headers={"Accept": GRAPHQL_RESPONSE})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == f"{GRAPHQL_RESPONSE}; charset=utf-8"
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("name", REQUEST_ERRORS)
@pytest.mark.parametrize("accept", [JSON, "*/*"])
async def test_request_errors_are_200_for_the_others(endpoint: Endpoint, name: str, accept: str) -> None:
    body, code = REQUEST_ERRORS[name]
    answer = await endpoint.post(body, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")
    assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
async def test_what_a_resolver_refuses_is_200_with_its_code_and_path(endpoint: Endpoint, accept: str) -> None:
    answer = await endpoint.post({"query": "{ me refuses }"}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.json()["data"] == {"me": "Olga Owner", "refuses": None}
    [error] = answer.json()["errors"]
    assert (error["extensions"]["code"], error["path"]) == (RefusalCode.INVALID_CURSOR, ["refuses"])


async def test_what_nobody_expected_is_masked_and_logged_once(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await endpoint.post({"query": "{ breaks }"})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (200, "INTERNAL_ERROR")
    assert "8937204" not in answer.text
    error_id = error["extensions"]["errorId"]
    assert len([record for record in caplog.records if error_id in record.getMessage()]) == 1


async def test_a_subscription_without_a_stream_is_told_where_to_go(endpoint: Endpoint) -> None:
    answer = await endpoint.post({"query": "subscription { count(to: 2) }"})
    assert answer.status_code == 400
    assert EVENT_STREAM in answer.json()["errors"][0]["message"]


BROWSER_CLIENT = f"{GRAPHQL_RESPONSE}, application/graphql+json, {JSON}, {EVENT_STREAM}, multipart/mixed"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, Negotiated(JSON, False, False)),
        ("", Negotiated(JSON, False, False)),
        ("*/*", Negotiated(JSON, False, False)),
        ("application/*", Negotiated(JSON, False, False)),
        (JSON, Negotiated(JSON, False, False)),
        ("Application/JSON; charset=utf-8", Negotiated(JSON, False, False)),
        (GRAPHQL_RESPONSE, Negotiated(GRAPHQL_RESPONSE, False, False)),
        (f"{GRAPHQL_RESPONSE}, {JSON};q=0.9", Negotiated(GRAPHQL_RESPONSE, False, False)),
        (f"{GRAPHQL_RESPONSE};q=0.5, {JSON}", Negotiated(JSON, False, False)),
        (f"{GRAPHQL_RESPONSE}, */*", Negotiated(GRAPHQL_RESPONSE, False, False)),
        (EVENT_STREAM, Negotiated(JSON, True, True)),
        (f"{EVENT_STREAM}, */*;q=0.1", Negotiated(JSON, True, True)),
        (BROWSER_CLIENT, Negotiated(GRAPHQL_RESPONSE, True, False)),
    ],
)
def test_the_best_of_what_is_accepted_is_chosen(accept: str | None, expected: Negotiated) -> None:
    assert negotiate(accept) == expected


@pytest.mark.parametrize("accept", ["image/png", f"{JSON};q=0", "text/html, image/*;q=0.8", f"{JSON};q=nan", ";;,,"])
def test_nothing_that_we_have_is_refused(accept: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        negotiate(accept)
    assert refused.value.status == 406
