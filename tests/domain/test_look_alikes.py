"""Profile codes typed with a Russian keyboard."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.look_alikes import CYRILLIC_TO_LATIN, fold_profile_code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("\u0422\u0421", "TC"),  # as the guide writes it, in Cyrillic
        ("\u0412\u041a", "VK"),
        ("T\u0421", "TC"),
        ("\u0422D", "TD"),
        (" \u0442\u0441 ", "TC"),
        ("vk", "VK"),
        ("TD", "TD"),
    ],
)
def test_the_profiles_of_the_guide_are_found_whichever_keyboard_was_used(typed, code):
    assert fold_profile_code(typed) == code


def test_a_letter_that_only_sounds_alike_stays_unknown():
    assert fold_profile_code("\u0422\u0414") == "T\u0414"


def test_the_table_leads_from_cyrillic_capitals_to_latin_ones():
    for cyrillic, latin in CYRILLIC_TO_LATIN.items():
        assert unicodedata.name(cyrillic).startswith("CYRILLIC CAPITAL")
        assert unicodedata.name(latin).startswith("LATIN CAPITAL")


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more(text):
    assert fold_profile_code(fold_profile_code(text)) == fold_profile_code(text)
