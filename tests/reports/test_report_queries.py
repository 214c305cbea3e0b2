"""The reports as the frontend asks for them: compiled and by objects alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from domain.clock import clock
from eventstream import EventHub
from models.database import execute
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from schema.ids import global_id
from tests.reports.records import bring_records
from tests.worlds import Login, TwoCompanies

ROWS = {
    "sessionReport": "simId startedAt endedAt msisdn iccid name bytes cost currency country city operator plmn",
    "dailyReport": "simId day msisdn iccid name sessions bytes cost currency",
    "callsAndMessagesReport": "simId at direction kind msisdn iccid name otherNumber durationSeconds messages cost currency"
    " operator",
}
TOTALS = {
    "sessionReport": "sessions bytes costs { amount currency }",
    "dailyReport": "sessions bytes costs { amount currency }",
    "callsAndMessagesReport": "calls messages durationSeconds costs { amount currency }",
}


class Asking:
    """Both ways to execute a document."""

    def __init__(self, redis_url: str) -> None:
        self.hub = EventHub(redis_url)
        self.schema = build_schema()

    def _context(self, login: Login) -> RequestContext:
        return RequestContext(principal=login.principal, hub=self.hub)

    async def compiled(self, login: Login, document: str, **variables: Any) -> Any:
        result = await self.schema.execute_fast(document, variables, context_value=self._context(login))
        said = {"data": result.data, "errors": [error.formatted for error in result.errors or []]}
        return orjson.loads(orjson.dumps(said, option=orjson.OPT_UTC_Z))

    async def plain(self, login: Login, document: str, **variables: Any) -> Any:
        result = await self.schema.execute(document, variables, context_value=self._context(login))
        return {"data": result.data, "errors": [error.formatted for error in result.errors or []]}


@pytest.fixture
def asking(redis_url: str) -> Asking:
    return Asking(redis_url)


def days() -> dict[str, str]:
    today = clock.now().date()
    return {"from": (today - timedelta(days=80)).isoformat(), "to": today.isoformat()}


@pytest.mark.parametrize("report", ROWS)
async def test_compiled_and_plain_answers_are_the_same(world: TwoCompanies, asking: Asking, report: str) -> None:
    """Given records of every kind, when every field is asked, then both ways say the same, byte for byte."""
    await bring_records(world, 11)
    await execute("UPDATE sim SET company_id = $1 WHERE id = $2", world.other_company.id, world.sims["truck"].id)
    document = (
        "query ($from: Date!, $to: Date!, $after: String) {"
        f" {report}(from: $from, to: $to, first: 20, after: $after)"
        f" {{ nodes {{ {ROWS[report]} }} edges {{ cursor node {{ __typename simId }} }} totalCount"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    for login in (world.owner, world.viewer, world.staff, world.other_owner):
        after, seen = None, 0
        while True:
            compiled = await asking.compiled(login, document, **days(), after=after)
            assert compiled == await asking.plain(login, document, **days(), after=after)
            assert compiled["errors"] == []
            page = compiled["data"][report]
            seen += len(page["nodes"])
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert seen == page["totalCount"] > 5


@pytest.mark.parametrize("report", ROWS)
async def test_totals_come_with_a_page_or_without(world: TwoCompanies, asking: Asking, report: str) -> None:
    await bring_records(world, 12)
    document = (
        "query ($from: Date!, $to: Date!, $first: Int) {"
        f" {report}(from: $from, to: $to, first: $first) {{ totalCount nodes {{ name }} totals {{ {TOTALS[report]} }} }} }}"
    )
    alone = await asking.compiled(world.owner, document, **days(), first=0)
    beside = await asking.compiled(world.owner, document, **days(), first=10)

    assert alone["errors"] == beside["errors"] == []
    assert alone["data"][report]["nodes"] == []
    assert alone["data"][report]["totals"] == beside["data"][report]["totals"]
    assert alone["data"][report]["totals"]["costs"]


async def test_an_overview_and_the_first_sims(world: TwoCompanies, asking: Asking) -> None:
    await bring_records(world, 13)
    document = """
      query ($from: Date!, $to: Date!, $by: UsageKey!, $group: ID!) {
        usageOverview(from: $from, to: $to, groupBy: $by) {
          total { sessions bytes } parts { key day groupId usage { sessions bytes costs { amount currency } } } }
        topSims(from: $from, to: $to, by: COST, limit: 3, selection: { filter: { groupId: $group } }) {
          simId iccid msisdn name usage { sessions bytes costs { amount currency } } }
      }"""
    group = global_id("SimGroup", world.group.id)
    for by in ("DAY", "COUNTRY", "OPERATOR", "PROFILE", "PLAN", "GROUP"):
        answer = await asking.compiled(world.viewer, document, **days(), by=by, group=group)
        assert answer["errors"] == []
        overview = answer["data"]["usageOverview"]
        if by != "GROUP":
            for name in ("sessions", "bytes"):
                assert sum(int(part["usage"][name]) for part in overview["parts"]) == int(overview["total"][name])
        assert {sim["name"] for sim in answer["data"]["topSims"]} <= {"Truck 1", "Қостанай комбайн №3"}
    assert len(answer["data"]["topSims"]) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        ('from: "2026-03-02", to: "2026-03-01"', "INVALID_VALUE", "to"),
        ('from: "2025-01-01", to: "2026-03-01"', "INVALID_VALUE", "to"),
        ('from: "2026-03-01", to: "2026-03-01", timeZone: "Mars"', "INVALID_VALUE", "timeZone"),
        ('from: "2026-03-01", to: "2026-03-01", first: 501', "PAGE_SIZE", "first"),
        ('from: "2026-03-01", to: "2026-03-01", after: "x"', "INVALID_CURSOR", "after"),
        ('from: "2026-03-01", to: "2026-03-01", selection: {ids: ["x"]}', "INVALID_ID", "selection"),
        ('from: "2026-03-01", to: "2026-03-01", selection: {ids: [], filter: {}}', "AMBIGUOUS_SELECTION", "selection"),
    ],
)
async def test_a_refusal_says_which_argument(
    world: TwoCompanies, asking: Asking, arguments: str, code: str, path: str
) -> None:
    answer = await asking.compiled(world.owner, f"{{ sessionReport({arguments}) {{ nodes {{ bytes }} }} }}")

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == code
    assert error["message"].endswith(".")
    assert error["extensions"].get("argument", path) is not None


async def test_another_companys_sims_are_like_none(world: TwoCompanies, asking: Asking) -> None:
    await bring_records(world, 14)
    document = """
      query ($from: Date!, $to: Date!, $ids: [ID!]) {
        sessionReport(from: $from, to: $to, selection: { ids: $ids }) { totalCount nodes { iccid } totals { bytes } } }"""
    theirs = await asking.compiled(world.owner, document, **days(), ids=[global_id("Sim", world.others["taxi"].id)])
    unknown = await asking.compiled(world.owner, document, **days(), ids=[global_id("Sim", 10**9)])

    assert theirs == unknown
    assert theirs["data"]["sessionReport"] == {"totalCount": 0, "nodes": [], "totals": {"bytes": "0"}}
