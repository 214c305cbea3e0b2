"""A table of new names: an ICCID, a semicolon and a name in each row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from domain.changes import LONGEST_NAME, require_text
from domain.errors import DomainError, RefusalCode
from domain.operations import MAX_SIMS
from novaconnect_sdk import Iccid

_SHOWN = 5


class BadRenameTable(DomainError):
    """A table that cannot be read as a whole; nothing of it is used."""

    code = RefusalCode.INVALID_CSV


@dataclass(frozen=True, slots=True)
class NewName:
    """One row; `line` counts from 1."""

    line: int
    iccid: str
    name: str


def parse(text: str) -> list[NewName]:
    """The rows of the table. A name may be empty, and quoted when it holds a semicolon; a header `iccid;name` is passed over.

    Raises `BadRenameTable` naming the first lines that are wrong: no ICCID, no name, a name too long, an ICCID twice.
    """
    rows: dict[str, NewName] = {}
    problems: list[str] = []
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or (reader.line_num == 1 and _is_header(cells)):
                continue
            if len(rows) + len(problems) >= MAX_SIMS:
                raise BadRenameTable(f"A table has at most {MAX_SIMS} rows: split it.", path=("csv",))
            try:
                row = _row(reader.line_num, cells)
                if row.iccid in rows:
                    raise BadRenameTable(f"the ICCID stands in line {rows[row.iccid].line} already")
                rows[row.iccid] = row
            except DomainError as error:
                problems.append(f"line {reader.line_num}: {error.message}")
    except csv.Error as error:
        raise BadRenameTable(
            f"The table cannot be read near line {reader.line_num} ({error}).", path=("csv",)
        ) from None
    if problems:
        more = f" ({len(problems)} lines in all)" if len(problems) > _SHOWN else ""
        raise BadRenameTable(f"Correct the table{more}: {'; '.join(problems[:_SHOWN])}", path=("csv",))
    if not rows:
        raise BadRenameTable("The table has no row: give an ICCID, a semicolon and a name in each.", path=("csv",))
    return list(rows.values())


def _is_header(cells: list[str]) -> bool:
    return cells[0].strip().lower() == "iccid"


def _row(line: int, cells: list[str]) -> NewName:
    if len(cells) != 2:
        raise BadRenameTable("expected an ICCID, one semicolon and a name (in double quotes if it has semicolons)")
    try:
        iccid = Iccid(cells[0].strip())
    except ValueError:
        raise BadRenameTable("the first cell is not an ICCID of 18 to 22 digits beginning with 89") from None
    return NewName(line, str(iccid), require_text(cells[1], "A name", 0, LONGEST_NAME))
