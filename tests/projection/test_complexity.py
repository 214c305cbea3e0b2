"""What a document may ask for: every limit from both sides, fragments and variables included, and how little it takes to tell."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, build_schema, get_introspection_query, parse, validate

from projection.complexity import Limits, TooComplex, check_cost, measured

SCHEMA = build_schema(
    """
    type Query { sims(first: Int, last: Int): Sims! sim: Sim! many: [Sim!]! rows(first: Int): [Sim!]! }
    type Mutation { change: Sim! }
    type Sims { nodes: [Sim!]! edges: [Edge!]! total: Int! }
    type Edge { node: Sim! cursor: String! }
    type Sim { id: ID! name: String company: Company! items(first: Int = 20): Sims! tags: [Tag!]! twin: Sim }
    type Company { name: String sims(first: Int): Sims! }
    type Tag { text: String }
    """
)
LIMITS = Limits()


def cost(query: str, variables: dict[str, object] | None = None, schema: GraphQLSchema = SCHEMA) -> int:
    """The cost of the one operation of a document."""
    [measure] = measured(schema, parse(query), Limits(cost=10**9)).values()
    return measure.cost.value(variables or {})


def broken_limit(query: str, variables: dict[str, object] | None = None) -> str | None:
    """The name of the limit that a document breaks."""
    try:
        for measure in measured(SCHEMA, parse(query), LIMITS).values():
            check_cost(measure, variables or {}, LIMITS)
    except TooComplex as error:
        return error.limit
    return None


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ sim { id name } }", {}, 1),
        ("{ sim { company { name } twin { id } } }", {}, 3),
        ("{ sims(first: 7) { total nodes { id } } }", {}, 1 + 7),
        ("{ sims { nodes { id } } }", {}, 1 + 50),
        ("{ sims(first: null) { nodes { id } } }", {}, 1 + 50),
        ("{ sims(last: 3) { edges { cursor node { id } } } }", {}, 1 + 3 * 2),
        (
            "{ sims(first: 7) { nodes { items(first: 5) { nodes { tags { text } } } } } }",
            {},
            1 + 7 * (2 + 5 * (1 + 10)),
        ),
        ("{ rows(first: 4) { company { name } } }", {}, 4 * 2),
        ("{ many { id } }", {}, 10),
        ("query($n: Int) { sims(first: $n) { nodes { company { name } } } }", {"n": 30}, 1 + 30 * 2),
        ("query($n: Int) { sims(first: $n) { nodes { id } } }", {"n": None}, 1 + 50),
        ("query($n: Int) { sims(first: $n) { nodes { id } } }", {}, 1 + 50),
        ("query($n: Int) { sims(first: $n) { nodes { id } } }", {"n": -1}, 1),
        ("query($n: Int) { sims(first: $n) { nodes { id } } }", {"n": 10**9}, 1 + 500),  # refused by whoever reads
        ("{ sims(first: 99999999999) { nodes { id } } }", {}, 1 + 500),
        ("query($n: Int, $m: Int) { sims(first: $n, last: $m) { nodes { id } } }", {"n": 3, "m": 9}, 1 + 9),
        ("query($n: Int) { sims(first: $n) { ...F } } fragment F on Sims { nodes { twin { id } } }", {"n": 6}, 13),
        (
            "query($n: Int, $m: Int) { sims(first: $n) { ...F ...F } }"
            " fragment F on Sims { nodes { items(first: $m) { nodes { id } } } }",
            {"n": 4, "m": 5},
            1 + 2 * 4 * (1 + 1 + 5),
        ),
        ("mutation { change { company { name } } }", {}, 2),
        ("{ sim { unknown { deeper } id } }", {}, 1),
    ],
)
def test_cost_is_the_product_of_page_sizes(query: str, variables: dict[str, object], expected: int) -> None:
    assert cost(query, variables) == expected


def nested(depth: int) -> str:
    return "{ sim " + "{ twin " * (depth - 2) + "{ id }" + " }" * (depth - 2) + " }"


def fan_out(levels: int) -> str:
    spreads = "".join(f"fragment f{n} on Sim {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels))
    return "{ sim { ...f0 } }" + spreads + f"fragment f{levels} on Sim {{ company {{ name }} }}"


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        (nested(12), None),
        (nested(13), "depth"),
        ("{ sim { ...A } } fragment A on Sim { twin { ...B } } fragment B on Sim " + nested(12)[6:-2], "depth"),
        ("{" + " ".join(f"a{n}: many {{ id }}" for n in range(30)) + "}", None),
        ("{" + " ".join(f"a{n}: many {{ id }}" for n in range(31)) + "}", "aliases"),
        ("{ sim { ...A twin { ...A } } } fragment A on Sim {" + " ".join(f"a{n}: id" for n in range(16)) + "}", "aliases"),
        ("{ sim { id" + " @skip(if: false)" * 50 + " } }", None),
        ("{ sim { id" + " @skip(if: false)" * 51 + " } }", "directives"),
        ("query @x { sim { ...A @x ... @x { id } } } fragment A on Sim @x { id }", None),
        ("{ sims(first: 500) { nodes { items(first: 97) { nodes { id } } } } }", None),
        ("{ sims(first: 500) { nodes { items(first: 100) { nodes { id } } } } }", "objects to visit (the product of page sizes)"),
        (fan_out(3), None),
        (fan_out(30), "objects to visit (the product of page sizes)"),
        ("{ sim {" + " id" * 300 + " } }", None),
        ("{ sim {" + " id" * 400 + " } }", "comparisons of fields of one name"),
        ("{" + " sim { id }" * 50 + "}", None),
        ("{" + " sim { id }" * 100 + "}", "comparisons of fields of one name"),
        (
            "{" + " ".join(f"...f{n}" for n in range(99)) + "}"
            + "".join(f"fragment f{n} on Query {{ sim {{ id }} ...f{n + 1} }}" for n in range(99))
            + "fragment f99 on Query { sim { id } }",
            "comparisons of fields of one name",
        ),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A sim { id } }", None),  # validation refuses it
        ("{ ...Unknown }", None),
    ],
)  # fmt: skip
def test_each_limit_holds_and_what_is_below_passes(query: str, limit: str | None) -> None:
    assert broken_limit(query) == limit


def test_variables_decide_with_a_document_that_is_known() -> None:
    query = "query($n: Int, $m: Int) { sims(first: $n) { nodes { items(first: $m) { nodes { id } } } } }"

    assert broken_limit(query, {"n": 500, "m": 90}) is None
    assert broken_limit(query, {"n": 500, "m": 100}) == "objects to visit (the product of page sizes)"


def test_a_fragment_is_measured_once_however_often_it_is_spread() -> None:
    """2^90 visits: whoever walks them does not come back."""
    assert broken_limit(fan_out(90)) == "objects to visit (the product of page sizes)"
    many = (
        fan_out(90)
        .replace("company { name }", "items(first: $n) { nodes { id } }")
        .replace("{ sim", "query($n: Int) { sim", 1)
    )
    assert broken_limit(many, {"n": 1}) == "objects to visit (the product of page sizes)"


@pytest.mark.parametrize("levels", range(1, 7))
def test_introspection_may_ask_twice_what_tools_ask(levels: int) -> None:
    everything = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
    recursion = "{ __schema { types " + "{ fields { type " * levels + "{ name } " + "} } " * levels + "} }"

    assert validate(SCHEMA, parse(everything)) == []
    assert broken_limit(everything) is None
    assert (broken_limit(recursion) is None) is (levels < 2)
