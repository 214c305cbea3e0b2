"""Another company's id answers exactly like one that nobody has: everywhere in the schema, found by walking through it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import orjson
import pytest

from access import Principal
from models.database import connection_arguments
from models.identity import UserRole
from resolvers.schema import build_schema
from schema.ids import global_id
from tests.tenancy.calls import Calls, Place, cursor_places, id_places, snake, types_with_ids, ways
from tests.tenancy.conftest import TwoSides
from tests.tenancy.seed import FOREIGN, NOWHERE, OWN, Side

SCHEMA = build_schema()._schema
PLACES, CURSORS = id_places(SCHEMA), cursor_places(SCHEMA)

# The tables of types, where these are not called as the types are.
TABLES = {
    "User": "user_account",
    "Viewer": "user_account",
    "Me": "user_account",
    "OperationStarter": "user_account",
    "SupportMessage": "delivery",
    "OutgoingMessage": "delivery",
    "Download": "report_export",
}

# Types with an id that belong to no company, each with its reason.
NOBODYS = {
    "BillingRun": "the month's run for all companies; staff only",
    "ExchangeRate": "what central banks said",
    "LegalEntity": "the platform's own companies",
    "Profile": "the same catalogue for everybody",
}

# Lists without rows of a company, whose cursors nobody can have from another; of the last one none of the SIMs made here.
LISTS_OF_NOBODY = {"Query.coverage", "PriceList.networks", "Query.simsOutsideCoverage"}

# Places whose ids nobody looks up, each with its reason.
NOT_LOOKED_UP = {
    "Query.previewOperation(change.assignGroups.add)": "a preview judges SIMs; the groups are looked up on acceptance",
    "Query.previewOperation(change.assignGroups.remove)": "the same",
    "Query.previewBilling(companyId)": "staff only; and the companies made here pay ahead, so nothing of theirs is billed",
    "Mutation.decideExchangeRate(input.id)": "rates belong to no company, and only staff decides",
}

KEPT = {
    "saveView": "a filter is kept as it is, and looked up whenever the view is asked",
    "saveReport": "the same for a report",
    "requestExport": "an export begins with what is there when it is run",
}
"""Fields that look nothing up of a selection or filter."""

SHARED, FIRST = {"SimFilter", "SimSelection", "ReportSelection"}, {"sims", "sessionReport", "lockSims", "moveSims"}
"""Inputs that many fields have, and the fields in which they are tried by all principals; elsewhere by the owner."""

# A way to types that are behind a field with arguments, or where the first one found needs some.
WAYS = {
    "Sim": "sims(first: 2) { nodes { … } }",
    "CsvFilterReport": 'csvFilterReport(csv: "89374141414000000001;x\\n1;2\\n3;4") { … }',
    "OperationPreview": "previewOperation(change: {lock: true}, selection: {filter: {}}) { … }",
}

TABLES_OF_COMPANIES = """
SELECT c.relname::text AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relrowsecurity
"""


def ids_of(side: Side, base: int) -> dict[str, str]:
    """An id of each type: of the side's rows, or with `NOWHERE` ids that nobody has."""
    found: dict[str, str] = {}
    for name in types_with_ids(SCHEMA):
        if name in NOBODYS:
            continue
        row_id = side.rows.get(TABLES.get(name, snake(name)))
        assert row_id is not None, (
            f"No table is known for the type {name}: add it to TABLES of tests/tenancy/test_ids.py, or to NOBODYS there with a"
            " reason if it belongs to no company."
        )
        found[name] = global_id(name, row_id - side.base + base)
    return found


def values_of(side: Side, base: int, scalar: str) -> dict[str, str]:
    """What may be put into a place, by what it is."""
    if scalar == "Iccid":
        digits = side.digits if base == side.base else "5252525"
        return {"Iccid": f"8937{digits}00000001"}
    return ids_of(side, base)


def principals(two: TwoSides) -> dict[str, Principal]:
    """All for whom another company's rows do not exist; the owner first."""
    owner = two.own.owner
    return {
        "owner": owner,
        "log-in of the owner": replace(owner, is_session=True),
        "agent": replace(owner, role=UserRole.AGENT, agent_id=two.own.rows["agent"]),
    }


def staff(two: TwoSides) -> Principal:
    """One for whom everything exists: shows that a call is right where a company may not make it."""
    return replace(two.own.owner, role=UserRole.ADMIN, company_ids=None, is_session=True)


def without(answer: str, *values: str) -> str:
    """An answer without the ids that it was asked with, and without what two equal calls do not have in common."""
    for value in values:
        answer = answer.replace(value, "<asked>")
    return _MADE.sub(_new, _NOW.sub("<now>", answer))


_NOW = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+\.\d+Z")  # what is seeded has whole seconds
_MADE = re.compile(r'"([A-Za-z0-9+/]{8,}=*)"')


def _new(found: re.Match[str]) -> str:
    """The id of a row that the call itself made: those of a sequence begin at 1."""
    try:
        name, _, number = base64.b64decode(found[1]).decode().partition(":")
    except ValueError:
        return found[0]
    return f'"<new {name}>"' if number.isdigit() and int(number) < OWN else found[0]


def test_there_is_much_to_ask() -> None:
    assert len(PLACES) > 90
    assert len(CURSORS) > 20


@pytest.mark.parametrize("kind", ["Query", "Mutation", "Subscription", "nested"])
async def test_ids_of_another_company_are_like_ids_of_nobody(two: TwoSides, database: str, kind: str) -> None:
    calls = Calls(SCHEMA, two.own, two.other, ways(SCHEMA) | WAYS)
    owner = await asyncpg.connect(**connection_arguments(database))
    try:
        others = await digest(owner)
        unlike, unproven = [], []
        refused: set[tuple[str, str, str]] = set()
        for place in PLACES:
            if place.parent == kind or (kind == "nested" and place.parent not in ("Query", "Mutation", "Subscription")):
                unlike += [line async for line in differences(two, calls, place, refused)]
                if str(place) not in NOT_LOOKED_UP and not (place.inside in SHARED and place.field in KEPT):
                    unproven += [] if await looks_up(two, calls, place) else [str(place)]
        assert unlike == []
        assert unproven == [], (
            "No call was found that gets as far as looking an id up at these places: add what they need besides to EXAMPLES of"
            " tests/tenancy/calls.py (or to WAYS of tests/tenancy/test_ids.py, when the type is behind other arguments)."
        )
        assert await digest(owner) == others
    finally:
        await owner.close()


async def differences(two: TwoSides, calls: Calls, place: Place, refused: set[tuple[str, str, str]]) -> Any:
    """Where another company's id is not answered like one that nobody has.

    An id of a wrong type is refused before anybody looks, by the input object or the field: there it is tried once.
    """
    foreign = values_of(two.other, FOREIGN, place.scalar)
    nobodys = values_of(two.other, NOWHERE, place.scalar)
    for who, principal in principals(two).items():
        if who != "owner" and (place.parent == "Subscription" or (place.inside in SHARED and place.field not in FIRST)):
            continue
        for type_name, value in foreign.items():
            known = (place.inside or str(place), place.path[-1], type_name)
            if known in refused:
                continue
            answers = [without(await two.ask(principal, *calls.call(place, value)), value)]
            if "INVALID_ID" in answers[0] and place.scalar == "ID":
                refused.add(known)
            nobody = nobodys[type_name]
            answers.append(without(await two.ask(principal, *calls.call(place, nobody)), nobody))
            if answers[0] != answers[1] or two.other.marker in answers[0]:
                yield f"{place} as {who} with a {type_name}: {answers[0][:300]} | {answers[1][:300]}"


def _may_be(place: Place, type_name: str) -> bool:
    """Whether the names say so: what is likely is tried first."""
    name = place.path[-1].removesuffix("s").removesuffix("Id").lower()
    words = f"{place.field} {'Sim' if place.inside in SHARED else ''}".lower()
    return type_name == "Iccid" or type_name.lower().endswith(name) if name != "id" else type_name.lower() in words


async def looks_up(two: TwoSides, calls: Calls, place: Place) -> bool:
    """Whether an id that the asker has is answered otherwise than one that nobody has: else the test would show nothing."""
    own = values_of(two.own, two.own.base, place.scalar)
    nobodys = values_of(two.own, NOWHERE, place.scalar)
    for likely in (True, False):
        for principal in (two.own.owner, staff(two), *principals(two).values()):
            for type_name in (name for name in own if _may_be(place, name) is likely):
                value, nobody = own[type_name], nobodys[type_name]
                answer = without(await two.ask(principal, *calls.call(place, value)), value)
                if answer != without(await two.ask(principal, *calls.call(place, nobody)), nobody):
                    return True
    return False


async def test_cursors_of_another_company_are_like_cursors_of_nobody(two: TwoSides) -> None:
    calls = Calls(SCHEMA, two.own, two.other, ways(SCHEMA) | WAYS)
    unlike, silent = [], []
    for place in CURSORS:
        document, variables = calls.document(place.parent, place.field)
        answer = await two.ask(two.other.owner, document, variables)
        given = list(_cursors(orjson.loads(answer)))
        if not given and "FORBIDDEN" not in answer and f"{place.parent}.{place.field}" not in LISTS_OF_NOBODY:
            silent.append(str(place))
        for cursor in given:
            answers = [
                without(await two.ask(two.own.owner, *calls.call(place, each)), each)
                for each in (cursor, _elsewhere(cursor, two))
            ]
            if answers[0] != answers[1]:
                unlike.append(f"{place}: {answers[0][:300]} | {answers[1][:300]}")
    assert unlike == []
    assert silent == [], (
        "These lists are empty for the filled company: fill their tables in tests/tenancy/seed.py, or add them to"
        " LISTS_OF_NOBODY of tests/tenancy/test_ids.py when no company has rows in them."
    )


def _cursors(answer: Any) -> Iterator[str]:
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key in ("cursor", "endCursor", "startCursor") and isinstance(value, str):
                yield value
            else:
                yield from _cursors(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from _cursors(each)


def _elsewhere(cursor: str, two: TwoSides) -> str:
    """The cursor of a row that nobody has at the same place: ids and markers of the other company are replaced."""
    plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    moved = (
        re.sub(r"\b5(\d{6})\b", r"7\1", plain).replace(two.other.marker, "zzzzz").replace(two.other.digits, "9494949")
    )
    return base64.b64encode(moved.encode()).decode()


async def digest(owner: asyncpg.Connection) -> dict[str, str]:
    """What the tables hold of the other company."""
    found = {}
    for row in await owner.fetch(TABLES_OF_COMPANIES):
        rows = f"SELECT t::text AS line FROM {row['name']} t WHERE t::text LIKE '%' || $1 || '%'"
        found[row["name"]] = await owner.fetchval(
            f"SELECT md5(coalesce(string_agg(line, '|' ORDER BY line), '')) FROM ({rows}) r",
            str(FOREIGN)[:4],
        )
    return found
