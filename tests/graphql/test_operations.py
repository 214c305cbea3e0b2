"""Starting, previewing, watching from afar and cancelling operations through the schema; no worker runs here."""

from __future__ import annotations

from typing import Any

import pytest

from domain.operations import ItemState
from models import Operation, OperationItem
from models.database import execute
from schema.ids import global_id
from tests.graphql.conftest import Ask, queries_of
from tests.worlds import BEGINNING, Login, TwoCompanies, add_sim

LOCK = """
mutation ($input: LockSimsInput!) {
  lockSims(input: $input) {
    operation { id kind state total queued refused processed acceptedRisks startedBy { name } createdAt eta
                items { totalCount nodes { state sim { name } outcome { code message } } } }
    userErrors { code message path }
  }
}
"""

OPERATION = """
query ($id: ID!, $state: [ItemState!]) {
  operation(id: $id) {
    id kind state startedBy { id name } createdAt finishedAt acceptedRisks
    total processed queued calling waiting succeeded failed refused unknown cancelled eta
    items(state: $state) {
      totalCount
      nodes { id kind state attempts startedAt finishedAt createdAt deadlineAt outcome { code message } sim { name }
              startedBy { name } operation { id } }
    }
  }
}
"""


def ids_of(world: TwoCompanies, *names: str) -> list[str]:
    """Global ids of Astana's SIMs."""
    return [global_id("Sim", world.sims[name].id) for name in names]


async def lock(ask: Ask, login: Login, key: str = "key-1", **input: Any) -> dict[str, Any]:
    """The payload of a lock."""
    answer = await ask(login, LOCK, input={"idempotencyKey": key, **input})
    assert answer["errors"] == []
    payload: dict[str, Any] = answer["data"]["lockSims"]
    return payload


async def refusal(ask: Ask, login: Login, **input: Any) -> tuple[str, list[str]]:
    """Code and path of the one refusal of a lock that started nothing."""
    payload = await lock(ask, login, **input)
    assert payload["operation"] is None
    assert await Operation.all().count() == 0
    [error] = payload["userErrors"]
    assert error["message"]
    return error["code"], error["path"]


async def test_a_lock_is_accepted_and_says_what_becomes_of_each_sim(world: TwoCompanies, ask: Ask) -> None:
    ids = ids_of(world, "unnamed", "spare", "truck", "meter")
    payload = await lock(ask, world.manager, selection={"ids": ids})
    assert payload["userErrors"] == []
    operation = payload["operation"]
    assert (operation["kind"], operation["state"], operation["total"]) == ("LOCK", "QUEUED", 4)
    assert (operation["queued"], operation["refused"], operation["processed"]) == (2, 2, 2)
    assert operation["startedBy"] == {"name": "Marat Manager"}
    assert operation["eta"] is not None
    items = {item["sim"]["name"]: item for item in operation["items"]["nodes"]}
    assert items["Truck 1"]["outcome"]["code"] == "MSU_LOCK"
    assert items["100%_meter"]["outcome"]["code"] == "UNSUPPORTED"
    assert items["Test SIM 1"] == {"state": "QUEUED", "sim": {"name": "Test SIM 1"}, "outcome": None}
    assert operation["items"]["totalCount"] == 4


async def test_an_accepted_risk_runs(world: TwoCompanies, ask: Ask) -> None:
    payload = await lock(ask, world.owner, selection={"ids": ids_of(world, "truck")}, acceptRisks=["MSU_LOCK"])
    assert payload["operation"]["queued"] == 1
    assert payload["operation"]["acceptedRisks"] == ["MSU_LOCK"]


async def test_the_same_key_gives_the_same_operation_and_another_request_is_refused(
    world: TwoCompanies, ask: Ask
) -> None:
    first = await lock(ask, world.owner, selection={"filter": {"search": "Test"}})
    again = await lock(ask, world.owner, selection={"filter": {"search": "Test"}})
    assert first["operation"]["id"] == again["operation"]["id"]
    other = await lock(ask, world.owner, selection={"filter": {"search": "Truck"}})
    assert other["operation"] is None
    assert [error["code"] for error in other["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert other["userErrors"][0]["path"] == ["input", "idempotencyKey"]
    assert await Operation.all().count() == 1


async def test_those_who_only_look_are_refused(world: TwoCompanies, ask: Ask) -> None:
    assert await refusal(ask, world.viewer, selection={"ids": ids_of(world, "spare")}) == ("FORBIDDEN", [])


async def test_a_selection_that_cannot_be_meant_is_refused(world: TwoCompanies, ask: Ask) -> None:
    foreign = global_id("Sim", world.others["taxi"].id)
    both = {"ids": ids_of(world, "spare"), "filter": {}}
    for selection, code, path in (
        ({"ids": []}, "EMPTY_SELECTION", ["input", "selection", "ids"]),
        ({"filter": {"search": "zeppelin"}}, "EMPTY_SELECTION", ["input", "selection", "filter"]),
        ({}, "AMBIGUOUS_SELECTION", ["input", "selection"]),
        (both, "AMBIGUOUS_SELECTION", ["input", "selection"]),
        ({"ids": [foreign]}, "NOT_FOUND", ["input", "selection", "ids"]),
        ({"ids": [*ids_of(world, "spare"), foreign]}, "NOT_FOUND", ["input", "selection", "ids"]),
        ({"ids": ["?"]}, "INVALID_ID", ["input", "selection", "ids", "0"]),
        ({"filter": {"groupId": "?"}}, "INVALID_ID", ["input", "selection", "filter", "groupId"]),
        ({"filter": {"profiles": ["XX"]}}, "UNKNOWN_PROFILE", ["input", "selection", "filter", "profiles", "0"]),
        ({"filter": {"csv": "?"}}, "INVALID_CSV", ["input", "selection", "filter", "csv"]),
    ):
        assert await refusal(ask, world.owner, selection=selection) == (code, path)


async def test_unlock_and_reset_start_operations_too(world: TwoCompanies, read: Ask) -> None:
    document = """mutation ($unlock: UnlockSimsInput!, $reset: CancelLocationInput!) {
      unlockSims(input: $unlock) { operation { kind queued } }
      cancelLocation(input: $reset) { operation { kind queued } } }"""
    selection = {"ids": ids_of(world, "crane")}
    data = await read(
        world.owner,
        document,
        unlock={"selection": selection, "idempotencyKey": "u"},
        reset={"selection": selection, "idempotencyKey": "r"},
    )
    assert data["unlockSims"]["operation"] == {"kind": "UNLOCK", "queued": 1}
    assert data["cancelLocation"]["operation"] == {"kind": "CANCEL_LOCATION", "queued": 1}


async def test_cancelling_what_is_queued(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    started = await lock(ask, world.owner, selection={"ids": ids_of(world, "spare", "unnamed")})
    operation_id = started["operation"]["id"]
    document = """mutation ($id: ID!) { cancelOperation(id: $id) {
      operation { state cancelled processed } userErrors { code path } } }"""
    foreign = await read(world.other_owner, document, id=operation_id)
    assert foreign["cancelOperation"] == {"operation": None, "userErrors": [{"code": "NOT_FOUND", "path": ["id"]}]}
    looking = await read(world.viewer, document, id=operation_id)
    assert looking["cancelOperation"]["userErrors"][0]["code"] == "FORBIDDEN"
    done = await read(world.owner, document, id=operation_id)
    assert done["cancelOperation"]["operation"] == {"state": "CANCELLED", "cancelled": 2, "processed": 2}
    again = await read(world.owner, document, id=operation_id)
    assert again["cancelOperation"]["userErrors"][0]["code"] == "NOTHING_TO_DO"
    malformed = await read(world.owner, document, id="?")
    assert malformed["cancelOperation"]["userErrors"] == [{"code": "INVALID_ID", "path": ["id"]}]


async def test_retrying_what_failed(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    started = await lock(ask, world.owner, selection={"ids": ids_of(world, "spare", "unnamed")})
    document = """mutation ($id: ID!) { retryFailedItems(id: $id) {
      operation { state failed queued } userErrors { code } } }"""
    operation_id = started["operation"]["id"]
    nothing = await read(world.owner, document, id=operation_id)
    assert nothing["retryFailedItems"]["userErrors"] == [{"code": "NOTHING_TO_DO"}]
    await execute("UPDATE operation_item SET state = 'FAILED'")
    await execute("UPDATE operation SET queued = 0, failed = 2, state = 'DONE'")
    retried = await read(world.owner, document, id=operation_id)
    assert retried["retryFailedItems"] == {
        "operation": {"state": "RUNNING", "failed": 0, "queued": 2},
        "userErrors": [],
    }


@pytest.fixture
async def told(world: TwoCompanies, ask: Ask) -> str:
    """An operation on four SIMs that stand in four states; its id."""
    ids = ids_of(world, "spare", "unnamed", "truck", "combine")
    payload = await lock(ask, world.owner, selection={"ids": ids}, acceptRisks=["MSU_LOCK"])
    items = await OperationItem.all().order_by("id")
    states = [ItemState.SUCCEEDED, ItemState.FAILED, ItemState.UNKNOWN, ItemState.AWAITING_CONFIRMATION]
    for item, state in zip(items, states, strict=True):
        values = (state.value, BEGINNING, "ANSWER_LOST", "The answer was lost.", item.id)
        await execute(
            "UPDATE operation_item SET state = $1, started_at = $2, outcome_code = $3, outcome_message = $4, attempt = 1"
            " WHERE id = $5",
            *values,
        )
    await execute(
        "UPDATE operation SET state = 'RUNNING', queued = 0, succeeded = 1, failed = 1, unknown = 1, waiting = 1"
    )
    operation_id: str = payload["operation"]["id"]
    return operation_id


async def test_every_field_of_an_operation(world: TwoCompanies, told: str, read: Ask) -> None:
    operation = (await read(world.viewer, OPERATION, id=told))["operation"]
    counters = ("total", "processed", "waiting", "succeeded", "failed", "unknown", "refused", "queued", "calling")
    assert [operation[counter] for counter in counters] == [4, 3, 1, 1, 1, 1, 0, 0, 0]
    assert operation["state"] == "RUNNING"
    assert operation["eta"] is None
    assert operation["items"]["totalCount"] == 4
    item = operation["items"]["nodes"][0]
    assert (item["state"], item["attempts"], item["startedAt"]) == ("SUCCEEDED", 1, "2025-03-01T09:00:00Z")
    assert item["outcome"] == {"code": "ANSWER_LOST", "message": "The answer was lost."}
    assert item["operation"] == {"id": told}
    assert item["startedBy"] == {"name": "Olga Owner"}
    assert item["createdAt"] == operation["createdAt"]


async def test_items_by_state_and_in_pages(world: TwoCompanies, told: str, read: Ask) -> None:
    failed = (await read(world.owner, OPERATION, id=told, state=["FAILED", "UNKNOWN"]))["operation"]["items"]
    assert failed["totalCount"] == 2
    assert [item["state"] for item in failed["nodes"]] == ["FAILED", "UNKNOWN"]
    document = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { operation(id: $id) {
      items(first: $first, after: $after, last: $last, before: $before) {
        nodes { id } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } } }"""

    async def page(**arguments: Any) -> dict[str, Any]:
        items: dict[str, Any] = (await read(world.owner, document, id=told, **arguments))["operation"]["items"]
        return items

    whole, first = await page(), await page(first=3)
    assert first["nodes"] == whole["nodes"][:3]
    assert first["pageInfo"]["hasNextPage"]
    assert (await page(after=first["pageInfo"]["endCursor"]))["nodes"] == whole["nodes"][3:]
    last = await page(last=2)
    assert last["nodes"] == whole["nodes"][2:]
    assert (await page(last=2, before=last["pageInfo"]["startCursor"]))["nodes"] == whole["nodes"][:2]


async def test_a_foreign_operation_answers_like_an_unknown_one(world: TwoCompanies, told: str, read: Ask) -> None:
    assert await read(world.other_owner, OPERATION, id=told) == {"operation": None}
    assert await read(world.owner, OPERATION, id=global_id("Operation", 10**9)) == {"operation": None}
    assert (await read(world.staff, OPERATION, id=told))["operation"]["total"] == 4


async def test_the_list_of_operations(world: TwoCompanies, told: str, ask: Ask, read: Ask) -> None:
    second = await lock(ask, world.owner, key="2", selection={"ids": ids_of(world, "truck")})
    document = """query ($state: [OperationState!], $kind: [OperationKind!]) {
      operations(state: $state, kind: $kind) { totalCount nodes { id items(first: 1) { nodes { id } } } } }"""

    async def found(login: Login = world.owner, **arguments: Any) -> list[str]:
        page = (await read(login, document, **arguments))["operations"]
        assert page["totalCount"] == len(page["nodes"])
        return [node["id"] for node in page["nodes"]]

    assert await found() == [second["operation"]["id"], told]
    assert await found(state="RUNNING") == [told]
    assert await found(state=["DONE"]) == [second["operation"]["id"]]
    assert await found(kind="UNLOCK") == []
    assert await found(world.other_owner) == []


async def test_the_history_of_a_sim(world: TwoCompanies, told: str, ask: Ask, read: Ask) -> None:
    await lock(ask, world.manager, key="2", selection={"ids": ids_of(world, "truck")})
    document = """query ($id: ID!, $after: String) { sim(id: $id) {
      lastOperation { state startedBy { name } outcome { code } }
      history(first: 1, after: $after) { totalCount pageInfo { endCursor hasNextPage }
                                             nodes { kind state startedBy { name } } } } }"""
    [truck] = ids_of(world, "truck")
    sim = (await read(world.owner, document, id=truck))["sim"]
    assert sim["lastOperation"] == {
        "state": "REFUSED",
        "startedBy": {"name": "Marat Manager"},
        "outcome": {"code": "MSU_LOCK"},
    }
    assert sim["history"]["totalCount"] == 2
    assert sim["history"]["pageInfo"]["hasNextPage"]
    older = (await read(world.owner, document, id=truck, after=sim["history"]["pageInfo"]["endCursor"]))["sim"]
    assert older["history"]["nodes"][0]["startedBy"] == {"name": "Olga Owner"}


PREVIEW = """
query ($change: ChangeInput!, $selection: SimSelection!, $acceptRisks: [RiskCode!], $after: String) {
  previewOperation(change: $change, selection: $selection, acceptRisks: $acceptRisks) {
    total willRun refused risky etaSeconds
    groups { verdict code message count }
    items(first: 2, after: $after) {
      totalCount pageInfo { endCursor hasNextPage } nodes { verdict code message evidence sim { name } } }
  }
}
"""


async def test_a_preview_tells_what_a_lock_would_do_and_does_nothing(world: TwoCompanies, read: Ask) -> None:
    asked = {"change": {"lock": True}, "selection": {"ids": ids_of(world, "truck", "meter", "spare")}}
    preview = (await read(world.owner, PREVIEW, **asked))["previewOperation"]
    figures = ("total", "willRun", "refused", "risky")
    assert [preview[figure] for figure in figures] == [3, 1, 1, 1]
    assert {group["code"] for group in preview["groups"]} == {None, "UNSUPPORTED", "MSU_LOCK"}
    assert [item["sim"]["name"] for item in preview["items"]["nodes"]] == ["Truck 1", "100%_meter"]
    assert preview["items"]["nodes"][0]["verdict"] == "RISKY"
    assert preview["items"]["nodes"][0]["evidence"] == "no session data"
    rest = await read(world.owner, PREVIEW, **asked, after=preview["items"]["pageInfo"]["endCursor"])
    assert [item["sim"]["name"] for item in rest["previewOperation"]["items"]["nodes"]] == ["Test SIM 1"]
    accepted = (await read(world.owner, PREVIEW, **asked, acceptRisks=["MSU_LOCK"]))["previewOperation"]
    assert [accepted[figure] for figure in figures] == [3, 2, 1, 0]
    assert await Operation.all().count() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [({"lock": False}, "INVALID_VALUE"), ({}, "INVALID_VALUE"), ({"lock": True, "unlock": True}, "INVALID_VALUE")],
)
async def test_a_preview_is_of_exactly_one_change(world: TwoCompanies, ask: Ask, change: Any, code: str) -> None:
    answer = await ask(world.owner, PREVIEW, change=change, selection={"ids": ids_of(world, "truck")})
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_operations_of_a_page_cost_one_query_for_their_items(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    for key in range(5):
        sim = await add_sim(world.company, world.profiles["TD"], 500 + key)
        await lock(ask, world.owner, key=str(key), selection={"ids": [global_id("Sim", sim.id)]})
    document = """query ($first: Int) { operations(first: $first) {
      nodes { startedBy { name } items { nodes { sim { name profile { code } } } } } } }"""
    few = await queries_of(lambda: read(world.owner, document, first=1))
    many = await queries_of(lambda: read(world.owner, document, first=5))
    assert sorted(many) == sorted(few)
