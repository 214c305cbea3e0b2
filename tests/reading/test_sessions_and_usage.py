"""The last sessions of a SIM and its usage by day, through the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.clock import clock
from models.database import execute
from novaconnect_sdk import Plmn, SessionRecord
from schema.ids import global_id
from services.inventory.store_records import store_session_records
from tests.graphql.conftest import queries_of
from tests.worlds import TwoCompanies

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)

SESSIONS = """
query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { sim(id: $id) {
  sessions(first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { endCursor startCursor hasNextPage hasPreviousPage }
    nodes { startedAt endedAt bytes operator country city plmn cost currency } } } }
"""
USAGE = """
query ($id: ID!, $from: Date!, $to: Date!) { sim(id: $id) { usage(from: $from, to: $to) { day bytes sessions } } }
"""
FLEET = """
{ sims(first: 50) { nodes { iccid sessions(first: 30) { nodes { bytes } totalCount }
  usage(from: "2025-03-01", to: "2025-03-31") { day bytes } } } }
"""


async def given_sessions(world: TwoCompanies, serial: int, count: int) -> None:
    """Sessions of one TC SIM: one every twelve hours back from noon of 10 March 2025, the newest open."""
    records = [
        SessionRecord(
            key=f"{serial}-{at}",
            sim_key=f"ref-{serial}",
            started_at=NOON - timedelta(hours=12 * at),
            ended_at=None if at == 0 else NOON - timedelta(hours=12 * at - 1),
            total_bytes=1000 + at,
            operator="K-Cell Kazakhstan",
            country="Kazakhstan",
            plmn=Plmn("40101"),
        )
        for at in range(count)
    ]
    await store_session_records(world.profiles["TC"].id, records)


def identity(sim: Any) -> str:
    """The global id of a SIM."""
    return global_id("Sim", sim.id)


async def test_the_last_thirty_sessions(world: TwoCompanies, read: Any) -> None:
    """Given 40 sessions over a month's border, when the last 30 are asked for, then they come newest first and go on."""
    await given_sessions(world, 1, 40)
    truck = identity(world.sims["truck"])

    page = (await read(world.owner, SESSIONS, id=truck, first=30))["sim"]["sessions"]
    rest = (await read(world.owner, SESSIONS, id=truck, first=30, after=page["pageInfo"]["endCursor"]))["sim"][
        "sessions"
    ]
    back = await read(world.owner, SESSIONS, id=truck, last=30, before=rest["pageInfo"]["startCursor"])

    assert page["totalCount"] == 40
    assert page["nodes"][0] == {
        "startedAt": "2025-03-10T12:00:00Z",
        "endedAt": None,
        "bytes": "1000",
        "operator": "K-Cell Kazakhstan",
        "country": "Kazakhstan",
        "city": None,
        "plmn": "40101",
        "cost": None,
        "currency": None,
    }
    seen = [node["bytes"] for node in page["nodes"] + rest["nodes"]]
    assert seen == [str(1000 + at) for at in range(40)]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert back["sim"]["sessions"]["nodes"] == page["nodes"]


async def test_usage_by_day(world: TwoCompanies, read: Any, ask: Any) -> None:
    """Given two sessions a day, when the days are asked for, then each is a sum; a span turned round is refused."""
    await given_sessions(world, 1, 5)
    truck = identity(world.sims["truck"])

    days = await read(world.owner, USAGE, **{"id": truck, "from": "2025-03-09", "to": "2025-03-31"})
    wrong = await ask(world.owner, USAGE, **{"id": truck, "from": "2025-03-09", "to": "2025-03-08"})

    assert days["sim"]["usage"] == [
        {"day": "2025-03-09", "bytes": "2005", "sessions": 2},
        {"day": "2025-03-10", "bytes": "2001", "sessions": 2},
    ]
    assert wrong["errors"][0]["extensions"]["code"] == "INVALID_VALUE"


async def test_a_new_owner_sees_only_their_own(world: TwoCompanies, read: Any) -> None:
    """Given a SIM with sessions that is sold, when the new owner looks, then nothing of before is there."""
    await given_sessions(world, 1, 3)
    await execute("UPDATE sim SET company_id = $1 WHERE operator_ref = 'ref-1'", world.other_company.id)
    truck = identity(world.sims["truck"])

    sold = (await read(world.other_owner, SESSIONS, id=truck))["sim"]["sessions"]
    staff = (await read(world.staff, SESSIONS, id=truck))["sim"]["sessions"]

    assert (sold["nodes"], sold["totalCount"]) == ([], 0)
    assert staff["totalCount"] == 3


async def test_a_page_of_sims_costs_a_fixed_number_of_queries(world: TwoCompanies, read: Any) -> None:
    """Given more SIMs with sessions, when the fleet is read with both, then no more queries are sent."""
    await given_sessions(world, 1, 3)
    few = await queries_of(lambda: read(world.owner, FLEET))
    for serial in (3, 6):
        await given_sessions(world, serial, 7)

    many = await queries_of(lambda: read(world.owner, FLEET))

    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("drift", "names"), [(True, {"truck", "crane"}), (False, {"combine", "unnamed", "spare", "meter"})]
)
async def test_the_drift_filter(world: TwoCompanies, read: Any, drift: bool, names: set[str]) -> None:
    """Given a SIM that is blocked against our will and one that is not in spite of it, then the filter finds both."""
    await execute("UPDATE sim SET observed_blocked = true WHERE id = $1", world.sims["truck"].id)
    await execute("UPDATE sim SET observed_blocked = false WHERE id = $1", world.sims["crane"].id)

    found = await read(
        world.owner, "query ($d: Boolean) { sims(filter: {drift: $d}) { totalCount nodes { iccid drift } } }", d=drift
    )

    assert {node["iccid"] for node in found["sims"]["nodes"]} == {world.sims[name].iccid for name in names}
    assert all(node["drift"] is drift for node in found["sims"]["nodes"])


async def test_a_sim_that_left_its_operator(world: TwoCompanies, read: Any) -> None:
    """Given a SIM that left, then its row says when, and the filter finds it."""
    left = clock.now().replace(microsecond=0)
    await execute("UPDATE sim SET left_operator_at = $1 WHERE id = $2", left, world.sims["truck"].id)

    found = await read(world.owner, "{ sims(filter: {leftOperator: true}) { nodes { iccid leftOperatorAt } } }")

    assert found["sims"]["nodes"] == [
        {"iccid": world.sims["truck"].iccid, "leftOperatorAt": left.isoformat().replace("+00:00", "Z")}
    ]
