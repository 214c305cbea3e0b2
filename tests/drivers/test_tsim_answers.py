"""The gate's errors come in three shapes, its answers in any order; nothing but SDK errors leaves the reader."""

from __future__ import annotations

from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tsim.answers import AlreadyStands, row_of, tree_of
from novaconnect_sdk import (
    AnswerUnreadable,
    BadCredentials,
    DriverError,
    InvalidRequest,
    SimUnknown,
    Throttled,
    TransitionRefused,
    Unsupported,
)

SECRETS = ("very-secret",)

_SHAPES = {
    "error": "<error><type>ERROR</type><text>{text}</text></error>",
    "card_stat": "<card_stat><error_code>9</error_code><error_text>{text}</error_text></card_stat>",
    "sblock": "<sblock><error_text>{text}</error_text></sblock>",
}
_TEXTS = [
    ("MSISDN not found", SimUnknown),
    ("Specified card is not found!", SimUnknown),
    ("Unknown command", Unsupported),
    ("Access denied", BadCredentials),
    ("Too many requests", Throttled),
    ("Specified card is blocked by MSU limit and cannot be unblocked!", TransitionRefused),
    ("Argument block is wrong!", InvalidRequest),
    ("Something nobody has seen before", DriverError),
]


@pytest.mark.parametrize("shape", _SHAPES.values(), ids=_SHAPES)
@pytest.mark.parametrize(("text", "error"), _TEXTS)
def test_an_error_is_known_in_each_shape(shape: str, text: str, error: type[DriverError]) -> None:
    with pytest.raises(DriverError) as caught:
        tree_of(shape.format(text=text).encode(), SECRETS)
    assert type(caught.value) is error
    assert text in caught.value.message


@pytest.mark.parametrize(("code", "error"), [(1, SimUnknown), (2, SimUnknown), (4, InvalidRequest), (3, DriverError)])
def test_an_error_code_counts_more_than_its_words(code: int, error: type[DriverError]) -> None:
    body = f"<card_stat><error_code>{code}</error_code><error_text>?</error_text></card_stat>"
    with pytest.raises(DriverError) as caught:
        tree_of(body.encode(), SECRETS)
    assert type(caught.value) is error
    assert caught.value.native_code == str(code)


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("Specified card is already blocked!", True),
        ("Specified card is already unblocked!", False),
        ("Card is already active", False),
        ("Card is already inactive", True),
        ("Card was deactivated already", True),
        ("Already so", None),
    ],
)
def test_what_already_stands_says_which_state(text: str, blocked: bool | None) -> None:
    with pytest.raises(AlreadyStands) as caught:
        tree_of(_SHAPES["sblock"].format(text=text).encode(), SECRETS)
    assert caught.value.blocked is blocked


def test_code_zero_with_a_text_is_success() -> None:
    root = tree_of(b"<card_stat><card/><error_code>0</error_code><error_text>Ok</error_text></card_stat>", SECRETS)
    assert root.find("card") is not None


def test_unknown_elements_comments_and_orders_are_taken_in_stride() -> None:
    root = tree_of(b"\xef\xbb\xbf <msu><new a='1'><x/></new><!-- hello --><blocked> false </blocked><count/></msu>", ())
    assert row_of(root) == {"new": "", "blocked": "false", "count": ""}


def test_secrets_numbers_and_addresses_are_taken_out_of_the_operators_words() -> None:
    text = "Failed for 37250001234 with very-secret at https://gate.example/x?upass=1"
    with pytest.raises(DriverError) as caught:
        tree_of(_SHAPES["error"].format(text=escape(text)).encode(), SECRETS)
    assert caught.value.message == "The operator answered: Failed for [number] with [secret] at [address]"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "nothing"),
        (b" \r\n", "nothing"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"  <HTML><body>x</body></HTML>", "web page"),
        (b'{"error": 1}', "not XML"),
        (b"<msu><count>1</count>", "cut short"),
        (b'<!DOCTYPE msu [<!ENTITY a "b">]><msu>&a;</msu>', "document type"),
        (b'<!DOCTYPE msu SYSTEM "file:///etc/passwd"><msu/>', "document type"),
    ],
)
def test_an_answer_in_another_language_says_what_came_instead(body: bytes, words: str) -> None:
    with pytest.raises(AnswerUnreadable) as caught:
        tree_of(body, SECRETS)
    assert words in caught.value.message


@given(st.text(max_size=400), st.sampled_from(sorted(_SHAPES)))
def test_whatever_the_gate_says_is_one_short_redacted_sentence(text: str, shape: str) -> None:
    words = escape("".join(letter for letter in text if letter.isprintable()))
    with pytest.raises(DriverError) as caught:
        tree_of(_SHAPES[shape].format(text=f"x {words} 12345678").encode(errors="replace"), SECRETS)
    assert len(caught.value.message) < 300
    assert "\n" not in caught.value.message
    assert "12345678" not in caught.value.message


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_sdks_errors(body: bytes) -> None:
    with suppress(DriverError):
        assert tree_of(body, SECRETS).tag
