"""The universal search field: what a typed text finds."""

from __future__ import annotations

import pytest

from domain.errors import RefusalCode
from domain.search_language import (
    MAX_TERMS,
    MAX_TEXT_BYTES,
    MatchMode,
    SearchTooLong,
    Term,
    fold,
    matches,
    parse,
    to_like_pattern,
    to_like_patterns,
)

CONTAINS, STARTS, ENDS, EQUALS = (
    MatchMode.CONTAINS,
    MatchMode.STARTS_WITH,
    MatchMode.ENDS_WITH,
    MatchMode.EQUALS,
)


def terms_of(text: str) -> list[tuple[str, MatchMode]]:
    return [(term.text, term.mode) for term in parse(text).terms]


def words_of(text: str) -> list[str]:
    return [term.text for term in parse(text).terms]


@pytest.fixture
def finds():
    """Whether a text finds the SIM of the guide, named "Test SIM 1"."""

    def _finds(text, name="Test SIM 1"):
        return matches(parse(text), "89462038075013217124", "467191026119097", "79001234567", name)

    return _finds


class TestTheGuide:
    def test_by_default_a_fragment_of_any_value_finds_the_sim(self, finds):
        assert finds("13217")  # ICCID
        assert finds("71910261")  # number
        assert finds("9001234")  # external number
        assert finds("st")  # name
        assert not finds("555")

    def test_in_strict_mode_a_fragment_finds_nothing_and_a_whole_value_does(self, finds):
        assert not finds("!467")
        assert finds("!467191026119097")
        assert finds("!89462038075013217124")
        assert finds("!79001234567")

    def test_in_strict_mode_a_star_opens_the_side_it_stands_on(self, finds):
        assert finds("!467*")
        assert not finds("!097*")
        assert finds("!*097")
        assert not finds("!*467")
        assert finds("!*1910*")

    def test_one_query_finds_several_sims_and_each_term_has_its_own_stars(self):
        assert terms_of("!123*,456*,789*") == [("123", STARTS), ("456", STARTS), ("789", STARTS)]
        assert terms_of("!123,*456,*789*") == [("123", EQUALS), ("456", ENDS), ("789", CONTAINS)]

    @pytest.mark.parametrize("separator", list(" ,;\t\n.-+/|()&#@№—%_\\'\u00a0\u2028«»!*"))
    def test_any_character_but_digits_and_letters_separates(self, separator):
        assert words_of(f"123{separator}abc") == ["123", "abc"]


class TestTerms:
    @pytest.mark.parametrize("word", ["é", "naïve", "ёлка", "Қазақстан", "әіңғүұқөһ", "Ğ", "ß", "Łódź", "ＡＢ", "Nº"])
    def test_letters_of_both_scripts_belong_to_the_term(self, word):
        assert words_of(word) == [word]

    @pytest.mark.parametrize(
        "foreign", ["Ω", "中", "ა", "א", "ع", "٣", "²", "Ⅳ", "\u2603", "\U0001f600", "\ud800", "\x00"]
    )
    def test_other_letters_and_digits_separate(self, foreign):
        assert words_of(f"a{foreign}b") == ["a", "b"]

    def test_a_letter_typed_as_base_and_mark_is_the_composed_letter(self):
        assert words_of("cafe\u0301") == ["caf\u00e9"]

    def test_a_mark_without_a_composed_form_stays_with_its_letter(self):
        assert words_of("за\u0301мок") == ["за\u0301мок"]

    def test_a_mark_after_a_digit_separates(self):
        assert words_of("1\u03012") == ["1", "2"]

    def test_a_term_of_one_character_works(self, finds):
        assert terms_of("7") == [("7", CONTAINS)]
        assert finds("s")

    def test_letters_and_digits_make_one_term(self):
        assert words_of("SIM1 2й") == ["SIM1", "2й"]

    def test_a_repeated_term_counts_once_whatever_its_case(self):
        assert words_of("Test,TEST,test") == ["Test"]
        assert terms_of("!12 12* 12") == [("12", EQUALS), ("12", STARTS)]

    def test_case_does_not_matter(self, finds):
        assert finds("tEST")
        assert finds("ЁЛКА", name="ёлка")
        assert finds("қазақ", name="ҚАЗАҚСТАН")

    def test_lower_case_keeps_letters_apart_that_only_capitals_join(self, finds):
        assert not finds("strasse", name="straße")

    def test_percent_and_underscore_are_no_wildcards(self, finds):
        assert words_of("4%6_7") == ["4", "6", "7"]
        assert not finds("!467%")
        assert not finds("!46719102611909_")


class TestStrictMode:
    def test_the_mark_counts_only_before_everything_else(self):
        assert terms_of("12!34") == [("12", CONTAINS), ("34", CONTAINS)]
        assert terms_of('"!12"') == [("!12", CONTAINS)]

    @pytest.mark.parametrize("lead", [" ", "\n\t", "\ufeff", "\u200b", "\u202a"])
    def test_blanks_before_the_mark_do_no_harm(self, lead):
        assert terms_of(f"{lead}!12") == [("12", EQUALS)]

    def test_the_mark_is_needed_once_and_more_of_them_separate(self):
        assert terms_of("!!12,!34") == [("12", EQUALS), ("34", EQUALS)]

    def test_a_star_that_touches_no_term_is_nothing(self):
        assert terms_of("!* 12 *") == [("12", EQUALS)]

    def test_a_star_between_two_terms_opens_both(self):
        assert terms_of("!12*34") == [("12", STARTS), ("34", ENDS)]

    def test_several_stars_are_as_good_as_one(self):
        assert terms_of("!**12***") == [("12", CONTAINS)]

    def test_outside_strict_mode_a_star_separates(self):
        assert terms_of("*12*34*") == [("12", CONTAINS), ("34", CONTAINS)]


class TestPhrases:
    def test_a_phrase_is_one_term(self, finds):
        assert terms_of('"Test SIM 1"') == [("Test SIM 1", CONTAINS)]
        assert finds('"st SIM"')
        assert not finds('"SIM Test"')

    def test_a_strict_phrase_is_the_whole_name_and_a_star_opens_it(self, finds):
        assert finds('!"Test SIM 1"')
        assert not finds('!"Test SIM"')
        assert finds('!"Test SIM"*')
        assert finds('!*"SIM 1"')
        assert finds('!*"SIM"*')

    def test_the_inner_text_is_literal(self, finds):
        assert words_of('"50% *_\\"') == ["50% *_\\"]
        assert finds('!"50% *_\\"', name="50% *_\\")
        assert not finds('!"50% *_\\"', name="50 percent *_\\")

    def test_words_may_touch_a_phrase(self):
        assert words_of('ab"c d"e') == ["ab", "c d", "e"]

    def test_a_quote_without_a_partner_separates(self):
        assert words_of('ab"cd ef') == ["ab", "cd", "ef"]
        assert words_of('"a b" c"d e') == ["a b", "c", "d", "e"]

    def test_spaces_in_quotes_are_looked_for(self, finds):
        assert finds('" "')
        assert not finds('" "', name="TestSIM1")

    def test_a_phrase_that_no_database_can_hold_finds_nothing(self):
        assert parse('"a\x00b"').matches_nothing
        assert parse('"a\ud800b"').matches_nothing


class TestNoTerms:
    @pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u00a0", "\ufeff", "\u200b \u202a"])
    def test_a_blank_text_is_no_search(self, text, finds):
        query = parse(text)
        assert query.matches_everything
        assert not query.matches_nothing
        assert finds(text)

    @pytest.mark.parametrize("text", ["!", "!!!", "*", "%", "_", '""', '"', "!*", "中", "-"])
    def test_a_text_without_a_term_finds_nothing(self, text, finds):
        query = parse(text)
        assert query.matches_nothing
        assert not query.matches_everything
        assert not finds(text)

    def test_a_missing_value_fits_no_term(self):
        assert not matches(parse("none"), "89462038075013217124", None, None, None)


class TestBounds:
    def test_a_thousand_terms_are_taken_and_one_more_is_refused(self):
        numbers = [str(10_000 + n) for n in range(MAX_TERMS + 1)]
        assert len(parse(" ".join(numbers[:-1])).terms) == MAX_TERMS
        with pytest.raises(SearchTooLong) as refusal:
            parse(" ".join(numbers), path=("filter", "search"))
        assert refusal.value.code == RefusalCode.INVALID_SEARCH
        assert refusal.value.path == ("filter", "search")
        assert "CSV filter" in refusal.value.message

    def test_repetitions_do_not_count(self):
        assert len(parse("12 " * 5_000).terms) == 1

    @pytest.mark.parametrize("character", ["a", "я", "\U0001f600"])
    def test_64_kb_of_utf8_are_taken_and_more_is_refused(self, character):
        fitting = character * (MAX_TEXT_BYTES // len(character.encode()))
        assert not parse(fitting).matches_everything
        with pytest.raises(SearchTooLong):
            parse(fitting + character)


class TestPatterns:
    @pytest.mark.parametrize(
        ("term", "pattern"),
        [
            (Term("Ab", CONTAINS), "%ab%"),
            (Term("Ab", STARTS), "ab%"),
            (Term("Ab", ENDS), "%ab"),
            (Term("Ab", EQUALS), "ab"),
            (Term("5%_\\", EQUALS), r"5\%\_\\"),
        ],
    )
    def test_a_term_becomes_an_escaped_pattern(self, term, pattern):
        assert to_like_pattern(term) == pattern

    def test_a_query_becomes_one_pattern_per_term(self):
        assert to_like_patterns(parse("!1*,Я").terms) == ["1%", "я"]


class TestFolding:
    @pytest.mark.parametrize(
        ("text", "folded"), [("İ", "i"), ("I\u0307", "i"), ("ΟΔΟΣ", "οδοσ"), ("ẞ", "ß"), ("Қ", "қ")]
    )
    def test_letters_fold_one_by_one_as_in_the_database(self, text, folded):
        assert fold(text) == folded
