"""Mutations of names, groups, limits and packages, their previews, and what can be done with a SIM as it stands."""

from __future__ import annotations

from typing import Any

import pytest

from domain.clock import clock
from models.database import execute, fetch_value
from schema.ids import global_id
from tests.graphql.conftest import Ask
from tests.worlds import TwoCompanies

OPERATION = """operation { id kind state parameters total succeeded refused
  items { edges { node { state outcome { code message } } } } }"""
ANSWER = f"{{ {OPERATION} userErrors {{ code message path }} }}"


def sim_id(world: TwoCompanies, name: str) -> str:
    return global_id("Sim", world.sims[name].id)


def of(*ids: str) -> dict[str, Any]:
    return {"selection": {"ids": list(ids)}, "idempotencyKey": "key-" + "-".join(ids)}


async def test_a_sim_is_renamed(world: TwoCompanies, read: Ask) -> None:
    asked = {"id": sim_id(world, "meter"), "name": "Счётчик", "idempotencyKey": "one"}

    data = await read(world.owner, f"mutation($i: RenameSimInput!) {{ renameSim(input: $i) {ANSWER} }}", i=asked)

    operation = data["renameSim"]["operation"]
    assert (operation["kind"], operation["state"], operation["succeeded"]) == ("RENAME", "DONE", 1)
    assert operation["parameters"] == {"name": "Счётчик"}
    after = await read(
        world.owner, "query($id: ID!) { sim(id: $id) { name history { edges { node { kind } } } } }", id=asked["id"]
    )
    assert after["sim"] == {"name": "Счётчик", "history": {"edges": [{"node": {"kind": "RENAME"}}]}}


async def test_bad_tables_and_names_are_refused_where_they_stand(world: TwoCompanies, read: Ask) -> None:
    table = await read(
        world.owner,
        f"mutation($i: RenameSimsInput!) {{ renameSims(input: $i) {ANSWER} }}",
        i={"csv": "x;y", "idempotencyKey": "two"},
    )
    name = await read(
        world.owner,
        f"mutation($i: RenameSimInput!) {{ renameSim(input: $i) {ANSWER} }}",
        i={"id": sim_id(world, "truck"), "name": "x" * 101, "idempotencyKey": "three"},
    )

    (error,) = table["renameSims"]["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_CSV", ["input", "csv"])
    (error,) = name["renameSim"]["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_VALUE", ["input", "name"])
    assert await fetch_value("SELECT count(*) FROM operation") == 0


CREATE = "mutation($n: String!) { createGroup(input: {name: $n}) { group { id name size } userErrors { code path } } }"


async def test_groups_are_made_filled_renamed_and_deleted(world: TwoCompanies, read: Ask) -> None:
    made = (await read(world.owner, CREATE, n=" Краны "))["createGroup"]
    group = made["group"]["id"]
    assert made == {"group": {"id": group, "name": "Краны", "size": 0}, "userErrors": []}
    taken = (await read(world.manager, CREATE, n="КРАНЫ"))["createGroup"]
    assert taken == {"group": None, "userErrors": [{"code": "NAME_TAKEN", "path": ["input", "name"]}]}

    asked = of(sim_id(world, "crane"), sim_id(world, "truck")) | {"add": [group], "createByName": ["Новая"]}
    data = await read(world.owner, f"mutation($i: AssignGroupsInput!) {{ assignGroups(input: $i) {ANSWER} }}", i=asked)
    assert data["assignGroups"]["operation"]["parameters"] == {"add": [group], "remove": [], "createByName": ["Новая"]}
    found = await read(
        world.owner,
        "query($g: ID!) { sims(filter: {groupId: $g}) { totalCount } groups { totalCount edges { node { name size } } } }",
        g=group,
    )
    assert found["sims"]["totalCount"] == 2
    assert found["groups"]["totalCount"] == 3
    assert {"name": "Новая", "size": 2} in [edge["node"] for edge in found["groups"]["edges"]]

    renamed = await read(
        world.owner,
        'mutation($g: ID!) { renameGroup(input: {id: $g, name: "Cranes"}) { group { name } userErrors { code } } }',
        g=group,
    )
    assert renamed["renameGroup"]["group"] == {"name": "Cranes"}
    gone = "mutation($g: ID!) { deleteGroup(input: {id: $g}) { group { name } userErrors { code } } }"
    assert (await read(world.other_owner, gone, g=group))["deleteGroup"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await read(world.viewer, gone, g=group))["deleteGroup"]["userErrors"] == [{"code": "FORBIDDEN"}]
    assert (await read(world.owner, gone, g=group))["deleteGroup"]["userErrors"] == []
    assert await fetch_value("SELECT count(*) FROM sim WHERE id = $1", world.sims["crane"].id) == 1


@pytest.mark.parametrize(
    ("mutation", "values", "code", "path"),
    [
        ("setLimit", {"megabytes": 0}, "LIMIT_OUT_OF_RANGE", "megabytes"),
        ("setLimit", {"megabytes": -1}, "LIMIT_OUT_OF_RANGE", "megabytes"),
        ("setLimit", {"megabytes": 2_000_000_000}, "LIMIT_OUT_OF_RANGE", "megabytes"),
        ("changePackage", {"sizeMb": 17}, "SIZE_NOT_OFFERED", "sizeMb"),
        ("setViolationLock", {"reason": "No."}, "FORBIDDEN", None),
        ("assignGroups", {"createByName": ["x" * 61]}, "INVALID_VALUE", "createByName"),
    ],
)
async def test_bad_input_is_refused_and_changes_nothing(
    world: TwoCompanies, read: Ask, mutation: str, values: dict[str, Any], code: str, path: str | None
) -> None:
    kind = mutation[0].upper() + mutation[1:]
    asked = of(sim_id(world, "truck"), sim_id(world, "crane")) | values

    data = await read(world.owner, f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {ANSWER} }}", i=asked)

    (error,) = data[mutation]["userErrors"]
    assert (error["code"], error["path"][:2]) == (code, ["input", path] if path else [])
    assert await fetch_value("SELECT count(*) FROM operation") == 0


async def test_the_packages_on_sale(world: TwoCompanies, read: Ask) -> None:
    data = await read(
        world.viewer,
        """{ td: packageOptions(profile: "TD") { sizeMb priceEur roaming isSample }
             mega: packageOptions(profile: "td", roaming: true) { sizeMb roaming }
             tc: packageOptions(profile: "ТС") { sizeMb } }""",
    )

    assert data["td"][0] == {"sizeMb": 15, "priceEur": "1.20", "roaming": False, "isSample": False}
    assert [option["sizeMb"] for option in data["mega"]] == [15]
    assert data["tc"] == []


PREVIEW = """query($c: ChangeInput!, $s: SimSelection!) { previewOperation(change: $c, selection: $s) {
  total willRun refused risky costEur unpricedSims items { edges { node { verdict code evidence } } } } }"""


async def test_every_kind_is_previewed(world: TwoCompanies, read: Ask) -> None:
    changes: list[dict[str, Any]] = [
        {"lock": True},
        {"unlock": True},
        {"cancelLocation": True},
        {"setLimit": {"megabytes": 10}},
        {"changePackage": {"sizeMb": 15}},
        {"reconnectPackage": True},
        {"setRoaming": {"enabled": True}},
        {"rename": {"name": "x"}},
        {"assignGroups": {"createByName": ["x"]}},
        {"setViolationLock": {"reason": "x"}},
        {"liftViolationLock": True},
    ]
    selection = {"ids": [sim_id(world, name) for name in ("truck", "crane", "meter")]}

    seen = {}
    for change in changes:
        data = await read(world.staff, PREVIEW, c=change, s=selection)
        preview = data["previewOperation"]
        assert preview["total"] == 3 == preview["willRun"] + preview["refused"] + preview["risky"]
        seen[next(iter(change))] = (preview["willRun"], preview["costEur"])

    assert seen["changePackage"] == (1, "1.20")
    assert seen["setLimit"] == (1, None)
    assert seen["rename"] == (3, None)
    assert await fetch_value("SELECT count(*) FROM operation") == 0


async def test_what_can_be_done_with_a_sim_as_it_stands(world: TwoCompanies, read: Ask) -> None:
    await execute(
        "UPDATE sim SET roaming_change_until = $2 WHERE id = $1",
        world.sims["unnamed"].id,
        clock.now().replace(year=2099),
    )
    document = """query($id: ID!) { sim(id: $id) { capabilities {
      action support available risk reason { code message } sideEffects typicalSeconds maximumSeconds } } }"""

    async def capabilities(login: Any, name: str) -> dict[str, dict[str, Any]]:
        data = await read(login, document, id=sim_id(world, name))
        return {entry["action"]: entry for entry in data["sim"]["capabilities"]}

    truck = await capabilities(world.owner, "truck")
    combine = await capabilities(world.owner, "combine")
    changing = await capabilities(world.owner, "unnamed")
    looked_at = await capabilities(world.viewer, "truck")

    assert (truck["LOCK"]["available"], truck["LOCK"]["risk"]) == (True, "MSU_LOCK")
    assert truck["LOCK"]["sideEffects"] and truck["LOCK"]["maximumSeconds"]
    assert (truck["UNLOCK"]["available"], truck["UNLOCK"]["reason"]["code"]) == (False, "NOT_LOCKED")
    assert (truck["SET_ROAMING"]["available"], truck["SET_ROAMING"]["reason"]["code"]) == (False, "UNSUPPORTED")
    assert (truck["SET_LIMIT"]["available"], truck["SET_LIMIT"]["reason"]) == (True, None)
    assert combine["UNLOCK"]["reason"]["code"] == "MSU_LOCKED"
    assert changing["CHANGE_PACKAGE"]["reason"]["code"] == "ROAMING_CHANGE_UNDER_WAY"
    assert "2099" in changing["CHANGE_PACKAGE"]["reason"]["message"]
    assert (looked_at["LOCK"]["available"], looked_at["LOCK"]["reason"]["code"]) == (False, "ROLE_FORBIDS")


async def test_limits_can_be_ordered_by(world: TwoCompanies, read: Ask) -> None:
    await execute("UPDATE sim SET limit_mb = 5 WHERE id = $1", world.sims["truck"].id)
    await execute("UPDATE sim SET limit_mb = 50 WHERE id = $1", world.sims["spare"].id)

    data = await read(
        world.owner,
        """{ sims(first: 2, orderBy: {field: LIMIT, direction: DESC}) {
          edges { node { name limit { megabytes period usedBytes } } } } }""",
    )

    assert [edge["node"]["limit"]["megabytes"] for edge in data["sims"]["edges"]] == [50, 5]
    assert data["sims"]["edges"][0]["node"]["limit"] == {"megabytes": 50, "period": "MONTH", "usedBytes": None}
