"""The CSV filter over generated tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.csv_filter import parse
from domain.iccid import check_digit, has_valid_check_digit

ICCIDS = st.from_regex(r"89[0-9]{16,20}", fullmatch=True)
NUMBERS = st.from_regex(r"[0-9]{5,17}", fullmatch=True)
SEPARATORS = st.sampled_from([",", ";", " ", "\t", " ; ", '";"', "\t\t"])
SIMS = st.one_of(st.tuples(ICCIDS, NUMBERS), st.tuples(ICCIDS, st.none()), st.tuples(st.none(), NUMBERS))
PASTED = st.text(alphabet='0123456789,; \t\r\n"=+.Ee\ufeffя\x00', max_size=80)


@st.composite
def written_rows(draw: st.DrawFn) -> tuple[tuple[str | None, str | None], str]:
    """A SIM and one of the ways to write it down."""
    sim = draw(SIMS)
    values = [value for value in sim if value is not None]
    if draw(st.booleans()):
        values.reverse()
    row = draw(SEPARATORS).join(values)
    return sim, draw(st.sampled_from(["{}", '"{}"', " {} ", '="{}"', "{};;"])).format(row)


@given(
    st.lists(written_rows(), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["", "\ufeff", "ICCID;Номер\n", "\ufeff\n"]),
)
def test_a_written_down_table_is_read_back(rows, ending, lead):
    table = parse(lead + ending.join(line for _, line in rows))
    assert [(row.iccid, row.number) for row in table.rows] == [sim for sim, _ in rows]
    table.require_readable()


@given(st.one_of(PASTED, st.text(max_size=80)))
def test_every_text_has_a_reading(text):
    table = parse(text)
    lines = [row.line_number for row in table.rows]
    assert lines == sorted(set(lines))
    for row in table.rows:
        assert (row.problem is None) is (row.iccid is not None or row.number is not None)
        assert row.number is None or row.number in text
        assert row.iccid is None or row.iccid in text


@given(PASTED)
def test_every_line_with_a_digit_is_a_row_or_the_header(text):
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    with_digits = [number for number, line in enumerate(lines, start=1) if any(map(str.isdigit, line))]
    answered = {row.line_number for row in parse(text).rows}
    assert set(with_digits) - answered <= set(with_digits[:1])


@given(st.from_regex(r"89[0-9]{15,19}", fullmatch=True), st.sampled_from("0123456789"))
def test_the_remark_says_whether_the_check_digit_is_wrong(body, last):
    (row,) = parse(body + last).rows
    assert row.bad_check_digit is (last != check_digit(body))
    assert row.bad_check_digit is not has_valid_check_digit(body + last)
