"""The shape of an ICCID and its check digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.iccid import check_digit, has_valid_check_digit, is_iccid

DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=30)


@pytest.mark.parametrize("iccid", ["89462038075013217124", "89462038075013217108"])
def test_the_iccids_of_the_guide_have_the_right_check_digit(iccid):
    assert is_iccid(iccid)
    assert has_valid_check_digit(iccid)
    assert check_digit(iccid[:-1]) == iccid[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("89" + "0" * 15, False),
        ("89" + "0" * 16, True),
        ("89" + "0" * 20, True),
        ("89" + "0" * 21, False),
        ("88" + "0" * 17, False),
        ("8946203807501321712F", False),
        ("89462038075013217124\n", False),
        ("８９462038075013217124", False),
        ("", False),
    ],
)
def test_an_iccid_has_18_to_22_digits_and_starts_with_89(text, expected):
    assert is_iccid(text) is expected


@given(DIGITS)
def test_a_number_completed_with_its_check_digit_is_valid_and_with_any_other_it_is_not(body):
    right = check_digit(body)
    assert [digit for digit in "0123456789" if has_valid_check_digit(body + digit)] == [right]


@given(DIGITS)
def test_the_check_digit_agrees_with_the_schoolbook_computation(digits):
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    assert has_valid_check_digit(digits) is (total % 10 == 0)


@pytest.mark.parametrize("text", ["", "12a", "１２", "-1", "²"])
def test_a_check_digit_of_anything_but_digits_is_a_mistake_of_the_caller(text):
    with pytest.raises(ValueError, match="ASCII digits"):
        has_valid_check_digit(text)
