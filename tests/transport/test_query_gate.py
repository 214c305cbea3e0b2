"""The look at a document before it is parsed: what it counts, and that it never takes long or breaks."""

from __future__ import annotations

import pytest
from graphql import build_schema, get_introspection_query, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from transport.limits import MAX_FRAGMENTS, MAX_NESTING, MAX_TOKENS
from transport.query_gate import check_document, is_longer
from transport.refusals import RequestRefused

SCHEMA = build_schema("type Query { a(b: String, c: [Int]): Query, d: Int }")


def passes(query: str) -> bool:
    try:
        check_document(query)
    except RequestRefused:
        return False
    return True


def nested(depth: int, inner: str = "d") -> str:
    return "{a" * (depth - 1) + "{" + inner + "}" * depth


@pytest.mark.parametrize(
    ("query", "accepted"),
    [
        (nested(MAX_NESTING), True),
        (nested(MAX_NESTING + 1), False),
        ("{" + "d " * (MAX_TOKENS - 2) + "}", True),
        ("{" + "d " * (MAX_TOKENS - 1) + "}", False),
        ("{" + "a(c:[-1,2.5e3])" * 222 + "}", True),  # 9 tokens each
        ("{" + "a(c:[-1,2.5e3])" * 286 + "}", False),
        ("fragment " * MAX_FRAGMENTS, True),
        ("fragment " * (MAX_FRAGMENTS + 1), False),
        (get_introspection_query(input_value_deprecation=True), True),
    ],
)
def test_it_counts_nesting_tokens_and_fragments(query: str, accepted: bool) -> None:
    assert passes(query) is accepted


@pytest.mark.parametrize(
    "harmless",
    [
        '{ a(b: "' + "{" * 100 + '") { d } }',
        '{ a(b: "\\"' + "{" * 100 + '") { d } }',
        '{ a(b: """' + '{ " "" \\""" ' * 100 + '""") { d } }',
        "{ # " + "{" * 100 + "\n d }",
        '{ a(b: "' + "word " * 3000 + '") { d } }',
    ],
)
def test_strings_and_comments_do_not_count(harmless: str) -> None:
    parse(harmless)
    assert passes(harmless)


@pytest.mark.parametrize("text", ['"' * 100_000, '"\\' * 50_000, '"""' + '\\"' * 40_000, '#"' * 50_000, '{"}' * 30_000])
def test_broken_strings_are_passed_over_in_one_go(text: str) -> None:
    passes(text)  # a pattern that tried again would not come back in a lifetime


@given(st.text(alphabet='{}[]()"\\#\n ab1\x00é', max_size=300))
def test_any_text_passes_or_is_refused(text: str) -> None:
    passes(text)


@given(st.integers(1, MAX_NESTING), st.sampled_from(["d", "... { d }", "... on Query { d }"]))
def test_what_passes_can_be_parsed_and_validated(depth: int, inner: str) -> None:
    query = nested(depth, inner)
    if passes(query):
        assert validate(SCHEMA, parse(query)) == []


def test_the_longest_chain_of_fragments_that_passes_can_be_validated() -> None:
    chain = "".join(f"fragment f{n} on Query {{ ...f{n + 1} }} " for n in range(MAX_FRAGMENTS - 1))
    query = f"{{ ...f0 }} {chain} fragment f{MAX_FRAGMENTS - 1} on Query {{ d }}"
    assert passes(query)
    assert validate(SCHEMA, parse(query)) == []


@given(st.text(max_size=50), st.integers(0, 100))
def test_length_is_counted_in_bytes(text: str, limit: int) -> None:
    assert is_longer(text, limit) is (len(text.encode(errors="surrogatepass")) > limit)
