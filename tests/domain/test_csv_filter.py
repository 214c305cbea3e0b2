"""The CSV filter: what a pasted table names."""

from __future__ import annotations

import pytest

from domain.csv_filter import (
    MAX_LINES,
    MAX_ROW_LENGTH,
    MAX_ROWS,
    PROBLEM_NEITHER,
    PROBLEM_NOT_DIGITS,
    PROBLEM_ROUNDED,
    PROBLEM_ROW_TOO_LONG,
    PROBLEM_SCIENTIFIC,
    PROBLEM_TOO_MANY_VALUES,
    PROBLEM_TWO_ICCIDS,
    PROBLEM_TWO_NUMBERS,
    CsvRow,
    CsvTooManyRows,
    CsvUnreadable,
    parse,
)
from domain.errors import RefusalCode

ICCID, OTHER_ICCID = "89462038075013217124", "89462038075013217108"
NUMBER, OTHER_NUMBER = "467191026119097", "467191026119095"


def sims_of(text: str) -> list[tuple[str | None, str | None]]:
    rows = parse(text).rows
    assert [row.problem for row in rows] == [None] * len(rows)
    return [(row.iccid, row.number) for row in rows]


def problem_of(line: str) -> str | None:
    (row,) = parse(line).rows
    assert (row.iccid, row.number, row.bad_check_digit) == (None, None, False)
    return row.problem


class TestTheGuide:
    def test_the_table_of_the_guide_is_read(self):
        text = f"{NUMBER}\t{ICCID}\n{OTHER_NUMBER}\t{OTHER_ICCID}"
        assert parse(text).rows == [
            CsvRow(1, ICCID, NUMBER, None, False),
            CsvRow(2, OTHER_ICCID, OTHER_NUMBER, None, False),
        ]

    @pytest.mark.parametrize("separator", [",", ";", " ", "\t", "; ", " , ", ";;", "\u00a0"])
    def test_each_separator_works_in_either_order(self, separator):
        assert sims_of(f"{ICCID}{separator}{NUMBER}\n{NUMBER}{separator}{ICCID}") == [(ICCID, NUMBER)] * 2

    def test_one_value_of_either_kind_is_enough(self):
        assert sims_of(f"{ICCID}\n{NUMBER}") == [(ICCID, None), (None, NUMBER)]

    def test_the_forms_may_be_mixed_in_one_table(self):
        assert sims_of(f"{ICCID};{NUMBER}\n{OTHER_NUMBER}\n{OTHER_NUMBER} {OTHER_ICCID}") == [
            (ICCID, NUMBER),
            (None, OTHER_NUMBER),
            (OTHER_ICCID, OTHER_NUMBER),
        ]


class TestTolerance:
    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_any_line_ending_and_blank_lines_keep_the_line_numbers(self, ending):
        rows = parse(ending.join(["", NUMBER, "  ", ";;", ICCID, ""])).rows
        assert [(row.line_number, row.number, row.iccid) for row in rows] == [(2, NUMBER, None), (5, None, ICCID)]

    @pytest.mark.parametrize(
        "row",
        [
            f'"{ICCID}";"{NUMBER}"',
            f'"{ICCID};{NUMBER}"',
            f"'{ICCID},'{NUMBER}",
            f"«{ICCID}» “{NUMBER}”",
            f'="{ICCID}";="{NUMBER}"',
            f'"=""{ICCID}""";"=""{NUMBER}"""',
            f"{ICCID};+{NUMBER}",
            f"\ufeff{ICCID};{NUMBER};;;",
            f";{ICCID};{NUMBER}",
            f"\u202a+{NUMBER}\u202c\t{ICCID}\u200b",
            f"{ICCID};{NUMBER}.0",
        ],
    )
    def test_what_spreadsheets_and_phone_books_add_is_tolerated(self, row):
        assert sims_of(row) == [(ICCID, NUMBER)]

    @pytest.mark.parametrize(
        "header", ["ICCID;Number", "iccid", "Номер,ICCID", "\ufeffНомер 1\tICCID", '"ICCID" "MSISDN"']
    )
    def test_a_header_is_skipped(self, header):
        assert parse(f"\n{header}\n{ICCID}").rows == [CsvRow(3, ICCID)]

    def test_words_further_down_are_no_header(self):
        assert [row.problem for row in parse(f"{ICCID}\nICCID").rows] == [None, PROBLEM_NOT_DIGITS]
        assert [row.problem for row in parse(f"Report\nICCID\n{ICCID}").rows] == [PROBLEM_NOT_DIGITS, None]

    def test_words_with_nothing_below_are_answered(self):
        assert parse("\nhello;world\n").rows == [CsvRow(2, problem=PROBLEM_NOT_DIGITS)]

    @pytest.mark.parametrize("text", ["", "\n\r\n", " \t", ";;,", '""', "\ufeff"])
    def test_a_blank_text_has_no_rows(self, text):
        assert parse(text).rows == []


class TestCheckDigit:
    def test_a_wrong_check_digit_is_a_remark(self):
        (row,) = parse("89462038075013217125").rows
        assert row == CsvRow(1, "89462038075013217125", None, None, True)

    def test_a_number_has_no_check_digit(self):
        assert not parse("467191026119091").rows[0].bad_check_digit


class TestProblems:
    @pytest.mark.parametrize("length", [5, 17])
    def test_a_number_has_5_to_17_digits(self, length):
        assert sims_of("7" * length) == [(None, "7" * length)]

    @pytest.mark.parametrize("value", ["7777", "7" * 18, "89" + "0" * 21, f"{ICCID};1", "46" * 10])
    def test_digits_that_are_neither_kind_are_reported(self, value):
        assert problem_of(value) == PROBLEM_NEITHER

    @pytest.mark.parametrize(
        "value", [f"{ICCID}F", "++12345", "-12345", "12345.5", "１２３４５６", "12345\x00", "12345*", "==="]
    )
    def test_anything_but_digits_is_reported(self, value):
        assert [row.problem for row in parse(f"{ICCID}\n{value}").rows] == [None, PROBLEM_NOT_DIGITS]

    @pytest.mark.parametrize(
        "value",
        [
            "8.9462E+19",
            "8,9462E+19",
            "8.9462e19",
            "8,9462\u0415+19",
            f"{NUMBER};8,94620380750132E+19",
            '"8,9E+19" 12345',
            "9E19",
        ],
    )
    def test_scientific_notation_is_reported_with_the_way_out(self, value):
        assert problem_of(value) == PROBLEM_SCIENTIFIC
        assert "format the column as text" in PROBLEM_SCIENTIFIC

    def test_an_iccid_with_a_fraction_has_lost_digits(self):
        assert problem_of("89462038075013200000.0") == PROBLEM_ROUNDED

    def test_more_than_one_sim_in_a_row_is_reported(self):
        assert problem_of(f"{ICCID};{OTHER_ICCID}") == PROBLEM_TWO_ICCIDS
        assert problem_of(f"{NUMBER} {OTHER_NUMBER}") == PROBLEM_TWO_NUMBERS
        assert problem_of(f"{ICCID};{NUMBER};{OTHER_NUMBER}") == PROBLEM_TOO_MANY_VALUES

    def test_a_text_without_line_breaks_is_one_long_row(self):
        assert problem_of(f"{NUMBER} " * MAX_ROW_LENGTH) == PROBLEM_ROW_TOO_LONG


class TestBounds:
    def test_100_000_rows_beside_header_and_blanks_are_taken_and_one_more_is_refused(self):
        table = "number\n\n" + f"{NUMBER}\n" * MAX_ROWS + "\n \n"
        assert len(parse(table).rows) == MAX_ROWS
        with pytest.raises(CsvTooManyRows) as refusal:
            parse(table + "not a number", path=("filter", "csv"))
        assert refusal.value.code == RefusalCode.INVALID_CSV
        assert refusal.value.path == ("filter", "csv")
        assert "100,000" in refusal.value.message

    def test_blank_lines_have_an_end_too(self):
        assert parse("\n" * MAX_LINES).rows == []
        with pytest.raises(CsvTooManyRows):
            parse("\n" * (MAX_LINES + 1))


class TestRequireReadable:
    def test_a_clean_table_passes_with_wrong_check_digits(self):
        parse(f"{NUMBER}\n89462038075013217125").require_readable()

    def test_bad_lines_are_named_and_the_rest_counted(self):
        table = parse("\n".join([ICCID, "7777", "x", "y", "z", "1 2 3"]))
        assert [row.line_number for row in table.readable_rows] == [1]
        assert [row.line_number for row in table.problem_rows] == [2, 3, 4, 5, 6]
        with pytest.raises(CsvUnreadable) as refusal:
            table.require_readable(path=("csv",))
        assert refusal.value.code == RefusalCode.INVALID_CSV
        assert refusal.value.path == ("csv",)
        assert f"Line 2: {PROBLEM_NEITHER}" in refusal.value.message
        assert "Line 5" not in refusal.value.message
        assert refusal.value.message.endswith("There are 2 more such lines.")

    def test_a_table_without_rows_is_refused(self):
        with pytest.raises(CsvUnreadable, match="no rows"):
            parse(" \n").require_readable()
