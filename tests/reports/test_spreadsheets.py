"""Exported workbooks as a spreadsheet program understands them: saved anew by LibreOffice where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.escape import unescape

from domain.reports import ReportFormat, ReportKind
from services.exports.layout import LAYOUTS, CellKind, FileColumn
from tests.reports.test_files import row_of, written

SHEET = 4
NAMES = [
    "=1+1",
    "+7 701 000",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "'quoted",
    '<b>&amp; "both"</b>',
    " spaces ",
    "tab\tand\nline",
    "_x0041_",
    "00123",
]
ICCIDS = ["8937204000000000015", "89372040000000000158", "0089372040000000001", "12345678901234567890"]
BORDERS = [
    datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 30, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 0, 0, tzinfo=UTC),
]


def rows_to_write(kind: ReportKind) -> list[tuple[Any, ...]]:
    """Rows with every kind of value that a program might take for something else."""
    return [
        row_of(
            kind,
            name=name,
            operator=name,
            iccid=ICCIDS[at % len(ICCIDS)],
            started_at=BORDERS[at % len(BORDERS)],
            at=BORDERS[at % len(BORDERS)],
            day=BORDERS[at % len(BORDERS)].date(),
            bytes=(0, 1, 3 * 10**12, 123_456_789_012_345)[at % 4],
            cost=(Decimal("0.0001"), Decimal("0.0000"), Decimal("1234567.8901"), None)[at % 4],
        )
        for at, name in enumerate(NAMES)
    ]


def saved_anew(folder: Path, files: list[Path]) -> list[Path]:
    """The same files, read and written by LibreOffice; as they are where it is not installed."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        return files
    there = folder / "saved"
    command = [office, "--headless", "--convert-to", "xlsx", "--outdir", str(there), *map(str, files)]
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"HOME": str(folder)}, capture_output=True)
    return [there / file.name for file in files]


def assert_cell(cell: Cell | MergedCell, column: FileColumn, value: Any, where: object) -> None:
    """What stands in a cell is the value, and of its type."""
    assert cell.data_type != "f", where
    if column.words is not None:
        assert cell.value == column.words[value][2], where
    elif value is None or value == "":
        assert cell.value is None, where
    elif column.kind is CellKind.TEXT:
        text = str(cell.value)
        # openpyxl leaves the escapes of ST_Xstring to its caller; LibreOffice has already taken them away.
        assert value in (text, unescape(text)), where
        assert cell.data_type == "s", where
    elif column.kind in (CellKind.MOMENT, CellKind.DAY):
        assert cell.is_date, where
        found = cell.value
        assert isinstance(found, datetime), where
        expected = datetime(value.year, value.month, value.day) if type(value) is date else value.replace(tzinfo=None)  # noqa: DTZ001
        assert found == expected, where
    else:
        assert cell.data_type == "n", where
        assert Decimal(str(cell.value)) == value, where


def test_a_spreadsheet_program_reads_what_was_written(tmp_path: Path) -> None:
    """Given workbooks of several sheets with risky values, when a program has saved them, then all are as they were."""
    kinds = list(ReportKind)
    files = []
    for kind in kinds:
        (tmp_path / kind.value).mkdir()
        made = written(tmp_path / kind.value, kind, ReportFormat.XLSX, rows_to_write(kind), sheet=SHEET)
        files.append(made.rename(tmp_path / f"{kind.value}.xlsx"))

    for kind, file in zip(kinds, saved_anew(tmp_path, files), strict=True):
        book, layout, rows = load_workbook(file), LAYOUTS[kind], rows_to_write(kind)
        assert book.sheetnames == ["Report", "Report 2", "Report 3"]
        for at, sheet in enumerate(book):
            here = rows[at * SHEET : (at + 1) * SHEET]
            assert [cell.value for cell in sheet[1]] == [column.heading("en") for column in layout]
            assert sheet.auto_filter.ref.startswith("A1:")
            assert sheet.max_row == len(here) + 1
            for number, row in enumerate(here, 2):
                for place, (column, value) in enumerate(zip(layout, row, strict=True), 1):
                    assert_cell(sheet.cell(number, place), column, value, (kind, number, column.field))
