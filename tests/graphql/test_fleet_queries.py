"""Reading the fleet through the schema."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from domain.locks import LockKind
from schema.ids import global_id
from tests.graphql.conftest import Ask, queries_of
from tests.worlds import BEGINNING, TwoCompanies, add_sim

EVERYTHING = """
query ($first: Int, $filter: SimFilter, $orderBy: SimOrder) {
  sims(first: $first, filter: $filter, orderBy: $orderBy) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges {
      cursor
      node {
        __typename id iccid imsi msisdn externalMsisdn name
        profile { id code title apn numberPrefix capabilities { action support } }
        company { id name country }
        locks { kind since setBy reason howToLift }
        isLocked msuCount balance internalBalance currency
        groups { id name size createdAt }
        capabilities { action support mode parameters sideEffects typicalSeconds maximumSeconds confirmedBy idempotency }
        observed { status nativeStatus isBlocked asOf }
        drift
        lastOperation { id kind state outcome { code message } operation { id } startedBy { name } sim { iccid } }
        history(first: 2) { totalCount nodes { id createdAt } pageInfo { hasNextPage } }
        createdAt updatedAt
      }
    }
  }
}
"""


async def sims(read: Ask, login: Any, **variables: Any) -> list[dict[str, Any]]:
    """The nodes of a page of everything."""
    data = await read(login, EVERYTHING, **variables)
    return [edge["node"] for edge in data["sims"]["edges"]]


async def test_every_field_of_a_sim(world: TwoCompanies, read: Ask) -> None:
    by_name = {sim["name"]: sim for sim in await sims(read, world.owner)}
    combine = by_name["Қостанай комбайн №3"]
    assert combine["id"] == global_id("Sim", world.sims["combine"].id)
    assert combine["iccid"] == world.sims["combine"].iccid
    assert combine["profile"] | {"id": None, "capabilities": None} == {
        "id": None,
        "code": "TC",
        "title": "TC (+372, pay per use)",
        "apn": "send.ee",
        "numberPrefix": "372",
        "capabilities": None,
    }
    assert combine["company"]["name"] == "Astana Telematics"
    assert {lock["kind"] for lock in combine["locks"]} == {"MSU", "FINANCIAL"}
    assert {"howToLift": "This lock is irrevocable: the SIM must be replaced."}.items() <= combine["locks"][0].items()
    assert (combine["isLocked"], combine["msuCount"]) == (True, 120)
    assert (combine["balance"], combine["internalBalance"]) == (None, "0.0000")
    assert [(group["name"], group["size"]) for group in combine["groups"]] == [("Уборочная", 2)]
    assert combine["observed"] == {"status": "UNKNOWN", "nativeStatus": None, "isBlocked": None, "asOf": None}
    assert combine["lastOperation"] is None
    assert combine["history"] == {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False}}
    assert combine["createdAt"] == "2025-03-01T09:03:00Z"
    assert by_name["Truck 1"]["externalMsisdn"] == "77010000001"


async def test_capabilities_say_what_each_profile_can_do(world: TwoCompanies, read: Ask) -> None:
    by_name = {sim["name"]: sim for sim in await sims(read, world.owner)}
    lock = {action["action"]: action for action in by_name["Truck 1"]["capabilities"]}["LOCK"]
    assert lock["support"] == "SUPPORTED"
    assert "RAISES_MSU" in lock["sideEffects"]
    without_driver = by_name["100%_meter"]["capabilities"]
    assert {action["support"] for action in without_driver} == {"UNSUPPORTED"}
    assert {"LOCK", "UNLOCK", "CANCEL_LOCATION"} <= {action["action"] for action in without_driver}


async def test_drift_is_a_block_that_we_did_not_ask_for_or_that_is_missing(world: TwoCompanies, read: Ask) -> None:
    await add_sim(world.company, world.profiles["TD"], 80, name="drifted", observed_blocked=True, observed_at=BEGINNING)
    drift = {sim["name"]: sim["drift"] for sim in await sims(read, world.owner)}
    assert [name for name, drifts in drift.items() if drifts] == ["drifted"]


async def test_filter_order_and_pages(world: TwoCompanies, read: Ask) -> None:
    by_name = {"field": "NAME"}
    first = await read(world.owner, EVERYTHING, first=2, orderBy=by_name, filter={"profiles": "TC"})
    assert [edge["node"]["name"] for edge in first["sims"]["edges"]] == ["Test SIM 1", "Truck 1"]
    assert first["sims"]["totalCount"] == 3
    page_info = first["sims"]["pageInfo"]
    assert (page_info["hasNextPage"], page_info["hasPreviousPage"]) == (True, False)
    assert page_info["endCursor"] == first["sims"]["edges"][1]["cursor"]
    document = """query ($after: String!) {
      sims(first: 2, after: $after, orderBy: {field: NAME}, filter: {profiles: ["TC"]}) {
        nodes { name } pageInfo { hasNextPage } } }"""
    rest = await read(world.owner, document, after=page_info["endCursor"])
    assert rest["sims"] == {"nodes": [{"name": "Қостанай комбайн №3"}], "pageInfo": {"hasNextPage": False}}
    last = await read(world.owner, "{ sims(last: 1, orderBy: {field: NAME, direction: DESC}) { nodes { name } } }")
    assert last["sims"]["nodes"] == [{"name": ""}]


async def test_groups_and_their_filter(world: TwoCompanies, read: Ask) -> None:
    data = await read(world.owner, "{ groups { totalCount nodes { id name size } } }")
    group = data["groups"]["nodes"][0]
    assert (group["name"], group["size"], data["groups"]["totalCount"]) == ("Уборочная", 2, 1)
    assert len(await sims(read, world.owner, filter={"groupId": group["id"]})) == 2
    assert await sims(read, world.other_owner, filter={"groupId": group["id"]}) == []
    assert (await read(world.other_owner, "{ groups { nodes { id } } }"))["groups"]["nodes"] == []


async def test_one_sim_by_id_or_iccid(world: TwoCompanies, read: Ask) -> None:
    truck = world.sims["truck"]
    document = "query ($id: ID, $iccid: Iccid) { sim(id: $id, iccid: $iccid) { name } }"
    assert (await read(world.owner, document, id=global_id("Sim", truck.id)))["sim"] == {"name": "Truck 1"}
    assert (await read(world.owner, document, iccid=truck.iccid))["sim"] == {"name": "Truck 1"}


async def test_a_foreign_sim_answers_like_an_unknown_one(world: TwoCompanies, read: Ask) -> None:
    document = (
        "query ($id: ID!, $iccid: Iccid!) { a: sim(id: $id) { id } b: sim(iccid: $iccid) { id } node(id: $id) { id } }"
    )
    nothing = {"a": None, "b": None, "node": None}
    taxi = world.others["taxi"]
    assert await read(world.owner, document, id=global_id("Sim", taxi.id), iccid=taxi.iccid) == nothing
    assert await read(world.owner, document, id=global_id("Sim", 10**9), iccid="89" + "0" * 17) == nothing
    assert (await read(world.staff, document, id=global_id("Sim", taxi.id), iccid=taxi.iccid))["a"] is not None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("", "INVALID_VALUE"),
        ('id: "x", iccid: "8937204000000000011"', "INVALID_VALUE"),
        ('id: "x"', "INVALID_ID"),
        ('id: ""', "INVALID_ID"),
        ('id: "яяя"', "INVALID_ID"),
        (f'id: "{global_id("Operation", 1)}"', "INVALID_ID"),
        (f'id: "{base64.b64encode(b"Sim:01").decode()}"', "INVALID_ID"),
        (f'id: "{base64.b64encode(b"Sim:0").decode()}"', "INVALID_ID"),
        (f'id: "{base64.b64encode(b"Sim:9999999999999999999").decode()}"', "INVALID_ID"),
        (f'id: "{global_id("Sim", 1)}="', "INVALID_ID"),
        ('iccid: "123"', "INVALID_VALUE"),
        ('iccid: "89372040000000000\\u0661"', "INVALID_VALUE"),
        ("iccid: 8937204000000000011", "INVALID_VALUE"),
    ],
)
async def test_what_is_no_sim_is_refused(world: TwoCompanies, ask: Ask, arguments: str, code: str) -> None:
    call = f"sim({arguments})" if arguments else "sim"
    answer = await ask(world.owner, f"{{ {call} {{ id }} }}")
    assert not (answer["data"] or {}).get("sim")
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: 501", "PAGE_SIZE"),
        ("first: -1", "PAGE_SIZE"),
        ("first: 1, last: 1", "PAGE_SIZE"),
        ('after: "nonsense"', "INVALID_CURSOR"),
        ('filter: {profiles: ["XX"]}', "UNKNOWN_PROFILE"),
        ('filter: {ids: ["nonsense"]}', "INVALID_ID"),
        ('filter: {groupId: "nonsense"}', "INVALID_ID"),
        ('filter: {csv: "nonsense"}', "INVALID_CSV"),
        ("filter: {lock: OPEN}", "INVALID_VALUE"),
        ("orderBy: {field: SHOE_SIZE}", "INVALID_VALUE"),
        ("colour: 1", "INVALID_REQUEST"),
    ],
)
async def test_bad_input_of_a_list_is_refused_by_code(world: TwoCompanies, ask: Ask, arguments: str, code: str) -> None:
    answer = await ask(world.owner, f"{{ sims({arguments}) {{ nodes {{ id }} }} }}")
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert "Did you mean" not in answer["errors"][0]["message"]


async def test_a_refusal_names_field_and_input(world: TwoCompanies, ask: Ask) -> None:
    document = "query ($filter: SimFilter) { fleet: sims(filter: $filter) { nodes { id } } }"
    answer = await ask(world.owner, document, filter={"ids": [global_id("Sim", 1), "?"]})
    error = answer["errors"][0]
    assert error["path"] == ["fleet"]
    assert error["extensions"] == {"code": "INVALID_ID", "input": ["filter", "ids", "1"]}


async def test_profiles_and_viewer(world: TwoCompanies, read: Ask) -> None:
    document = "{ profiles { code } viewer { id name role company { name } } }"
    data = await read(world.viewer, document)
    assert [profile["code"] for profile in data["profiles"]] == ["TC", "TD", "VK"]
    assert data["viewer"]["role"] == "VIEWER"
    assert data["viewer"]["company"] == {"name": "Astana Telematics"}
    assert (await read(world.staff, document))["viewer"]["company"] is None


async def test_nodes_of_every_type(world: TwoCompanies, read: Ask, ask: Ask) -> None:
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    for type_name, row in (
        ("Sim", world.sims["truck"]),
        ("Company", world.company),
        ("Profile", world.profiles["TD"]),
        ("SimGroup", world.group),
    ):
        text = global_id(type_name, row.id)
        assert (await read(world.owner, document, id=text))["node"] == {"__typename": type_name, "id": text}
    assert (await read(world.owner, document, id=global_id("Company", world.other_company.id)))["node"] is None
    answer = await ask(world.owner, document, id=global_id("Spaceship", 1))
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_ID"


async def test_the_csv_report(world: TwoCompanies, read: Ask) -> None:
    document = """query ($csv: String!) { csvFilterReport(csv: $csv) {
      total found notFound ambiguous differentSims badRows badCheckDigits
      rows(first: 1, status: [FOUND, BAD_ROW]) {
        totalCount pageInfo { hasNextPage } nodes { line iccid number status badCheckDigit problem sim { name } } } } }"""
    report = (await read(world.owner, document, csv=f"{world.sims['truck'].iccid}\n7700000\nnonsense"))[
        "csvFilterReport"
    ]
    assert (report["total"], report["found"], report["notFound"], report["badRows"]) == (3, 1, 1, 1)
    assert report["rows"]["totalCount"] == 2
    assert report["rows"]["pageInfo"] == {"hasNextPage": True}
    assert report["rows"]["nodes"] == [
        {
            "line": 1,
            "iccid": world.sims["truck"].iccid,
            "number": None,
            "status": "FOUND",
            "badCheckDigit": False,
            "problem": None,
            "sim": {"name": "Truck 1"},
        }
    ]


async def test_a_page_costs_the_same_number_of_queries_whatever_its_size(world: TwoCompanies, read: Ask) -> None:
    for serial in range(400, 440):
        await add_sim(world.company, world.profiles["TD"], serial, locks=[LockKind.VOLUNTARY])
    few = await queries_of(lambda: sims(read, world.owner, first=1))
    many = await queries_of(lambda: sims(read, world.owner, first=40))
    assert sorted(many) == sorted(few)
    assert len(few) < 12
