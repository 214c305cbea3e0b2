"""Writing rows to a file of any length with little memory; a writer belongs to one thread at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from domain.exports import ROWS_A_SHEET
from domain.reports import ReportFormat
from services.exports.layout import CellKind, FileColumn, sheet_name
from services.exports.sheet_rows import RowMaker

_RISKY = frozenset("=+-@\t\r\n'")


class ReportWriter(Protocol):
    """A file in the making."""

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, each with a value for every column."""

    def close(self) -> None:
        """Finish: only then is the file whole."""

    def abandon(self) -> None:
        """Give up without finishing; what is there is of no use."""


def open_writer(
    file_format: ReportFormat, place: Path, columns: Sequence[FileColumn], language: str, sheet_rows: int = ROWS_A_SHEET
) -> ReportWriter:
    """A writer of a format at a place of the local disk; beside it there must be room for temporary files."""
    if file_format is ReportFormat.CSV:
        return CsvWriter(place, columns, language)
    return XlsxWriter(place, columns, language, sheet_rows)


def harmless(text: str) -> str:
    """A text of a CSV file that no spreadsheet takes for a formula: those that might be begin with an apostrophe.

    It can be taken back: where a text begins with an apostrophe, that one was added. Source: OWASP, "CSV Injection".
    """
    return "'" + text if text[:1] in _RISKY else text


class CsvWriter:
    """RFC 4180 in UTF-8, with the byte order mark by which Excel knows it; times as `2026-03-01T09:00:00Z`."""

    def __init__(self, place: Path, columns: Sequence[FileColumn], language: str) -> None:
        self._file = place.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._cells = [_csv_cell(column, language) for column in columns]
        self._writer.writerow([column.heading(language) for column in columns])

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows."""
        cells = self._cells
        self._writer.writerows(
            ["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)] for row in rows
        )

    def close(self) -> None:
        """Finish."""
        self._file.close()

    def abandon(self) -> None:
        """Give up."""
        self._file.close()


def _csv_cell(column: FileColumn, language: str) -> Callable[[Any], Any]:
    if column.words is not None:
        shown = column.shown(language)
        return lambda value: harmless(str(shown(value)))
    cells: dict[CellKind, Callable[[Any], Any]] = {
        CellKind.TEXT: harmless,
        CellKind.NUMBER: str,
        CellKind.MOMENT: _moment_text,
        CellKind.DAY: date.isoformat,
        CellKind.COST: _cost_text,
    }
    return cells[column.kind]


def _moment_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()[:19] + "Z"


def _cost_text(value: Decimal) -> str:
    return format(value, "f")


class XlsxWriter:
    """A workbook whose rows go to disk as they come. Texts are texts, whatever they begin with; dates are dates."""

    def __init__(self, place: Path, columns: Sequence[FileColumn], language: str, sheet_rows: int) -> None:
        self._columns = columns
        self._language = language
        self._sheet_rows = sheet_rows
        self._book = Workbook(
            place,
            {"constant_memory": True, "tmpdir": str(place.parent), "in_memory": False, "strings_to_formulas": False},
        )
        self._heading = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {
            CellKind.TEXT: self._book.add_format({"num_format": "@"}),
            CellKind.NUMBER: self._book.add_format({"num_format": "#,##0"}),
            CellKind.MOMENT: self._book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss "GMT"'}),
            CellKind.DAY: self._book.add_format({"num_format": "yyyy-mm-dd"}),
            CellKind.COST: self._book.add_format({"num_format": "#,##0.0000"}),
        }
        self._maker = RowMaker(columns, formats, language)
        self._sheets = 0
        self._sheet = self._next_sheet()
        self._line = 0

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, on a new sheet where one is full."""
        waiting = list(rows)
        while waiting:
            room = self._sheet_rows - self._line
            if not room:
                self._end_sheet()
                self._sheet, self._line = self._next_sheet(), 0
                continue
            fitting, waiting = waiting[:room], waiting[room:]
            # Row 1 is the header; in this mode the library keeps the XML of finished rows in this file and copies it later.
            self._sheet.row_data_fh.write(self._maker.rows(fitting, self._line + 2))
            self._line += len(fitting)

    def close(self) -> None:
        """Finish: the sheets are packed."""
        self._end_sheet()
        self._book.close()

    def abandon(self) -> None:
        """Give up: the temporary files are closed, nothing is packed."""
        for sheet in self._book.worksheets():
            handle = getattr(sheet, "row_data_fh", None)
            if handle is not None:
                handle.close()
        self._book.fileclosed = True  # or it would be packed when it is forgotten

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._book.add_worksheet(sheet_name(self._language, self._sheets))
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(self._columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.heading(self._language), self._heading)
        sheet._write_single_row(1)  # the header goes to the file: what follows is written there directly
        return sheet

    def _end_sheet(self) -> None:
        self._sheet.dim_rowmax = self._line
        self._sheet.autofilter(0, 0, max(self._line, 1), len(self._columns) - 1)
