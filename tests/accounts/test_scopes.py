"""Scopes: every root field has a decision, and a token without the scope is refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import get_named_type, is_leaf_type, is_required_argument

from access import authenticate
from domain.scopes import ALL_SCOPES, Scope
from resolvers.schema import build_schema
from resolvers.scope_policy import FIELDS, ROOT_FIELDS, ROOTS, TYPES
from tests.accounts.conftest import context_of, with_token
from tests.graphql.conftest import Ask
from tests.transport.serving import Endpoint
from tests.worlds import TwoCompanies

GRAPH: Any = build_schema()._schema
FIELDS_OF_ROOTS = [f"{root}.{name}" for root in ROOTS for name in GRAPH.get_type(root).fields]


def document_of(field: str) -> str:
    """An operation that asks a root field with variables for what it requires, and as little as possible of it."""
    root, name = field.split(".")
    definition = GRAPH.get_type(root).fields[name]
    required = {key: each for key, each in definition.args.items() if is_required_argument(each)}
    variables = ", ".join(f"${key}: {each.type}" for key, each in required.items())
    arguments = ", ".join(f"{key}: ${key}" for key in required)
    below = "" if is_leaf_type(get_named_type(definition.type)) else "{ __typename }"
    return (
        f"{root.lower()} Asked{f'({variables})' if variables else ''}"
        f" {{ {name}{f'({arguments})' if arguments else ''} {below} }}"
    )


def test_every_root_field_has_a_decision_and_no_decision_is_about_nothing() -> None:
    assert sorted(ROOT_FIELDS) == sorted(FIELDS_OF_ROOTS)
    for name in FIELDS:
        parent, field = name.split(".")
        assert field in GRAPH.get_type(parent).fields, name
    assert [name for name in TYPES if GRAPH.get_type(name) is None] == []


@pytest.mark.parametrize("field", [field for field in FIELDS_OF_ROOTS if ROOT_FIELDS.get(field)])
async def test_a_token_without_the_scope_is_refused(world: TwoCompanies, ask: Ask, field: str) -> None:
    narrow = await with_token(world.owner, ALL_SCOPES - ROOT_FIELDS[field] - {Scope.SIMS_WRITE})
    if field.startswith("Subscription"):
        result = await anext(aiter(await build_schema().stream(document_of(field), context_value=context_of(narrow))))
        errors = [error.formatted for error in result.errors]
    else:
        errors = (await ask(narrow, document_of(field)))["errors"]
    assert {"FORBIDDEN"} == {error["extensions"]["code"] for error in errors}
    assert any(scope.value in error["message"] for scope in ROOT_FIELDS[field] for error in errors)


async def test_what_a_type_tells_is_refused_on_every_way_to_it(world: TwoCompanies, ask: Ask) -> None:
    narrow = await with_token(world.owner, [Scope.SIMS_READ])
    nested = "{ sims(first: 1) { nodes { ...S } } } fragment S on Sim { sessions(first: 1) { totalCount } }"
    answer = await ask(narrow, nested)
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert "reports:read" in answer["errors"][0]["message"]
    assert (await ask(narrow, "{ sims(first: 1) { nodes { iccid } } }"))["errors"] == []


async def test_only_the_operation_that_runs_is_minded(world: TwoCompanies, ask: Ask) -> None:
    narrow = await with_token(world.owner, [Scope.REPORTS_READ])
    answer = await ask(narrow, "query A { viewer { name } }")
    assert answer["errors"] == []
    context = context_of(narrow)
    both = "query A { viewer { name } } query B { sims { totalCount } }"
    good = await build_schema().execute(both, context_value=context, operation_name="A")
    bad = await build_schema().execute(both, context_value=context, operation_name="B")
    assert good.errors is None
    assert bad.errors and bad.errors[0].extensions == {"code": "FORBIDDEN"}


async def test_who_may_change_may_read(world: TwoCompanies, ask: Ask) -> None:
    narrow = await with_token(world.owner, [Scope.SIMS_WRITE])
    assert (await ask(narrow, "{ sims { totalCount } }"))["data"] == {"sims": {"totalCount": 6}}


async def test_a_node_is_refused_too(world: TwoCompanies, ask: Ask) -> None:
    sim = (await ask(world.owner, "{ sims(first: 1) { nodes { id } } }"))["data"]["sims"]["nodes"][0]["id"]
    narrow = await with_token(world.owner, [Scope.BILLING_READ])
    answer = await ask(narrow, "query ($id: ID!) { node(id: $id) { id } }", id=sim)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_compiled_queries_mind_scopes_however_often_they_were_asked(world: TwoCompanies) -> None:
    schema = build_schema()
    query = "{ sims(first: 1) { nodes { iccid } } }"
    narrow = await with_token(world.owner, [Scope.BILLING_READ])
    for _ in range(3):
        assert (await schema.execute_fast(query, context_value=context_of(world.owner))).errors is None
        refused = await schema.execute_fast(query, context_value=context_of(narrow))
        assert refused.errors and refused.errors[0].extensions == {"code": "FORBIDDEN"}
        assert refused.data is None


async def test_the_shortest_way_minds_scopes_too(world: TwoCompanies, endpoint_of_the_schema: Endpoint) -> None:
    body = {"query": "{ sims(first: 1) { nodes { iccid } } }"}
    owner = endpoint_of_the_schema.as_(world.owner.token)
    narrow = endpoint_of_the_schema.as_((await with_token(world.owner, [Scope.ADMIN])).token)
    for _ in range(3):
        assert len((await owner.post(body)).json()["data"]["sims"]["nodes"]) == 1
        [error] = (await narrow.post(body)).json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_scope_that_is_taken_away_ends_a_remembered_token(world: TwoCompanies) -> None:
    from models import AccessToken

    narrow = await with_token(world.owner, [Scope.SIMS_READ, Scope.ADMIN])
    await AccessToken.filter(id=narrow.principal.token_id).update(scopes=["admin"])
    again = await authenticate(narrow.token)
    assert again is not None
    assert again.scopes == {Scope.ADMIN}
    assert again.permission_class != narrow.principal.permission_class
