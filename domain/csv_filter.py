"""The CSV filter: a pasted table of SIM cards, one per row.

- A row holds an ICCID, a number, or both in either order, separated by comma, semicolon, space or tab. Several
  separators in a row count as one, so empty columns of a spreadsheet do no harm.
- An ICCID is what `domain.iccid` says; 5 to 17 digits are a number, with or without a leading `+`.
- Quotes, apostrophes, a byte order mark, invisible characters, any line ending, and the `="…"` by which spreadsheets
  keep digits as text are tolerated. Blank rows are skipped. So is a header: a first row with letters and no value.
- A spreadsheet turns long digits into floating point numbers (8.9462E+19). What it cut off cannot be brought back, so
  such a row is reported and never guessed.
- A row that cannot be read is reported with a sentence. It is up to the caller whether the rest may be used: a report
  shows each row, a selection for an operation calls `require_readable`.
- A wrong check digit of an ICCID is a remark (`bad_check_digit`), never a problem.

Source: the customer's guide, section on the CSV filter; the tolerance is an addition.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from domain.errors import DomainError, RefusalCode
from domain.iccid import has_valid_check_digit, is_iccid

MAX_ROWS = 100_000
# Blank lines are free, but not without end.
MAX_LINES = 1_000_000
# Far above any real row; keeps a text without line breaks from becoming millions of values.
MAX_ROW_LENGTH = 1_000
MIN_NUMBER_DIGITS = 5
MAX_NUMBER_DIGITS = 17
# A spreadsheet keeps 15 significant digits: a fraction behind more of them shows that some are lost.
_SPREADSHEET_DIGITS = 15
_SHOWN_PROBLEMS = 3

PROBLEM_ROW_TOO_LONG = f"The row is longer than {MAX_ROW_LENGTH} characters: put each SIM card on its own row."
PROBLEM_TOO_MANY_VALUES = (
    "The row has more than two values: leave only the ICCID, only the number, or both, and one SIM card per row."
)
PROBLEM_SCIENTIFIC = (
    "The value is in scientific notation, so its last digits are lost: "
    "format the column as text in the spreadsheet, enter the values again and paste them anew."
)
PROBLEM_ROUNDED = (
    "The value went through a number column of a spreadsheet, which keeps only 15 digits: "
    "format the column as text, enter the values again and paste them anew."
)
PROBLEM_NOT_DIGITS = "The value is not made of digits: use an ICCID (18 to 22 digits) or a number (5 to 17 digits)."
PROBLEM_NEITHER = (
    "The value is neither an ICCID (18 to 22 digits starting with 89) nor a number (5 to 17 digits): "
    "check that all its digits are there."
)
PROBLEM_TWO_ICCIDS = "The row has two ICCIDs: put each on its own row."
PROBLEM_TWO_NUMBERS = "The row has two numbers: put each on its own row."


class CsvTooManyRows(DomainError):
    """The table has more than 100,000 rows, not counting blank ones and the header, or more than a million lines."""

    code = RefusalCode.INVALID_CSV


class CsvUnreadable(DomainError):
    """The table has rows that cannot be read, or none at all, where all of them have to be understood."""

    code = RefusalCode.INVALID_CSV


class CsvRow(NamedTuple):
    """One row that is not blank: what it names, or the sentence that says why it cannot be read.

    `line_number` counts from 1 the lines of the text, blank ones included. A readable row has an ICCID, a number
    (digits only) or both and no `problem`; an unreadable one has only the `problem`. `bad_check_digit` concerns the
    ICCID.
    """

    line_number: int
    iccid: str | None = None
    number: str | None = None
    problem: str | None = None
    bad_check_digit: bool = False


@dataclass(frozen=True, slots=True)
class CsvFilter:
    """The rows of a pasted table in their order, repetitions included."""

    rows: list[CsvRow]

    @property
    def readable_rows(self) -> list[CsvRow]:
        """The rows that name a SIM card."""
        return [row for row in self.rows if row.problem is None]

    @property
    def problem_rows(self) -> list[CsvRow]:
        """The rows that cannot be read."""
        return [row for row in self.rows if row.problem is not None]

    def require_readable(self, *, path: tuple[str, ...] = ()) -> None:
        """Raise CsvUnreadable unless there are rows and each can be read; the message names the first bad lines."""
        if not self.rows:
            raise CsvUnreadable(
                "The CSV has no rows: paste ICCIDs or numbers, one SIM card per row, or leave the filter out.",
                path=path,
            )
        problems = self.problem_rows
        if problems:
            shown = " ".join(f"Line {row.line_number}: {row.problem}" for row in problems[:_SHOWN_PROBLEMS])
            rest = len(problems) - _SHOWN_PROBLEMS
            more = f" There are {rest} more such lines." if rest > 0 else ""
            raise CsvUnreadable(f"The CSV has lines that cannot be read. {shown}{more}", path=path)


_QUOTES = "\"'`\u00ab\u00bb\u2018\u2019\u201c\u201d\u201e"
# Soft hyphen, joiners, direction marks (around numbers copied from a phone book) and byte order marks.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_CLEANING = str.maketrans(dict.fromkeys(",;" + _QUOTES, " ") | dict.fromkeys(_INVISIBLE, ""))
# Before the separators are applied, as a Russian spreadsheet writes 8,9462E+19; the second E is the Cyrillic one.
_SCIENTIFIC = re.compile(r"(?<![^\W_])[0-9](?:[.,][0-9]+)?[Ee\u0415\u0435][+-]?[0-9]{1,3}(?![^\W_])")
_FRACTION = re.compile(r"([0-9]+)\.0+")
_FIVE_DIGITS = re.compile(r"[0-9]{5}")


def parse(text: str, *, path: tuple[str, ...] = ()) -> CsvFilter:
    """Read a pasted table.

    Every text has a reading; the only refusal is CsvTooManyRows, which carries `path`, the place of the text in the
    caller's input. Takes time in proportion to the text.
    """
    rows: list[CsvRow] = []
    header: CsvRow | None = None
    for line_number, line in _lines(text):
        if not rows and header is None and _is_header(line):
            header = CsvRow(line_number, problem=PROBLEM_NOT_DIGITS)
            continue
        row = _row(line_number, line)
        if line_number > MAX_LINES or (row is not None and len(rows) == MAX_ROWS):
            raise CsvTooManyRows(
                f"The CSV has more than {MAX_ROWS:,} rows: split it and use one part at a time.", path=path
            )
        if row is not None:
            rows.append(row)
    # Words with nothing below them are not the header of a table but an input somebody expects an answer to.
    if header is not None and not rows:
        rows.append(header)
    return CsvFilter(rows)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, one at a time, whichever way they end."""
    return enumerate(io.StringIO(text, newline=None), start=1)


def _is_header(line: str) -> bool:
    return (
        len(line) <= MAX_ROW_LENGTH
        and any(character.isalpha() for character in line)
        and _FIVE_DIGITS.search(line) is None
        and _SCIENTIFIC.search(line) is None
    )


def _row(line_number: int, line: str) -> CsvRow | None:
    """Read one line; None when there is nothing in it."""
    if line.isspace():
        return None
    if len(line) > MAX_ROW_LENGTH:
        return CsvRow(line_number, problem=PROBLEM_ROW_TOO_LONG)
    values = line.replace('="', '"').translate(_CLEANING).split()
    if not values:
        return None
    row = _named_sim(line_number, values)
    # Only a row that cannot be read can hold such a value, and most rows can be read.
    if row.problem is not None and _SCIENTIFIC.search(line):
        return CsvRow(line_number, problem=PROBLEM_SCIENTIFIC)
    return row


def _named_sim(line_number: int, values: list[str]) -> CsvRow:
    if len(values) > 2:
        return CsvRow(line_number, problem=PROBLEM_TOO_MANY_VALUES)
    iccid: str | None = None
    number: str | None = None
    for value in values:
        digits, problem = _digits_of(value)
        if problem is not None:
            return CsvRow(line_number, problem=problem)
        if is_iccid(digits):
            if iccid is not None:
                return CsvRow(line_number, problem=PROBLEM_TWO_ICCIDS)
            iccid = digits
        elif MIN_NUMBER_DIGITS <= len(digits) <= MAX_NUMBER_DIGITS:
            if number is not None:
                return CsvRow(line_number, problem=PROBLEM_TWO_NUMBERS)
            number = digits
        else:
            return CsvRow(line_number, problem=PROBLEM_NEITHER)
    return CsvRow(line_number, iccid, number, None, iccid is not None and not has_valid_check_digit(iccid))


def _digits_of(value: str) -> tuple[str, str | None]:
    """The digits of one value and what is wrong with them, if anything."""
    plain = value.removeprefix("+")
    if plain.isdigit() and plain.isascii():
        return plain, None
    fraction = _FRACTION.fullmatch(plain)
    if fraction is None:
        return "", PROBLEM_NOT_DIGITS
    if len(fraction[1]) > _SPREADSHEET_DIGITS:
        return "", PROBLEM_ROUNDED
    return fraction[1], None
