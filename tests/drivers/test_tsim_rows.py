"""Large documents of the gate are read row by row: every row once, in bounded memory, and never past a defect."""

from __future__ import annotations

import tracemalloc
from io import SEEK_END, BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tsim.answers import Row
from drivers.tsim.rows import Rows
from novaconnect_sdk import AnswerUnreadable, InvalidRequest, SimUnknown

CARD = frozenset({"card"})


def _file(content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.seek(0, SEEK_END)
    return file


def _document(cards: int) -> bytes:
    rows = "".join(f"<card><onum>{number}</onum><curr>EUR</curr></card>" for number in range(cards))
    return f'<?xml version="1.0"?>\n<records><note>x</note>{rows}</records>'.encode()


def _all(rows: Rows, size: int) -> list[Row]:
    found: list[Row] = []
    while True:
        page, ended = rows.page(len(found), size)
        found += [row for _, row in page]
        if ended:
            return found


@given(cards=st.integers(0, 60), size=st.integers(1, 70))
def test_pages_of_any_size_hold_every_row_once(cards: int, size: int) -> None:
    rows = Rows(_file(_document(cards)), CARD, ())
    assert [row["onum"] for row in _all(rows, size)] == [str(number) for number in range(cards)]
    rows.close()


@given(first=st.integers(0, 30), again=st.integers(0, 30))
def test_any_page_may_be_asked_for_in_any_order(first: int, again: int) -> None:
    rows = Rows(_file(_document(30)), CARD, ())
    for start in (first, again, first):
        page, _ = rows.page(start, 5)
        assert [row["onum"] for _, row in page] == [str(number) for number in range(start, min(start + 5, 30))]
    rows.close()


@given(cut=st.integers(1, len(_document(8)) - 1))
def test_a_document_cut_anywhere_is_never_whole(cut: int) -> None:
    rows = Rows(_file(_document(8)[:cut]), CARD, ())
    with pytest.raises(AnswerUnreadable):
        _all(rows, 3)


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE records [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><records><card>&b;</card></records>',
        b'<!DOCTYPE records SYSTEM "http://127.0.0.1:9/x.dtd"><records/>',
        b"<records><card><onum>" + b"1" * 20_000 + b"</onum></card></records>",
        b"<records><card><onum>1</curr></card></records>",
        b"<records/><records/>",
    ],
    ids=["entities", "external", "endless text", "wrong nesting", "two roots"],
)
def test_a_document_that_is_up_to_no_good_is_refused(content: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        _all(Rows(_file(content), CARD, ()), 10)


def test_an_error_instead_of_records_is_raised() -> None:
    with pytest.raises(SimUnknown):
        _all(Rows(_file(b"<error><type>ERROR</type><text>Card not found</text></error>"), CARD, ()), 10)


def test_a_closed_document_is_an_expired_listing() -> None:
    rows = Rows(_file(_document(5)), CARD, ())
    rows.page(0, 2)
    rows.close()
    with pytest.raises(InvalidRequest):
        rows.page(0, 2)


def test_a_large_document_is_read_in_little_memory() -> None:
    file = _file(_document(60_000))
    size = file.tell()
    rows, first = Rows(file, CARD, ()), 0
    tracemalloc.start()
    try:
        while not rows.page(first, 500)[1]:
            first += 500
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    rows.close()
    assert first == 60_000
    assert peak < size / 2
