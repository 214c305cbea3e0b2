"""A compiled schema answers as graphql-core does."""

from __future__ import annotations

import pytest

from models.database import execute
from projection import CompiledSchema
from tests.projection import shop
from tests.projection.asking import same

PAGE = """query Page($first: Int! = 4, $after: String, $full: Boolean = true, $bare: Boolean = false) {
  orders(first: $first, after: $after) {
    __typename totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor at: cursor node { ...Row } }
    nodes { id ...Row @include(if: $full) }
  }
}
fragment Row on Order {
  __typename key: id note money @skip(if: $bare) { __typename total isFree } state placedAt paidAt
  ... on Thing { id } ... @include(if: $full) { seller { id name shout } labels { __typename name colour } }
  lines { __typename item pieces wantedAt }
}"""


async def test_a_page_is_projected_and_equal(schema: CompiledSchema) -> None:
    answer = await same(schema, PAGE)

    assert answer["data"]["orders"]["totalCount"] == 8
    assert len(answer["data"]["orders"]["edges"]) == 4
    assert (shop.Answered.projected, shop.Answered.ordinary) == (1, 1)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"first": 0},
        {"first": 50},
        {"first": 2, "after": "c3"},
        {"after": "c8"},
        {"full": False},
        {"bare": True, "full": False},
        {"bare": None},
        {"first": None},
        {"first": "x"},
        {"first": -1},
        {"after": None},
    ],
)
async def test_variables_decide_alike(schema: CompiledSchema, variables: dict[str, object]) -> None:
    await same(schema, PAGE, variables)
    await same(schema, PAGE, variables)


async def test_shops_never_see_each_other(schema: CompiledSchema) -> None:
    north = await same(schema, PAGE, {"first": 50})
    south = await same(schema, PAGE, {"first": 50}, context={"shop": "south"})

    keys = [{edge["node"]["key"] for edge in answer["data"]["orders"]["edges"]} for answer in (north, south)]
    assert keys == [{f"o{n}" for n in range(1, 9)}, {f"o{n}" for n in range(9, 13)}]


@pytest.mark.parametrize(
    "query",
    [
        "{ order(id: 2) { id money { total } seller { name } labels { id } lines { item } } }",
        "{ order(id: 99) { id } }",
        "{ order(id: 9) { id } }",
        "{ a: order(id: 1) { id } b: order(id: 2) { id note } numbers }",
        "{ numbers(upto: null) more: numbers(upto: 1) }",
        "query($n: Int) { numbers(upto: $n) orders(filter: {states: [PAID], noted: true}) { nodes { id note } } }",
        '{ thing(id: "l1") { __typename id ... on Label { name cut(to: 2) asker } ... on Order { note } } }',
        '{ thing(id: "o1") { __typename id ... on Label { name } ... on Order { note lines { item } } } }',
        '{ thing(id: "o77") { id } }',
        "{ plainOrders { id undeclared seller { asker } labels { name } lines { item } money { total } } }",
    ],
)
async def test_queries_of_every_kind(schema: CompiledSchema, query: str) -> None:
    answer = await same(schema, query)

    assert answer["errors"] == []


@pytest.mark.parametrize(
    ("query", "projections"),
    [
        ('{ orders { nodes { id numbered { item } a: numbered(step: 2, words: ["x", "y"]) { item } note } } }', 1),
        ("{ orders(first: 8) { nodes { sort { id name } sort { shout } other: sort { asker } } } }", 1),
        (
            "{ orders { edges { node { related { totalCount nodes { id related(first: 1) { nodes { note } } } } } } } }",
            10,
        ),
        ("{ order(id: 3) { numbered { __typename item } related(first: 5) { edges { cursor } } } }", 2),
        ("query($n: Int = 7) { order(id: 3) { numbered(step: $n) { item } id } }", 1),
    ],
)
async def test_what_is_answered_beside_the_statement_is_equal(
    schema: CompiledSchema, query: str, projections: int
) -> None:
    answer = await same(schema, query)

    assert answer["errors"] == []
    assert shop.Answered.projected == projections


@pytest.mark.parametrize(
    "query",
    [
        "{ orders { nodes { undeclared } } }",
        "{ orders { nodes { labels { asker } } } }",
        "{ orders { nodes { labels { cut(to: 1) } } } }",
    ],
)
async def test_what_only_objects_can_answer_they_answer(schema: CompiledSchema, query: str) -> None:
    answer = await same(schema, query)

    assert answer["errors"] == []
    assert shop.Answered.projected == 0


@pytest.mark.parametrize(
    "query",
    [
        "{ orders(first: 8) { nodes { id noteOrError } } }",
        "{ orders(first: 8) { nodes { id breaks } } }",
        "{ order(id: 1) { id numbered(step: 0) { item } } }",
        "{ plainOrders { id breaks noteOrError } }",
        "{ orders(first: -1) { totalCount } numbers }",
        "{ nothing }",
        "{ orders { nodes }",
        "query A { numbers } query B { nothing }",
        "",
    ],
)
async def test_errors_are_the_same_with_their_paths(schema: CompiledSchema, query: str) -> None:
    try:
        answer = await same(schema, query)
    except Exception as refused:
        with pytest.raises(type(refused)):
            await schema.execute(query)
    else:
        assert answer["errors"]


async def test_an_operation_is_chosen_by_name(schema: CompiledSchema) -> None:
    query = "query A { numbers(upto: 1) } query B { numbers(upto: 2) }"

    assert (await same(schema, query, name="A"))["data"] == {"numbers": [0]}
    assert (await same(schema, query))["data"] == {"numbers": [0]}
    assert (await same(schema, query, name="B"))["data"] == {"numbers": [0, 1]}


async def test_a_resolver_that_asks_for_its_path_is_told(schema: CompiledSchema) -> None:
    assert (await same(schema, "{ here: whereAmI }"))["data"] == {"here": ["here"]}


@pytest.mark.parametrize("fail", [False, True])
async def test_a_mutation_runs_once(schema: CompiledSchema, fail: bool) -> None:
    result = await schema.execute_fast("mutation($fail: Boolean!) { change(fail: $fail) }", {"fail": fail})

    assert bool(result.errors) is fail
    assert shop.Changes.count == 1


async def test_a_catalogue_is_read_once_until_it_changes(schema: CompiledSchema) -> None:
    query = "{ orders(first: 8) { nodes { labels { name } seller { name } } } }"
    await execute("INSERT INTO catalogue_version VALUES ('shop_label', 1)")
    await same(schema, query)
    loads = shop.Loads.count
    await same(schema, query)
    assert shop.Loads.count == loads

    await execute("UPDATE shop_label SET name = 'aaa' WHERE id = 3")
    await execute("UPDATE catalogue_version SET version = 2 WHERE name = 'shop_label'")
    answer = await same(schema, query)

    assert "aaa" in str(answer)
    assert shop.Loads.count > loads


async def test_introspection_is_answered(schema: CompiledSchema) -> None:
    answer = await same(schema, '{ __schema { queryType { name } } __type(name: "Order") { name } __typename }')

    assert answer["data"]["__typename"] == "Query"
