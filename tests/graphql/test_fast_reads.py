"""Compiled reads answer as graphql-core does, byte for byte, whoever asks whatever."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from graphql.execution import Executor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.changes import Change
from domain.locks import LockKind
from domain.operations import OperationKind
from domain.sim_filter import Selection, SimFilter
from eventstream import EventHub
from models.database import execute
from projection import Fields
from projection.events import EventExecutor
from resolvers.context import RequestContext
from resolvers.operation_projection import ITEM, OPERATION
from resolvers.schema import build_schema
from resolvers.sim_projection import GROUP, SIM, SIM_LOCK
from schema.group import SimGroup
from schema.ids import global_id
from schema.operation import Operation
from schema.operation_item import OperationItem
from schema.sim import Sim
from schema.usage import DataSession
from services.fleet.list_sims import list_sims
from services.fleet.sim_order import SimColumn, sim_order
from services.operations.accept_operation import accept_operation
from services.paging import PageRequest
from tests.graphql.corpus import documents
from tests.worlds import BEGINNING, Login, TwoCompanies, add_group, add_sim

SCHEMA = build_schema()
ROOTS = ["sims", "sims", "sims", "sim", "node", "groups", "profiles", "operations", "operation", "viewer"]
LOGINS = ("owner", "viewer", "other_owner", "staff")


def _text(value: str) -> str:
    return orjson.dumps(value).decode()


def _some(**choices: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Arguments in brackets: any of these, each or not."""
    parts = [st.one_of(st.none(), choice.map(f"{name}: {{}}".format)) for name, choice in choices.items()]
    return st.tuples(*parts).map(lambda given: ", ".join(filter(None, given)))


def _in(left: str, right: str) -> Any:
    return lambda inner: f"{left}{inner}{right}" if inner or left == "{" else ""


ORDER = st.builds(
    "{{field: {}, direction: {}}}".format,
    st.sampled_from([column.value for column in SimColumn]),
    st.sampled_from(["ASC", "DESC"]),
)
SIM_IDS = st.one_of(st.integers(1, 45).map(lambda n: _text(global_id("Sim", n))), st.just('"nonsense"'))
FILTER = _some(
    search=st.sampled_from(["truck", "1", "!truck", "!*1*", "кран", '\\"Test SIM\\"', "", "%", "372 46"]).map(
        '"{}"'.format
    ),
    profiles=st.sampled_from(['["TC"]', '["ТС", "TD"]', "[]", '["XX"]']),
    lock=st.sampled_from(["LOCKED", "UNLOCKED", "MSU_LOCKED"]),
    groupId=st.integers(1, 3).map(lambda n: _text(global_id("SimGroup", n))),
    emptyNameOnly=st.sampled_from(["true", "false"]),
    ids=st.lists(SIM_IDS, max_size=4).map(lambda ids: f"[{', '.join(ids)}]"),
    csv=st.just('"37250000001;\\n3725"'),
    companyIds=st.integers(1, 3).map(lambda n: f"[{_text(global_id('Company', n))}]"),
).map(_in("{", "}"))
PAGE = {
    "first": st.sampled_from(["0", "1", "2", "7", "500"] * 4 + ["-1", "501"]),
    "last": st.sampled_from(["1", "3", "500"]),
    "after": st.sampled_from(['"nonsense"']),
}


def _sims(cursors: list[str]) -> st.SearchStrategy[str]:
    """Filters and orders of every kind; a cursor fits the default order, or does not."""
    places = st.sampled_from([_text(cursor) for cursor in cursors])
    ordered = _some(first=PAGE["first"], filter=FILTER, orderBy=ORDER)
    placed = _some(first=PAGE["first"], after=places, before=places, filter=FILTER)
    backward = _some(last=PAGE["last"], before=places, orderBy=ORDER)
    return st.one_of(ordered, ordered, placed, backward).map(_in("(", ")"))


def arguments(cursors: list[str]) -> dict[tuple[str, str], st.SearchStrategy[str]]:
    """What fields with arguments are given."""
    node = st.sampled_from(["Sim", "SimGroup", "Company", "Profile", "Operation"])
    ids = st.builds(lambda kind, n: f"(id: {_text(global_id(kind, n))})", node, st.integers(1, 8))
    items = _some(first=PAGE["first"], state=st.sampled_from(["[QUEUED]", "[SUCCEEDED, FAILED]"])).map(_in("(", ")"))
    return {
        ("Query", "sims"): _sims(cursors),
        ("Query", "sim"): st.one_of(
            SIM_IDS.map("(id: {})".format), st.just('(iccid: "8937204000000000016")'), st.just("")
        ),
        ("Query", "node"): ids,
        ("Query", "operation"): st.integers(1, 3).map(lambda n: f"(id: {_text(global_id('Operation', n))})"),
        ("Operation", "items"): items,
        ("Sim", "history"): _some(first=PAGE["first"], after=PAGE["after"]).map(_in("(", ")")),
        ("Sim", "sessions"): _some(first=PAGE["first"], after=PAGE["after"]).map(_in("(", ")")),
        ("Query", "operations"): _some(
            first=PAGE["first"], state=st.sampled_from(["[OPEN]", "[]"]), kind=st.just("[LOCK]")
        ).map(_in("(", ")")),
        ("Query", "groups"): _some(first=PAGE["first"], after=PAGE["after"]).map(_in("(", ")")),
        ("Sim", "usage"): st.just('(from: "2025-03-01", to: "2025-03-31")'),
    }


_SESSIONS = """
INSERT INTO data_session (started_at, ended_at, sim_id, company_id, profile_id, bytes, key, operator, country, city, plmn, cost,
  currency)
SELECT $1::timestamptz + n / 2 * interval '1.5 seconds', CASE WHEN n > 0 THEN $1::timestamptz + interval '1 hour' END, s.id,
  s.company_id, s.profile_id, n * 3000000000, s.id || '-' || n, (ARRAY['MTS', ''])[n], (ARRAY['Russia', NULL])[n],
  CASE WHEN n = 3 THEN 'Almaty' END, CASE WHEN n > 1 THEN '40101' END, (ARRAY[0, 0.000001, 1234.5])[n], (ARRAY['EUR'])[n]
FROM sim s, generate_series(0, 4) n WHERE s.id % 2 = 0"""
"""Five sessions of every second SIM, two of them at a time, with holes."""


@pytest.fixture
async def fleet(world: TwoCompanies, hub: EventHub) -> TwoCompanies:
    """The usual world with SIMs that have holes, several locks and groups, and two operations."""
    profiles = list(world.profiles.values())
    for serial in range(300, 330):
        await add_sim(
            world.company,
            profiles[serial % 3],
            serial,
            name=("", "a", "B", 'б "\\', "Я\u2028")[serial % 5],
            imsi=(None, "1")[serial % 2],
            msisdn=(None, "37250", "37251")[serial % 3],
            balance=(None, Decimal("-1.5"), Decimal("0.0001"))[serial % 3],
            currency=(None, "EUR")[serial % 2],
            msu_count=(None, 0, 7)[serial % 3],
            locks=([], [LockKind.VOLUNTARY, LockKind.PACKAGE], [LockKind.MSU])[serial % 3],
            observed_blocked=(None, True, False)[serial % 3],
            observed_at=(None, BEGINNING + timedelta(microseconds=120))[serial % 2],
            created_at=BEGINNING + timedelta(days=serial % 2),
            limit_mb=(None, 100)[serial % 2],
            limit_used_bytes=(None, 5_000_000_000)[serial % 2],
            package_mb=(None, 15)[serial % 2],
            wanted_package_mb=(None, 20)[serial % 2],
            auto_reconnect=(None, True, False)[serial % 3],
            package_remaining_bytes=(None, 0)[serial % 2],
        )
    sims = list(world.sims.values())
    await add_group(world.company, "а вторая", sims[:3])
    await add_group(world.company, "Third", sims[1:2])
    for key, kind in (("one", OperationKind.LOCK), ("two", OperationKind.CANCEL_LOCATION)):
        ids = Selection(ids=tuple(sim.id for sim in sims[:4]))
        await accept_operation(world.owner.principal, Change(kind), ids, idempotency_key=key, accept_risks=frozenset())
    await execute("SELECT ensure_record_partitions($1, $1)", BEGINNING.date())
    await execute(_SESSIONS, BEGINNING)
    # Whom a SIM was taken from keeps the operation, and who has it now keeps its history.
    await execute("UPDATE sim SET company_id = $1 WHERE id = $2", world.other_company.id, sims[3].id)
    return world


async def answer(execute_: Any, hub: EventHub, login: Login, text: str, values: dict[str, Any]) -> bytes:
    """The answer as it is sent, with its errors in an order of their own."""
    context = RequestContext(principal=login.principal, hub=hub)
    result = await execute_(text, values, context_value=context)
    errors = sorted((dict(error.formatted) for error in result.errors or ()), key=str)
    return orjson.dumps({"data": result.data, "errors": errors}, option=orjson.OPT_UTC_Z)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_random_documents_are_answered_alike(fleet: TwoCompanies, hub: EventHub, data: st.DataObject) -> None:
    cursors = await some_cursors(fleet)
    text, values = data.draw(documents(SCHEMA._schema, ROOTS, arguments(cursors)))
    login = getattr(fleet, data.draw(st.sampled_from(LOGINS)))

    fast = await answer(SCHEMA.execute_fast, hub, login, text, values)
    plain = await answer(SCHEMA.execute, hub, login, text, values)

    assert fast == plain


async def some_cursors(world: TwoCompanies) -> list[str]:
    """Places in the default order, in another one, and none."""
    pages = [
        await list_sims(world.staff.principal, SimFilter(), PageRequest(first=9), order)
        for order in (sim_order(), sim_order(SimColumn.MSISDN, descending=False))
    ]
    return [*(page.cursor(at) for page in pages for at in (0, 4, 8)), "nonsense"]


TABLE = """{ sims(first: 50) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id iccid imsi msisdn
  externalMsisdn name isLocked msuCount balance internalBalance currency drift createdAt updatedAt
  observed { status nativeStatus isBlocked asOf } profile { id code title apn numberPrefix capabilities { action } }
  company { id name country } groups { id name createdAt } limit { megabytes period usedBytes reachedAt asOf }
  package { plan sizeMb nextSizeMb remainingBytes endsAt autoReconnect roaming roamingChangeUntil asOf }
  locks { kind since setBy reason howToLift }
  lastOperation { id kind state attempts startedAt finishedAt deadlineAt outcome { code message } } } } } }"""


@pytest.mark.parametrize("name", LOGINS)
async def test_the_sim_table_is_projected_for_everyone(fleet: TwoCompanies, hub: EventHub, name: str) -> None:
    login = getattr(fleet, name)
    context = RequestContext(principal=login.principal, hub=hub)

    result = await SCHEMA.execute_fast(TABLE, context_value=context)

    assert result.errors is None
    edges = result.data["sims"]["edges"]
    assert edges
    assert all(isinstance(edge["node"]["profile"], orjson.Fragment) for edge in edges)
    assert await answer(SCHEMA.execute_fast, hub, login, TABLE, {}) == await answer(
        SCHEMA.execute, hub, login, TABLE, {}
    )


OPERATIONS = """{ operations { totalCount pageInfo { endCursor } nodes { __typename id kind state acceptedRisks parameters
  createdAt finishedAt total processed queued calling waiting succeeded failed refused unknown cancelled startedBy { id name }
  all: items { totalCount edges { cursor node { id kind state attempts startedBy { id name } createdAt
    operation { id state } sim { id iccid profile { code } groups { name } locks { kind } } } } }
  few: items(first: 2, state: [QUEUED, REFUSED]) { totalCount pageInfo { hasNextPage startCursor } nodes { id } } } } }"""
BESIDE = """{ sims(first: 50) { nodes { iccid capabilities { action available reason { code message } risk }
  history(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { kind operation { id } sim { name } } }
  sessions(first: 2) { totalCount nodes { startedAt } } usage(from: "2025-03-01", to: "2025-03-31") { day }
  profile { code } } } }"""
SESSIONS = """{ sims(first: 50) { nodes { iccid
  all: sessions { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { __typename startedAt endedAt bytes operator
    country city plmn cost currency } } }
  few: sessions(first: 2) { pageInfo { hasNextPage hasPreviousPage } nodes { bytes cost } }
  ends: sessions(last: 3) { pageInfo { startCursor endCursor hasPreviousPage } nodes { endedAt } }
  none: sessions(first: 0) { totalCount nodes { bytes } pageInfo { hasNextPage } } } } }"""
GROUPS = "{ groups { totalCount pageInfo { startCursor } edges { cursor node { id name createdAt size } } } }"


@pytest.mark.parametrize("name", LOGINS)
@pytest.mark.parametrize("query", [OPERATIONS, BESIDE, SESSIONS, GROUPS])
async def test_other_lists_and_what_is_beside_are_projected_for_everyone(
    fleet: TwoCompanies, hub: EventHub, name: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = getattr(fleet, name)
    expected = await answer(SCHEMA.execute, hub, login, query, {})
    # An object of a row that a projection spares is never made.
    for kind in (Sim, Operation, OperationItem, SimGroup, DataSession):
        monkeypatch.setattr(kind, "of", None)

    assert await answer(SCHEMA.execute_fast, hub, login, query, {}) == expected


LIVE = [
    """subscription { simsChanged(filter: {search: "a"}) { snapshot truncated noLongerMatching sims { id iccid name balance
  createdAt observed { status asOf } limit { megabytes period usedBytes } package { plan nextSizeMb } drift
  profile { code capabilities { action } } company { name } groups { name } locks { kind since howToLift }
  capabilities { action available } lastOperation { kind state } history(first: 1) { totalCount nodes { state sim { id } } }
  } } }""",
    """subscription { operationsChanged { snapshot operations { id kind state parameters createdAt startedBy { name } total
  items(first: 3) { totalCount edges { cursor node { state sim { iccid } } } } } } }""",
]


@pytest.mark.parametrize("name", LOGINS)
@pytest.mark.parametrize("query", LIVE)
async def test_events_are_completed_alike(
    fleet: TwoCompanies, hub: EventHub, name: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    principal = getattr(fleet, name).principal
    told = []
    for executor in (EventExecutor, Executor):
        # Without errors nothing of the fast way is asked again.
        monkeypatch.setattr(EventExecutor, "execute_operation", executor.execute_operation)
        assert SCHEMA.document(query) is not None
        async with aclosing(
            await SCHEMA.stream(query, context_value=RequestContext(principal=principal, hub=hub))
        ) as results:
            result = await anext(results)
        told.append(orjson.dumps({"data": result.data, "errors": str(result.errors)}, option=orjson.OPT_UTC_Z))

    assert told[0] == told[1]
    assert b'"errors":"None"' in told[0]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("Sim", SIM), ("SimGroup", GROUP), ("Operation", OPERATION), ("OperationItem", ITEM), ("SimLock", SIM_LOCK)],
)
def test_every_field_of_a_fast_list_is_declared(kind: str, fields: Fields) -> None:
    found: Any = SCHEMA._schema.get_type(kind)

    assert set(found.fields) == set(fields), "declare it in its projection, as docs/projection.md says"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sim_group SET name = 'zz ' || name",
        "DELETE FROM sim_group_member",
        "UPDATE company SET name = name || ' Ltd'",
        "UPDATE profile SET title = 'Another'",
        "UPDATE sim SET name = 'Renamed', balance = 1",
    ],
)
async def test_a_change_is_seen_by_the_very_next_read(fleet: TwoCompanies, hub: EventHub, change: str) -> None:
    before = await answer(SCHEMA.execute_fast, hub, fleet.owner, TABLE, {})

    await execute(change)

    after = await answer(SCHEMA.execute_fast, hub, fleet.owner, TABLE, {})
    assert after != before
    assert after == await answer(SCHEMA.execute, hub, fleet.owner, TABLE, {})
