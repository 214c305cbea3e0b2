"""Documents named by their hash: Apollo's automatic persisted queries, and servers that take only a list."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from eventstream import EventHub
from resolvers.schema import build_schema
from settings import BadSetting, Settings
from tests.servers import TestServers
from tests.transport.serving import Endpoint, serving
from tests.worlds import TwoCompanies
from transport.documents import trusted_documents
from transport.graphql_app import build

NAMES = "{ sims { nodes { name } } }"
VIEWER = "{ viewer { name } }"
Serve = Callable[[Path | None], AbstractAsyncContextManager[Endpoint]]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named(text: str, *, with_text: bool = False) -> dict[str, Any]:
    """A request that names a document, and brings it along if asked to."""
    request: dict[str, Any] = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha(text)}}}
    return request | ({"query": text} if with_text else {})


@pytest.fixture
def serve(world: TwoCompanies, servers: TestServers) -> Serve:
    """A server of its own, with or without a list, asked by the owner."""

    @asynccontextmanager
    async def run(trusted: Path | None) -> AsyncIterator[Endpoint]:
        view = build(build_schema(), Settings(trusted_documents=trusted), EventHub(servers.redis_url))
        async with serving(Starlette(routes=[Route("/graphql", view)])) as endpoint:
            yield endpoint.as_(world.owner.token)

    return run


async def test_a_document_is_known_by_its_hash_once_its_text_was_sent(serve: Serve, world: TwoCompanies) -> None:
    async with serve(None) as server:
        unknown = await server.post(named(NAMES))
        told = await server.post(named(NAMES, with_text=True))
        again = [await server.post(named(NAMES)) for _ in range(2)]
        other = await server.as_(world.other_owner.token).post(named(NAMES))

    assert unknown.status_code == 200
    error = unknown.json()["errors"][0]
    assert (error["message"], error["extensions"]["code"]) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    assert all(answer.json() == told.json() for answer in again)
    assert other.json()["data"] != told.json()["data"], "the text is shared, what it shows is not"


async def test_a_hash_of_another_text_is_refused_and_nothing_is_remembered(serve: Serve) -> None:
    async with serve(None) as server:
        wrong = await server.post(named(NAMES) | {"query": VIEWER})
        after = await server.post(named(NAMES))

    assert wrong.status_code == 400
    assert after.json()["errors"][0]["message"] == "PersistedQueryNotFound"


@pytest.mark.parametrize(
    "extension", [1, {}, {"version": 2, "sha256Hash": sha(NAMES)}, {"version": 1, "sha256Hash": "x"}]
)
async def test_a_malformed_extension_is_refused(serve: Serve, extension: object) -> None:
    async with serve(None) as server:
        answer = await server.post({"query": NAMES, "extensions": {"persistedQuery": extension}})

    assert answer.status_code == 400


async def test_with_a_list_only_its_documents_are_executed(serve: Serve, tmp_path: Path) -> None:
    listed = tmp_path / "documents.json"
    listed.write_bytes(orjson.dumps({sha(NAMES): NAMES}))

    async with serve(listed) as server:
        by_hash, by_text = await server.post(named(NAMES)), await server.post({"query": NAMES})
        others = [await server.post({"query": VIEWER}), await server.post(named(VIEWER, with_text=True))]
        unknown = await server.post(named(VIEWER))

    assert by_hash.json()["data"] == by_text.json()["data"]
    assert [other.status_code for other in others] == [400, 400]
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b'{"0": "{ a }"}'])
def test_a_list_that_cannot_be_used_is_said_at_the_start(tmp_path: Path, content: bytes) -> None:
    listed = tmp_path / "documents.json"
    listed.write_bytes(content)

    with pytest.raises(BadSetting, match="TRUSTED_DOCUMENTS"):
        trusted_documents(listed)
