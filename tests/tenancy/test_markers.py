"""Queries of every kind, made at random from the schema: none shows a text, a number or an id of another company.

Once as the application runs, and once more without the conditions of `access/visibility.py`, where row-level security
stands alone.
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_required_argument,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import access.visibility
from domain.sim_filter import SimFilter
from models.tenancy import as_system
from resolvers.schema import build_schema
from services.fleet.list_sims import list_sims
from services.paging import PageRequest
from tests.graphql.corpus import documents
from tests.tenancy.calls import ID_SCALARS, Calls, ways
from tests.tenancy.conftest import TwoSides
from tests.tenancy.seed import FOREIGN, Side, sides
from tests.tenancy.test_ids import WAYS, ids_of

SCHEMA = build_schema()._schema
assert SCHEMA.query_type is not None
ASKS_AN_OPERATOR = {"simLive", "diagnoseSim"}
ROOTS = sorted(set(SCHEMA.query_type.fields) - ASKS_AN_OPERATOR)

EXAMPLES = 150
"""Random documents for each of the two tests, besides one of everything at every root."""

CONDITIONS = [name for name in vars(access.visibility) if name.startswith("limit_to_")]
"""The functions of `access/visibility.py` that add conditions to a query."""


def arguments_of(calls: Calls, own: Side, other: Side) -> dict[tuple[str, str], st.SearchStrategy[str]]:
    """What every field with arguments is given: examples, and whatever id, own or other, fits the type of any argument."""
    ids = [*ids_of(own, own.base).values(), *ids_of(other, other.base).values()]
    found = {}
    for type_ in SCHEMA.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                if field.args:
                    _, example = (
                        calls.document(type_.name, name) if type_.name in WAYS or type_.name == "Query" else ("", {})
                    )
                    found[type_.name, name] = _arguments(field.args, example, ids)
    return found


def _arguments(arguments: Any, example: dict[str, Any], ids: list[str]) -> st.SearchStrategy[str]:
    @st.composite
    def written(draw: st.DrawFn) -> str:
        parts = []
        for name, argument in arguments.items():
            value = example.get(name)
            if value is None and not is_required_argument(argument) and draw(st.integers(0, 3)):
                continue
            parts.append(f"{name}: {_literal(draw, argument.type, name, value, ids, 3)}")
        return f"({', '.join(parts)})" if parts else ""

    return written()


def _literal(draw: st.DrawFn, type_: Any, name: str, value: Any, ids: list[str], depth: int) -> str:
    if isinstance(type_, GraphQLNonNull):
        return _literal(draw, type_.of_type, name, value, ids, depth)
    if isinstance(type_, GraphQLList):
        each = value[0] if isinstance(value, list) and value else None
        return f"[{_literal(draw, type_.of_type, name, each, ids, depth)}]"
    if isinstance(type_, GraphQLInputObjectType):
        return _object(draw, type_, value if isinstance(value, dict) else {}, ids, depth)
    if isinstance(type_, GraphQLEnumType):
        return draw(st.sampled_from(sorted(type_.values)))
    if value is not None:
        return orjson.dumps(value).decode()
    if type_.name in ID_SCALARS:
        return orjson.dumps(draw(st.sampled_from(ids))).decode()
    texts = [each for side in sides() for each in (side.marker, side.digits)]
    plain = {
        "Int": st.sampled_from(["1", "2", "7"]),
        "Boolean": st.sampled_from(["true", "false"]),
        "String": st.sampled_from([*texts, "", "1"]).map(lambda text: orjson.dumps(text).decode()),
        "Date": st.just('"2025-03-10"'),
        "DateTime": st.just('"2025-03-10T09:00:00Z"'),
    }
    return draw(plain.get(type_.name, st.just('"1"')))


def _object(draw: st.DrawFn, type_: GraphQLInputObjectType, given_: dict[str, Any], ids: list[str], depth: int) -> str:
    required = [name for name, each in type_.fields.items() if isinstance(each.type, GraphQLNonNull) and name in given_]
    chosen = [draw(st.sampled_from(sorted(type_.fields)))] if depth else []
    if type_.is_one_of:
        chosen, required = chosen[:1] or sorted(type_.fields)[:1], []
    parts = [
        f"{name}: {_literal(draw, type_.fields[name].type, name, given_.get(name), ids, depth - 1)}"
        for name in dict.fromkeys([*required, *chosen])
    ]
    return "{" + ", ".join(parts) + "}"


def shown_of(other: Side, answer: str) -> str | None:
    """What an answer shows of the other company: a marker, digits, or an id; None when there is nothing."""
    for sign in (other.marker, other.digits):
        if sign in answer:
            at = answer.index(sign)
            return answer[max(0, at - 60) : at + 60]
    for text in re.findall(r'"([A-Za-z0-9+/]{8,}=*)"', answer):
        try:
            name, _, number = base64.b64decode(text).decode().partition(":")
        except ValueError:
            continue
        if number.isdigit() and int(number) >= FOREIGN:
            return f"the id of a {name}"
    return None


@contextmanager
def row_level_security_alone() -> Iterator[None]:
    """The conditions of the code are away, wherever they were imported."""
    replaced = []
    for module in list(sys.modules.values()):
        for name in CONDITIONS:
            if getattr(module, name, None) is getattr(access.visibility, name) and module is not access.visibility:
                replaced.append((module, name, getattr(module, name)))
    own = {name: getattr(access.visibility, name) for name in CONDITIONS}
    try:
        for module, name, _ in replaced:
            setattr(module, name, _adds_nothing)
        for name in own:
            setattr(access.visibility, name, _adds_nothing)
        yield
    finally:
        for module, name, function in replaced:
            setattr(module, name, function)
        for name, function in own.items():
            setattr(access.visibility, name, function)


def _adds_nothing(*_: object, **__: object) -> None:
    pass


@pytest.fixture(params=[False, True], ids=["both walls", "row-level security alone"])
def walls(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether row-level security stands alone."""
    if request.param:
        with row_level_security_alone():
            yield True
    else:
        yield False


async def test_one_document_of_everything_shows_the_own_company_alone(two: TwoSides, walls: bool) -> None:
    calls = Calls(SCHEMA, two.own, two.other, ways(SCHEMA) | WAYS)

    seen = await everything(two, calls)

    assert seen.count(two.own.marker) > 50, "the documents show hardly anything: they would not show what they must not"
    assert shown_of(two.other, seen) is None
    with as_system():  # beyond the session, whether the code's conditions are there is all that decides
        page = await list_sims(two.own.owner, SimFilter(), PageRequest(first=9))
    assert len(page.rows) == (2 if walls else 1)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_no_query_shows_another_company(two: TwoSides, walls: bool, data: st.DataObject) -> None:
    calls = Calls(SCHEMA, two.own, two.other, ways(SCHEMA) | WAYS)
    text, variables = data.draw(documents(SCHEMA, ROOTS, arguments_of(calls, two.own, two.other), depth=4))

    answer = await two.ask(two.own.owner, text, variables)

    # What was asked comes back in refusals; only what was not asked is shown.
    assert shown_of(two.other, _without_errors(answer)) is None, text


def _without_errors(answer: str) -> str:
    return orjson.dumps(orjson.loads(answer)["data"]).decode()


async def everything(two: TwoSides, calls: Calls) -> str:
    """The answers to one document of everything at each root."""
    answers = [await two.ask(two.own.owner, *calls.document("Query", root)) for root in ROOTS]
    return "\n".join(_without_errors(answer) for answer in answers)
