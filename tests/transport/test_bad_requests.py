"""Whatever arrives at /graphql gets a GraphQL error with a code and the right status, and never a 500."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest

from models import AccessToken
from tests.transport.serving import Endpoint
from tests.worlds import TwoCompanies

ME = {"query": "{ me }"}
KB, MB = 1024, 1024 * 1024

BAD_BODIES = {
    "nothing": (b"", 400, "INVALID_REQUEST"),
    "no JSON": (b"{query", 400, "INVALID_REQUEST"),
    "invalid UTF-8": (b'{"query": "{ me } #\xff\xfe"}', 400, "INVALID_REQUEST"),
    "a lone surrogate": (b'{"query": "{ me }", "variables": {"a": "\\ud800"}}', 400, "INVALID_REQUEST"),
    "not a number": (b'{"query": "{ me }", "variables": {"a": NaN}}', 400, "INVALID_REQUEST"),
    "a string": (b'"{ me }"', 400, "INVALID_REQUEST"),
    "null": (b"null", 400, "INVALID_REQUEST"),
    "a batch": (b'[{"query": "{ me }"}]', 400, "INVALID_REQUEST"),
    "100,000 levels": (b"[" * 100_000 + b"]" * 100_000, 400, "INVALID_REQUEST"),
    "100,000 levels of variables": (
        b'{"query": "{ me }", "variables": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        400,
        "INVALID_REQUEST",
    ),
}
BAD_SHAPES = {
    "no query": ({}, 400, "INVALID_REQUEST"),
    "a null query": ({"query": None}, 400, "INVALID_REQUEST"),
    "a number as query": ({"query": 7}, 400, "INVALID_REQUEST"),
    "an empty query": ({"query": " "}, 400, "INVALID_REQUEST"),
    "variables as list": (ME | {"variables": []}, 400, "INVALID_REQUEST"),
    "variables as text": (ME | {"variables": "{}"}, 400, "INVALID_REQUEST"),
    "a number as operation name": (ME | {"operationName": 1}, 400, "INVALID_REQUEST"),
    "extensions as list": (ME | {"extensions": []}, 400, "INVALID_REQUEST"),
    "a query over 100 KB": ({"query": "{ me } #" + "x" * 100 * KB}, 413, "REQUEST_TOO_LARGE"),
    "a long string": (ME | {"variables": {"text": "x" * (64 * KB + 1)}}, 413, "REQUEST_TOO_LARGE"),
    "a long string of wide letters": (ME | {"variables": {"text": "я" * 33 * KB}}, 413, "REQUEST_TOO_LARGE"),
    "a long string deep inside": (ME | {"variables": {"a": [{"b": {"c": ["y" * 65 * KB]}}]}}, 413, "REQUEST_TOO_LARGE"),
    "long strings in a list named csv": (ME | {"variables": {"csv": ["y" * 65 * KB]}}, 413, "REQUEST_TOO_LARGE"),
    "NUL in a variable": (ME | {"variables": {"a": "x\x00"}}, 400, "INVALID_REQUEST"),
    "NUL escaped in the query": ({"query": '{ length(letter: {text: "\\u0000"}) }'}, 400, "INVALID_REQUEST"),
    "1,000 levels of query": ({"query": "{a" * 1000 + "}" * 1000}, 400, "QUERY_TOO_COMPLEX"),
    "1,000 levels of list": (
        {"query": "{ length(letter: " + "[" * 1000 + "]" * 1000 + ") }"},
        400,
        "QUERY_TOO_COMPLEX",
    ),
    "20,000 aliases": ({"query": "{" + " ".join(f"a{n}:me" for n in range(10_000)) + "}"}, 400, "QUERY_TOO_COMPLEX"),
    "a chain of 1,000 fragments": (
        {"query": "{...f0}" + "".join(f"fragment f{n} on Query{{...f{n + 1}}}" for n in range(1000))},
        400,
        "QUERY_TOO_COMPLEX",
    ),
}
BAD_HEADERS = {
    "no content type": ({"Content-Type": ""}, 415, "INVALID_REQUEST"),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "INVALID_REQUEST"),
    "plain text": ({"Content-Type": "text/plain"}, 415, "INVALID_REQUEST"),
    "an upload": ({"Content-Type": "multipart/form-data; boundary=x"}, 415, "INVALID_REQUEST"),
    "another charset": ({"Content-Type": "application/json; charset=koi8-r"}, 415, "INVALID_REQUEST"),
    "gzip": ({"Content-Encoding": "gzip"}, 415, "INVALID_REQUEST"),
    "nothing acceptable": ({"Accept": "image/png"}, 406, "INVALID_REQUEST"),
}
BAD_TOKENS = [
    None,
    "",
    "Bearer",
    "Bearer nct_unknown",
    "Basic dXNlcjpwYXNz",
    "Bearer \xff",
    "nct_without_a_scheme",
    "Bearer nct_" + "x" * 5000,
]


def refused(answer, status: int, code: str) -> bool:
    """Whether this is a refusal: nothing ran, one error with a sentence and a code, not to be cached."""
    [error] = answer.json()["errors"]
    return (answer.status_code, error["extensions"]["code"], "data" in answer.json()) == (status, code, False) and (
        answer.headers["cache-control"] == "no-store" and error["message"].endswith(".")
    )


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_bad_body_is_refused(endpoint: Endpoint, name: str) -> None:
    content, status, code = BAD_BODIES[name]
    assert refused(await endpoint.post(content=content), status, code)


@pytest.mark.parametrize("name", BAD_SHAPES)
async def test_json_that_is_no_request_is_refused(endpoint: Endpoint, name: str) -> None:
    body, status, code = BAD_SHAPES[name]
    assert refused(await endpoint.post(body), status, code)


@pytest.mark.parametrize("name", BAD_HEADERS)
async def test_bad_headers_are_refused(endpoint: Endpoint, name: str) -> None:
    headers, status, code = BAD_HEADERS[name]
    content = json.dumps(ME).encode()
    compressed = gzip.compress(content) if "Content-Encoding" in headers else content
    assert refused(await endpoint.post(content=compressed, headers=headers), status, code)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_only_post_is_accepted(endpoint: Endpoint, method: str) -> None:
    request = f"{method} /graphql?query=%7Bme%7D HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
    answer = await endpoint.raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 405")
    assert b"allow: post" in answer.lower()


async def test_a_csv_may_be_long(endpoint: Endpoint) -> None:
    query = "query($letter: Letter!) { length(letter: $letter) }"
    answer = await endpoint.post({"query": query, "variables": {"letter": {"csv": "7" * (7 * MB)}}})
    assert answer.json() == {"data": {"length": 7 * MB}}


async def test_strings_and_queries_up_to_the_limit_pass(endpoint: Endpoint) -> None:
    query = "query($letter: Letter!) { length(letter: $letter) } #"
    body = {"query": query.ljust(100 * KB, "x"), "variables": {"letter": {"text": "x" * (64 * KB)}}}
    assert (await endpoint.post(body)).json() == {"data": {"length": 64 * KB}}


class TestWhoMayAsk:
    """The token is looked at before anything of the body is."""

    @pytest.mark.parametrize("authorization", BAD_TOKENS)
    async def test_without_a_valid_token_there_is_one_uniform_answer(
        self, endpoint: Endpoint, authorization: str | None
    ) -> None:
        headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
        answer = await endpoint.as_(None).post(ME, headers=headers)  # type: ignore[arg-type]
        assert refused(answer, 401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (
            answer.content == (await endpoint.as_(None).post(content=b"\xff", headers={"Accept": "image/png"})).content
        )

    async def test_the_scheme_may_be_written_in_any_case(self, endpoint: Endpoint, world: TwoCompanies) -> None:
        answer = await endpoint.as_(None).post(ME, headers={"Authorization": f"bearer {world.viewer.token}"})
        assert answer.json() == {"data": {"me": "Vera Viewer"}}

    async def test_a_revoked_token_is_no_token(self, endpoint: Endpoint, world: TwoCompanies) -> None:
        await AccessToken.filter(user=world.owner.user).update(revoked_at=world.owner.user.created_at)
        assert refused(await endpoint.post(ME), 401, "UNAUTHENTICATED")

    async def test_the_body_is_not_waited_for(self, endpoint: Endpoint) -> None:
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        assert (await endpoint.raw(head + b"Content-Length: 9000\r\n\r\n")).startswith(b"HTTP/1.1 401")
        assert (await endpoint.raw(head + b"Transfer-Encoding: chunked\r\n\r\n")).startswith(b"HTTP/1.1 401")

    async def test_over_16_kb_an_anonymous_body_is_too_large(self, endpoint: Endpoint) -> None:
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        answer = await endpoint.raw(head + b"Content-Length: %d\r\n\r\n" % (16 * KB + 1))
        assert answer.startswith(b"HTTP/1.1 413")


class TestTheBodyIsBounded:
    """8 MB, said or counted."""

    async def test_by_what_its_length_says(self, endpoint: Endpoint) -> None:
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {endpoint.token}\r\n"
        answer = await endpoint.raw(head.encode() + b"Content-Length: %d\r\n\r\n" % (8 * MB + 1))
        assert answer.startswith(b"HTTP/1.1 413")

    async def test_by_counting_what_arrives(self, endpoint: Endpoint) -> None:
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {endpoint.token}\r\n"
        head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + b" " * (64 * KB) + b"\r\n"
        answer = await endpoint.raw(head.encode() + chunk * (8 * 16 + 1))
        assert answer.startswith(b"HTTP/1.1 413")

    @pytest.mark.parametrize("said", [True, False])
    async def test_a_client_that_sends_first_and_reads_later_gets_the_answer(
        self, endpoint: Endpoint, said: bool
    ) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(10):
                yield b" " * MB

        answer = await endpoint.post(content=b" " * (10 * MB) if said else chunks())
        assert refused(answer, 413, "REQUEST_TOO_LARGE")
        assert answer.headers["connection"] == "close"

    async def test_8_mb_in_chunks_pass(self, endpoint: Endpoint) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b'{"query": "{ me }"'
            for _ in range(7):
                yield b" " * MB
            yield b"}"

        assert (await endpoint.post(content=chunks())).json() == {"data": {"me": "Olga Owner"}}

    async def test_a_client_that_hangs_up_harms_nobody(
        self, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
    ) -> None:
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {endpoint.token}\r\n"
        await endpoint.hang_up_after(head.encode() + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        assert (await endpoint.post(ME)).status_code == 200
        assert not [record for record in caplog.records if record.levelname == "ERROR"]
