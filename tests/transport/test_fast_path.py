"""The shortest way through the door lets in exactly those whom the ordinary way lets in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from domain.clock import clock
from eventstream import EventHub
from models.database import execute
from resolvers.schema import build_schema
from settings import Settings
from tests.servers import TestServers
from tests.transport.serving import Endpoint, serving
from tests.worlds import TwoCompanies
from transport.graphql_app import GraphQLApp, build

SIMS = {"query": "{ sims { nodes { iccid name company { name } } } }"}


@pytest.fixture(scope="session")
async def real_view(shared_database: str, servers: TestServers) -> GraphQLApp:
    """The endpoint over the real schema."""
    return build(build_schema(), Settings(), EventHub(servers.redis_url))


@pytest.fixture(scope="session")
async def real(real_view: GraphQLApp) -> AsyncIterator[Endpoint]:
    """It, served."""
    async with serving(Starlette(routes=[Route("/graphql", real_view)])) as endpoint:
        yield endpoint


def answers(view: GraphQLApp) -> int:
    assert view._fast_path is not None
    return view._fast_path.answers


async def test_the_second_time_a_query_takes_the_short_way_with_the_same_answer(
    real: Endpoint, real_view: GraphQLApp, world: TwoCompanies
) -> None:
    owner = real.as_(world.owner.token)
    first = await owner.post(SIMS)
    before = answers(real_view)

    second = await owner.post(SIMS)

    assert answers(real_view) == before + 1
    assert second.status_code == first.status_code == 200
    assert second.content == first.content
    assert {key: value for key, value in second.headers.items() if key != "date"} == {
        key: value for key, value in first.headers.items() if key != "date"
    }


async def test_straight_from_the_server_the_answer_is_the_same(
    real: Endpoint, real_view: GraphQLApp, world: TwoCompanies
) -> None:
    """Given the endpoint without a router in between, as in production, then its answer is written in one go, and no other."""
    ordinary = await real.as_(world.owner.token).post(SIMS)
    async with serving(real_view) as served:
        straight = served.as_(world.owner.token)
        before = answers(real_view)
        answer = await straight.post(SIMS)
        closed = await straight.post(SIMS, headers={"Connection": "close"})
    assert answers(real_view) == before + 2
    assert answer.content == closed.content == ordinary.content
    own = {"date", "connection"}
    for each in (answer, closed):
        assert {name: value for name, value in each.headers.items() if name not in own} == {
            name: value for name, value in ordinary.headers.items() if name not in own
        }


NOTHING = {"query": '{ sims(filter: {search: "nothing has this"}) { totalCount nodes { iccid } } }'}


async def test_an_empty_page_takes_the_short_way_too(
    real: Endpoint, real_view: GraphQLApp, world: TwoCompanies
) -> None:
    owner = real.as_(world.owner.token)
    first = await owner.post(NOTHING)
    before = answers(real_view)

    assert (await owner.post(NOTHING)).content == first.content
    assert (await owner.post({"query": '{ sim(iccid: "8937204000000000999") { iccid } }'})).status_code == 200
    assert (await owner.post({"query": '{ sim(iccid: "8937204000000000999") { iccid } }'})).status_code == 200
    assert answers(real_view) == before + 2

    await execute("UPDATE access_token SET revoked_at = now()")

    assert (await owner.post(NOTHING)).status_code == 401


async def test_everyone_sees_their_own(real: Endpoint, world: TwoCompanies) -> None:
    for _ in range(3):
        for login, company in ((world.owner, "Astana Telematics"), (world.other_owner, "Almaty Taxi")):
            nodes = (await real.as_(login.token).post(SIMS)).json()["data"]["sims"]["nodes"]
            assert {node["company"]["name"] for node in nodes} == {company}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_token SET revoked_at = now()",
        "UPDATE user_account SET disabled_at = now()",
        "DELETE FROM access_token",
        "UPDATE access_token SET expires_at = now() - interval '1 hour'",
    ],
)
async def test_whose_access_ends_is_refused_at_once(real: Endpoint, world: TwoCompanies, change: str) -> None:
    owner = real.as_(world.owner.token)
    for _ in range(3):
        assert (await owner.post(SIMS)).status_code == 200

    await execute(change)

    assert (await owner.post(SIMS)).status_code == 401


async def test_who_changes_company_sees_the_new_one_at_once(real: Endpoint, world: TwoCompanies) -> None:
    owner = real.as_(world.owner.token)
    for _ in range(3):
        await owner.post(SIMS)

    await execute("UPDATE user_account SET company_id = $1 WHERE id = $2", world.other_company.id, world.owner.user.id)

    nodes = (await owner.post(SIMS)).json()["data"]["sims"]["nodes"]
    assert {node["company"]["name"] for node in nodes} == {"Almaty Taxi"}


async def test_a_token_ends_by_the_clock(real: Endpoint, world: TwoCompanies) -> None:
    owner = real.as_(world.owner.token)
    for _ in range(2):
        assert (await owner.post(SIMS)).status_code == 200

    clock.shift_to(timedelta(days=36600))

    assert (await owner.post(SIMS)).status_code == 401


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query($s: String) { sims(filter: {search: $s}) { nodes { iccid } } }", {"s": "nothing has this"}),
        ("query($s: ID!) { sim(id: $s) { iccid } }", {"s": "nonsense"}),
        ("query($s: Int) { sims(first: $s) { nodes { iccid } } }", {"s": -1}),
        ("query($s: Int) { sims(first: $s) { nodes { iccid } } }", {"s": "x"}),
        ("query($s: String) { sims(filter: {search: $s}) { nodes { iccid } } viewer { name } }", {"s": "truck"}),
    ],
)
async def test_what_the_short_way_cannot_answer_the_ordinary_way_does(
    real: Endpoint, world: TwoCompanies, query: str, variables: dict[str, object]
) -> None:
    owner = real.as_(world.owner.token)

    first = await owner.post({"query": query, "variables": variables})
    second = await owner.post({"query": query, "variables": variables})

    assert (second.status_code, second.content) == (first.status_code, first.content)


@pytest.mark.parametrize(
    "broken", [b"{", b"[]", b'{"query": 1}', b"\xff", b'{"query": "{ sims { nodes { iccid } } }", "variables": 7}']
)
async def test_bad_bodies_are_refused_as_ever(real: Endpoint, world: TwoCompanies, broken: bytes) -> None:
    owner = real.as_(world.owner.token)
    await owner.post(SIMS)

    assert (await owner.post(content=broken)).status_code == 400
