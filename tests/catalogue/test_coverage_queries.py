"""Tariff plans, coverage and prices through the schema."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.graphql.conftest import Ask
from tests.worlds import BEGINNING, TwoCompanies, add_sim

ROW = "plmn mcc mnc country { name iso nameRu nameEn } operator plan"
COVERAGE = f"""
query ($search: String, $plmn: Plmn, $mcc: String, $country: String, $plan: String, $first: Int, $after: String) {{
  coverage(search: $search, plmn: $plmn, mcc: $mcc, country: $country, plan: $plan, first: $first, after: $after) {{
    totalCount pageInfo {{ hasNextPage hasPreviousPage endCursor }} nodes {{ {ROW} }} }} }}
"""
OUTSIDE = """
query ($plan: String!, $first: Int, $after: String) {
  simsOutsideCoverage(plan: $plan, first: $first, after: $after) {
    totalCount insideCount unknownCount nodes { name } pageInfo { hasNextPage endCursor } } }
"""


async def networks(read: Ask, world: TwoCompanies, **variables: Any) -> list[dict[str, Any]]:
    """The networks of a page, which must be all there are."""
    page = (await read(world.viewer, COVERAGE, **({"first": 500} | variables)))["coverage"]
    assert page["totalCount"] == len(page["nodes"])
    return list(page["nodes"])


async def test_the_plans(world: TwoCompanies, read: Ask) -> None:
    data = await read(
        world.viewer, "{ tariffPlans { code title profile billing roaming includes networks countries } }"
    )
    by_code = {plan.pop("code"): plan for plan in data["tariffPlans"]}
    assert by_code == {
        "TD_Lite": {
            "title": "TD Lite",
            "profile": "TD",
            "billing": "PACKAGE",
            "roaming": False,
            "includes": [],
            "networks": 330,
            "countries": 135,
        },
        "TD_Mega": {
            "title": "TD Mega",
            "profile": "TD",
            "billing": "PACKAGE",
            "roaming": True,
            "includes": ["TD_Lite"],
            "networks": 426,
            "countries": 186,
        },
        "TC_PayPerUse": {
            "title": "TC pay per use",
            "profile": "TC",
            "billing": "PAY_PER_USE",
            "roaming": False,
            "includes": [],
            "networks": None,
            "countries": None,
        },
    }


async def test_all_426_networks_page_by_page(world: TwoCompanies, read: Ask) -> None:
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await read(world.viewer, COVERAGE, plan="TD_Mega", first=100, after=after))["coverage"]
        rows += page["nodes"]
        assert page["totalCount"] == 426
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(rows) == len({(row["plmn"], row["country"]["name"]) for row in rows}) == 426
    assert Counter(row["plan"] for row in rows) == {"TD_Lite": 330, "TD_Mega": 96}
    assert len(await networks(read, world, plan="TD_Lite")) == 330
    assert len(await networks(read, world)) == 426


async def test_one_code_in_several_countries(world: TwoCompanies, read: Ask) -> None:
    rows = await networks(read, world, plmn="34020")
    assert [(row["country"]["name"], row["country"]["iso"]) for row in rows] == [
        ("French Guyana", "GF"),
        ("French West Indies", None),
        ("Martinique", "MQ"),
    ]
    assert (rows[0]["mcc"], rows[0]["mnc"]) == ("340", "20")


@pytest.mark.parametrize("country", ["XK", "xk", "Kosovo", "косово"])
async def test_a_country_by_code_or_name(world: TwoCompanies, read: Ask, country: str) -> None:
    rows = await networks(read, world, country=country)
    assert {row["country"]["iso"] for row in rows} == {"XK"}
    assert "22102" in {row["plmn"] for row in rows}


@pytest.mark.parametrize(
    ("search", "country"),
    [
        ("ГЕРМАН", "Germany"),
        ("switzerl", "Switzerland"),
        ("united st", "USA"),
        ("côte d'iv", "Ivory Coast"),
        ("22102", "Kosovo"),
        ("outremer", None),
        ("%", None),
        ("MTN\nGhana", None),
    ],
)
async def test_the_search_knows_every_spelling(
    world: TwoCompanies, read: Ask, search: str, country: str | None
) -> None:
    rows = await networks(read, world, search=search)
    assert {row["country"]["name"] for row in rows} == ({country} if country else set())


async def test_the_search_finds_operators_and_conditions_add_up(world: TwoCompanies, read: Ask) -> None:
    every = await networks(read, world, search="VODAFONE")
    assert every
    assert all("vodafone" in row["operator"].lower() for row in every)
    german = await networks(read, world, search="vodafone", country="DE", plan="TD_Lite")
    assert {row["country"]["nameRu"] for row in german} == {"Германия"}
    assert await networks(read, world, search="vodafone", country="DE", mcc="401") == []
    kazakh = await networks(read, world, mcc="401")
    assert {row["country"]["iso"] for row in kazakh} == {"KZ"}
    assert await networks(read, world, country="Atlantis") == []
    assert len(await networks(read, world, country=" ", search=" ")) == 426


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"plan": "TD_Giga"}, "UNKNOWN_PLAN"),
        ({"plan": ""}, "UNKNOWN_PLAN"),
        ({"plmn": "123"}, "INVALID_VALUE"),
        ({"plmn": 25001}, "INVALID_VALUE"),
        ({"mcc": "4"}, "INVALID_VALUE"),
        ({"mcc": "٤٠١"}, "INVALID_VALUE"),
        ({"search": "x" * 201}, "INVALID_VALUE"),
        ({"first": 501}, "PAGE_SIZE"),
        ({"first": -1}, "PAGE_SIZE"),
        ({"after": "nonsense"}, "INVALID_CURSOR"),
    ],
)
async def test_bad_input_is_refused_by_code(
    world: TwoCompanies, ask: Ask, variables: dict[str, Any], code: str
) -> None:
    answer = await ask(world.owner, COVERAGE, **variables)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_the_difference_is_exactly_the_96_rows(world: TwoCompanies, read: Ask, ask: Ask) -> None:
    document = f"""query ($from: String!, $to: String!) {{
      coverageDiff(from: $from, to: $to) {{ added {{ {ROW} }} removed {{ {ROW} }} kept }} }}"""
    up = (await read(world.viewer, document, **{"from": "TD_Lite", "to": "TD_Mega"}))["coverageDiff"]
    down = (await read(world.viewer, document, **{"from": "TD_Mega", "to": "TD_Lite"}))["coverageDiff"]
    assert (len(up["added"]), up["removed"], up["kept"]) == (96, [], 330)
    assert {row["plan"] for row in up["added"]} == {"TD_Mega"}
    assert (down["added"], down["removed"]) == ([], up["added"])
    refused = await ask(world.viewer, document, **{"from": "TD_Lite", "to": "?"})
    assert refused["errors"][0]["extensions"] == {"code": "UNKNOWN_PLAN", "input": ["to"]}


async def test_prices_say_whether_they_are_samples(world: TwoCompanies, read: Ask) -> None:
    data = await read(
        world.viewer,
        """{ priceList { currency
          plans { code packages { sizeMb price currency sample } trafficPrice { perMb currency sample } }
          lite: networks(plan: "TD_Lite", first: 1) { totalCount nodes { plan includedInPackages traffic { perMb } } }
          use: networks(plan: "TC_PayPerUse", search: "40177") {
            totalCount nodes { plan includedInPackages network { operator } traffic { perMb sample } } } } }""",
    )
    prices = data["priceList"]
    packages = {plan["code"]: plan["packages"] for plan in prices["plans"]}
    assert packages["TD_Lite"][0] == {"sizeMb": 15, "price": "1.20", "currency": "EUR", "sample": False}
    assert all(package["sample"] for package in packages["TD_Lite"][1:] + packages["TD_Mega"])
    assert packages["TC_PayPerUse"] == []
    traffic = {plan["code"]: plan["trafficPrice"] for plan in prices["plans"]}
    assert (traffic["TD_Lite"], traffic["TC_PayPerUse"]["sample"]) == (None, True)
    assert prices["lite"]["totalCount"] == 330
    assert prices["lite"]["nodes"] == [{"plan": "TD_Lite", "includedInPackages": True, "traffic": None}]
    (row,) = prices["use"]["nodes"]
    assert Decimal(row["traffic"]["perMb"]) == Decimal("0.05")
    assert (prices["currency"], row["traffic"]["sample"], row["includedInPackages"]) == ("EUR", True, False)


@pytest.fixture
async def travelling(world: TwoCompanies) -> TwoCompanies:
    """The usual world, whose TD SIMs have been to places; nothing is known of its two own ones."""
    td = world.profiles["TD"]
    places = {
        "at home": ("40101", "Kazakhstan"),
        "in Kabul": ("41250", "Afghanistan"),
        "in Algiers": (None, "DZ"),
        "in Pyongyang": ("46705", "KP"),
        "somewhere in Spain": (None, "Spain"),
    }
    await add_sim(world.company, td, 499, name="with Korek", registration_network="Korek Telecom")
    for serial, (name, (plmn, country)) in enumerate(places.items(), start=500):
        await add_sim(
            world.company,
            td,
            serial,
            name=name,
            registered_at=BEGINNING,
            registration_plmn=plmn,
            registration_country=country,
        )
    await add_sim(world.company, world.profiles["TC"], 600, name="of another profile", registration_plmn="46705")
    await add_sim(world.other_company, td, 601, name="of another company", registration_plmn="46705")
    return world


async def test_sims_outside_a_plan(travelling: TwoCompanies, read: Ask) -> None:
    lite = (await read(travelling.owner, OUTSIDE, plan="TD_Lite"))["simsOutsideCoverage"]
    assert [sim["name"] for sim in lite["nodes"]] == ["with Korek", "in Kabul", "in Algiers", "in Pyongyang"]
    assert (lite["totalCount"], lite["insideCount"], lite["unknownCount"]) == (4, 1, 3)
    mega = (await read(travelling.owner, OUTSIDE, plan="TD_Mega"))["simsOutsideCoverage"]
    assert [sim["name"] for sim in mega["nodes"]] == ["in Pyongyang"]
    assert (mega["totalCount"], mega["insideCount"], mega["unknownCount"]) == (1, 3, 4)
    use = (await read(travelling.owner, OUTSIDE, plan="TC_PayPerUse"))["simsOutsideCoverage"]
    assert (use["nodes"], use["totalCount"], use["unknownCount"]) == ([], 0, 4), "where TC works is not listed"


async def test_sims_outside_are_those_one_may_see(travelling: TwoCompanies, read: Ask, ask: Ask) -> None:
    other = (await read(travelling.other_owner, OUTSIDE, plan="TD_Mega"))["simsOutsideCoverage"]
    assert [sim["name"] for sim in other["nodes"]] == ["of another company"]
    staff = (await read(travelling.staff, OUTSIDE, plan="TD_Mega"))["simsOutsideCoverage"]
    assert staff["totalCount"] == 2
    refused = await ask(travelling.owner, OUTSIDE, plan="TD_Giga")
    assert refused["errors"][0]["extensions"]["code"] == "UNKNOWN_PLAN"


async def test_a_sim_shows_where_it_was_last_seen(travelling: TwoCompanies, read: Ask) -> None:
    document = """query ($search: String!) { sims(filter: {search: $search}) {
      nodes { lastRegistration { since network country plmn asOf } } } }"""
    (kabul,) = (await read(travelling.owner, document, search="Kabul"))["sims"]["nodes"]
    assert kabul["lastRegistration"] == {
        "since": "2025-03-01T09:00:00Z",
        "network": None,
        "country": "Afghanistan",
        "plmn": "41250",
        "asOf": None,
    }
    (truck,) = (await read(travelling.owner, document, search="Truck"))["sims"]["nodes"]
    assert set(truck["lastRegistration"].values()) == {None}


async def test_sims_outside_come_in_pages(travelling: TwoCompanies, read: Ask) -> None:
    first = (await read(travelling.owner, OUTSIDE, plan="TD_Lite", first=2))["simsOutsideCoverage"]
    assert first["pageInfo"]["hasNextPage"]
    after = first["pageInfo"]["endCursor"]
    rest = (await read(travelling.owner, OUTSIDE, plan="TD_Lite", first=2, after=after))["simsOutsideCoverage"]
    assert [sim["name"] for sim in rest["nodes"]] == ["in Algiers", "in Pyongyang"]
    assert not rest["pageInfo"]["hasNextPage"]
