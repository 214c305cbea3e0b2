"""A token that is restricted to groups reaches their SIMs and nothing else, whichever way it asks."""

from __future__ import annotations

import pytest

from access import Revalidation
from eventstream import EventHub
from models import AccessToken, SimGroup, SimGroupMember
from resolvers.schema import build_schema
from tests.accounts.conftest import context_of, with_token
from tests.graphql.conftest import Ask
from tests.worlds import Login, TwoCompanies, add_group

INSIDE = {"truck", "combine"}
"""SIMs of the world's group."""


@pytest.fixture
async def narrow(world: TwoCompanies) -> Login:
    """The owner's token for the group of cleaning vehicles; its SIMs are in another group too."""
    await add_group(world.company, "Everything", world.sims.values())
    return await with_token(world.owner, groups=[world.group])


def iccids(world: TwoCompanies) -> set[str]:
    return {world.sims[name].iccid for name in INSIDE}


@pytest.mark.parametrize(
    "arguments",
    ["", '(filter: {search: "8937204"})', "(orderBy: {field: NAME, direction: ASC})", "(filter: {lock: LOCKED})"],
)
async def test_lists_and_their_counts(world: TwoCompanies, read: Ask, narrow: Login, arguments: str) -> None:
    document = f"{{ sims{arguments} {{ totalCount nodes {{ iccid }} }} }}"
    found = (await read(narrow, document))["sims"]
    assert {node["iccid"] for node in found["nodes"]} <= iccids(world)
    assert found["totalCount"] == len(found["nodes"]) > 0
    fast = await build_schema().execute_fast(document, context_value=context_of(narrow))
    assert fast.data is not None
    assert fast.data["sims"]["totalCount"] == found["totalCount"]


async def test_home_page_and_groups(world: TwoCompanies, read: Ask, narrow: Login) -> None:
    data = await read(
        narrow,
        "{ fleetSummary { total } groups { totalCount nodes { name size } } sims { nodes { groups { name } } } }",
    )
    assert data["fleetSummary"]["total"] == 2
    assert data["groups"]["nodes"] == [{"name": "Уборочная", "size": 2}]
    assert data["groups"]["totalCount"] == 1
    assert [node["groups"] for node in data["sims"]["nodes"]] == [[{"name": "Уборочная"}]] * 2


async def test_others_are_as_if_they_were_not(world: TwoCompanies, read: Ask, narrow: Login) -> None:
    sims = {
        node["iccid"]: node["id"]
        for node in (await read(world.owner, "{ sims { nodes { id iccid } } }"))["sims"]["nodes"]
    }
    outside = sims[world.sims["crane"].iccid]
    assert await read(narrow, "query ($id: ID!) { sim(id: $id) { id } node(id: $id) { id } }", id=outside) == {
        "sim": None,
        "node": None,
    }
    answer = await read(
        narrow,
        'mutation ($ids: [ID!]!) { lockSims(input: {selection: {ids: $ids}, idempotencyKey: "k"})'
        " { operation { id } userErrors { code } } }",
        ids=[outside],
    )
    assert answer["lockSims"] == {"operation": None, "userErrors": [{"code": "NOT_FOUND"}]}


async def test_operations_are_seen_when_all_their_sims_are_inside(
    world: TwoCompanies, read: Ask, narrow: Login
) -> None:
    lock = (
        "mutation ($ids: [ID!]!, $key: String!) { renameSims: lockSims(input: {selection: {ids: $ids}, idempotencyKey: $key,"
        " acceptRisks: [MSU_LOCK]}) { operation { id } userErrors { code message } } }"
    )
    sims = {
        node["iccid"]: node["id"]
        for node in (await read(world.owner, "{ sims { nodes { id iccid } } }"))["sims"]["nodes"]
    }
    truck, spare = sims[world.sims["truck"].iccid], sims[world.sims["spare"].iccid]
    inside = (await read(world.owner, lock, ids=[truck], key="1"))["renameSims"]["operation"]["id"]
    mixed = (await read(world.owner, lock, ids=[truck, spare], key="2"))["renameSims"]["operation"]["id"]
    seen = await read(narrow, "{ operations { totalCount nodes { id } } fleetSummary { runningOperations } }")
    assert seen == {
        "operations": {"totalCount": 1, "nodes": [{"id": inside}]},
        "fleetSummary": {"runningOperations": 1},
    }
    one = "query ($id: ID!) { operation(id: $id) { id } }"
    assert await read(narrow, one, id=mixed) == {"operation": None}
    refused = await read(narrow, "mutation ($id: ID!) { cancelOperation(id: $id) { userErrors { code } } }", id=mixed)
    assert refused["cancelOperation"]["userErrors"] == [{"code": "NOT_FOUND"}]


@pytest.mark.parametrize(
    "mutation",
    [
        'createGroup(input: {name: "Mine"}) { userErrors { code } }',
        'renameGroup(input: {id: "%s", name: "Mine"}) { userErrors { code } }',
        'deleteGroup(input: {id: "%s"}) { userErrors { code } }',
        'assignGroups(input: {selection: {filter: {}}, remove: ["%s"], idempotencyKey: "k"}) { userErrors { code } }',
    ],
)
async def test_groups_are_not_its_to_change(world: TwoCompanies, read: Ask, narrow: Login, mutation: str) -> None:
    [group] = (await read(narrow, "{ groups { nodes { id } } }"))["groups"]["nodes"]
    answer = await read(narrow, f"mutation {{ {mutation.replace('%s', group['id'])} }}")
    [payload] = answer.values()
    assert payload["userErrors"] == [{"code": "FORBIDDEN"}]
    assert await SimGroup.all().count() == 2
    assert await SimGroupMember.all().count() == 2 + len(world.sims)


async def test_live_sims_are_those_of_the_group(world: TwoCompanies, narrow: Login, hub: EventHub) -> None:
    stream = await build_schema().stream(
        "subscription { simsChanged(filter: {}) { snapshot sims { iccid } } }", context_value=context_of(narrow)
    )
    result = await anext(aiter(stream))
    assert {sim["iccid"] for sim in result.data["simsChanged"]["sims"]} == iccids(world)


async def test_another_restriction_is_another_access(world: TwoCompanies, narrow: Login) -> None:
    assert narrow.principal.permission_class != world.owner.principal.permission_class
    revalidation = Revalidation()
    assert await revalidation.ended([narrow.principal]) == set()
    await AccessToken.filter(id=narrow.principal.token_id).update(group_ids=[])
    assert await revalidation.ended([narrow.principal]) == {narrow.principal}
