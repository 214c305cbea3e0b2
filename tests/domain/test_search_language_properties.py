"""The search language against slower, independent readings of the same rules, over generated texts."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from domain.search_language import MatchMode, SearchQuery, Term, fold, matches, parse, to_like_pattern

# Rich in the characters that mean something, so that short texts meet the corners.
TRICKY = st.text(alphabet='ab1é\u0301ёҚ "*!%_\\,Ω中\n', max_size=30)
ANYTHING = st.one_of(
    TRICKY, st.text(max_size=60), st.text(alphabet=st.characters(categories=["Cs", "Cc", "L"]), max_size=9)
)
STORED = st.text(alphabet='ab1éЁқ %_\\*"', max_size=6).map(lambda text: unicodedata.normalize("NFC", text))
TERMS = st.builds(Term, st.text(alphabet="abAé1Ё%_\\ *", min_size=1, max_size=4), st.sampled_from(MatchMode))


def like(value: str, pattern: str) -> bool:
    """SQL LIKE with the backslash as escape character, one character at a time."""
    expression, position = "", 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 1
            expression += re.escape(pattern[position])
        else:
            expression += {"%": ".*", "_": "."}.get(character, re.escape(character))
        position += 1
    return re.fullmatch(expression, value, re.DOTALL) is not None


@given(ANYTHING)
def test_every_text_has_a_meaning(text):
    query = parse(text)
    assert not (query.matches_everything and (query.terms or query.matches_nothing))
    assert all(term.text for term in query.terms)
    assert len({(fold(term.text), term.mode) for term in query.terms}) == len(query.terms)
    for term in query.terms:
        to_like_pattern(term).encode()


@given(st.text(alphabet="abZ019é,; .-%_'", max_size=40))
def test_without_quotes_and_marks_the_terms_are_the_runs_of_letters_and_digits(text):
    expected = {word.lower() for word in re.findall(r"[^\W_]+", text)}
    assert {fold(term.text) for term in parse(text).terms} == expected


@given(st.lists(TERMS, min_size=1, max_size=5))
def test_a_written_down_strict_query_is_read_back(terms):
    written = "!" + ",".join(
        "*" * (term.mode in (MatchMode.ENDS_WITH, MatchMode.CONTAINS))
        + f'"{term.text}"'
        + "*" * (term.mode in (MatchMode.STARTS_WITH, MatchMode.CONTAINS))
        for term in terms
    )
    distinct = {(fold(term.text), term.mode): term for term in reversed(terms)}
    assert set(parse(written).terms) == set(distinct.values())


@given(st.lists(TERMS, max_size=3), STORED, st.none() | STORED, st.none() | STORED, st.none() | STORED)
def test_the_patterns_find_what_the_definition_finds(terms, iccid, msisdn, external_msisdn, name):
    query = SearchQuery(tuple(terms))
    values = [fold(value) for value in (iccid, msisdn, external_msisdn, name) if value is not None]
    by_pattern = any(like(value, to_like_pattern(term)) for term in terms for value in values)
    assert matches(query, iccid, msisdn, external_msisdn, name) is by_pattern


@given(TRICKY, STORED)
def test_the_strict_mode_finds_nothing_that_the_standard_mode_does_not(text, name):
    if matches(parse("!" + text), name, None, None, None):
        assert matches(parse(text), name, None, None, None) or text.lstrip().startswith("!")


@given(STORED.filter(lambda name: '"' not in name and name != ""))
def test_every_name_is_found_by_its_quoted_self(name):
    assert matches(parse(f'"{name}"'), "89", None, None, name)
    assert matches(parse(f'!"{name.upper()}"'), "89", None, None, name)


@given(ANYTHING)
def test_the_letters_of_a_text_in_another_form_mean_the_same(text):
    assert parse(unicodedata.normalize("NFD", text)) == parse(text)


@given(ANYTHING)
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)
