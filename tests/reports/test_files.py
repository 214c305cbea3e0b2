"""What stands in the files: types, headings, many sheets, nothing that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from domain.reports import ReportFormat, ReportKind
from services.exports.layout import LAYOUTS, CellKind
from services.exports.writers import harmless, open_writer

FORMULAS = [
    "=1+1",
    "+7 701",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "\t=1",
    "'quoted",
    'plain, with "comma"',
    "",
    "№ 5",
]
MOMENT = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


def row_of(kind: ReportKind, **values: Any) -> tuple[Any, ...]:
    """A row with a value in every column."""
    usual = {
        "started_at": MOMENT,
        "ended_at": None,
        "at": MOMENT,
        "day": date(2026, 3, 1),
        "msisdn": "37250000001",
        "iccid": "8937204000000000015",
        "name": "Truck 1",
        "bytes": 3 * 10**12,
        "sessions": 7,
        "cost": Decimal("0.0005"),
        "currency": "EUR",
        "country": "Kazakhstan",
        "city": None,
        "operator": "K-Cell Kazakhstan",
        "plmn": "40101",
        "direction": "IN",
        "kind": "SMS",
        "other_number": "+77010000009",
        "duration_seconds": None,
        "messages": 1,
    } | values
    return tuple(usual[column.field] for column in LAYOUTS[kind])


def written(
    place: Path,
    kind: ReportKind,
    file_format: ReportFormat,
    rows: list[tuple[Any, ...]],
    language: str = "en",
    sheet: int = 10**6,
) -> Path:
    file = place / f"report.{file_format.value.lower()}"
    writer = open_writer(file_format, file, LAYOUTS[kind], language, sheet)
    writer.write(rows)
    writer.close()
    return file


@pytest.mark.parametrize("kind", ReportKind)
def test_a_workbook_has_the_right_types(tmp_path: Path, kind: ReportKind) -> None:
    rows = [row_of(kind, name=name) for name in FORMULAS]
    book = load_workbook(written(tmp_path, kind, ReportFormat.XLSX, rows))
    sheet = book.active
    layout = LAYOUTS[kind]

    assert [cell.value for cell in sheet[1]] == [column.heading("en") for column in layout]
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, len(layout)).column_letter}{len(rows) + 1}"
    dimensions: Any = sheet.column_dimensions.values()
    widths = {at: one.width for one in dimensions for at in range(one.min, one.max + 1)}
    assert widths == {at: pytest.approx(column.width, abs=1) for at, column in enumerate(layout, 1)}
    for number, name in enumerate(FORMULAS, 2):
        for at, column in enumerate(layout, 1):
            cell, value = sheet.cell(number, at), row_of(kind, name=name)[at - 1]
            assert cell.data_type != "f"
            if column.words is not None:
                assert cell.value == column.words[value][2]
            elif value is None or value == "":
                assert cell.value is None
            elif column.kind is CellKind.TEXT:
                assert (cell.value, cell.data_type) == (value, "s")
            elif column.kind is CellKind.MOMENT:
                assert cell.is_date
                assert cell.value == value.replace(tzinfo=None)
                assert cell.number_format == 'yyyy-mm-dd hh:mm:ss "GMT"'
            elif column.kind is CellKind.DAY:
                assert cell.is_date
                assert cell.value == datetime(2026, 3, 1)  # noqa: DTZ001 - a workbook knows no zones
            else:
                assert cell.data_type == "n"
                assert Decimal(str(cell.value)) == value


def test_a_full_sheet_is_followed_by_another(tmp_path: Path) -> None:
    rows = [row_of(ReportKind.SESSIONS, bytes=number) for number in range(7)]
    book = load_workbook(written(tmp_path, ReportKind.SESSIONS, ReportFormat.XLSX, rows, "ru", sheet=3))

    assert book.sheetnames == ["Отчёт", "Отчёт 2", "Отчёт 3"]
    place = [column.field for column in LAYOUTS[ReportKind.SESSIONS]].index("bytes")
    found = [[line[place].value for line in sheet.iter_rows(min_row=2)] for sheet in book]
    assert found == [[0, 1, 2], [3, 4, 5], [6]]
    for sheet in book:
        assert sheet["A1"].value == "Дата начала, GMT"
        assert sheet.freeze_panes == "A2"
    assert book["Отчёт"].auto_filter.ref.endswith("4")


@pytest.mark.parametrize("kind", ReportKind)
@pytest.mark.parametrize("language", ["ru", "kk", "en", "xx"])
def test_without_rows_there_is_still_the_header(tmp_path: Path, kind: ReportKind, language: str) -> None:
    headings = [column.heading(language) for column in LAYOUTS[kind]]
    book = load_workbook(written(tmp_path, kind, ReportFormat.XLSX, [], language))
    file = written(tmp_path, kind, ReportFormat.CSV, [], language)

    assert [[cell.value for cell in row] for row in book.active.iter_rows()] == [headings]
    assert list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))) == [headings]
    assert len(set(headings)) == len(headings)


def plain(cell: str) -> str:
    """What stood in a cell of a CSV file before it was made harmless."""
    return cell.removeprefix("'")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@settings(max_examples=60)
@given(
    name=st.one_of(TEXTS, st.sampled_from(FORMULAS)), size=st.integers(0, 2**62), cost=st.decimals(0, 10**6, places=4)
)
def test_csv_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, name: str, size: int, cost: Decimal
) -> None:
    rows = [row_of(ReportKind.SESSIONS, name=name, bytes=size, cost=cost), row_of(ReportKind.SESSIONS)]
    file = written(tmp_path_factory.mktemp("csv"), ReportKind.SESSIONS, ReportFormat.CSV, rows)

    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        _, first, second = csv.reader(opened)
    fields = [column.field for column in LAYOUTS[ReportKind.SESSIONS]]
    found = dict(zip(fields, first, strict=True))
    assert plain(found["name"]) == name
    assert int(found["bytes"]) == size
    assert Decimal(found["cost"]) == cost
    assert datetime.fromisoformat(found["started_at"]) == MOMENT
    assert found["ended_at"] == ""
    assert found["iccid"] == "8937204000000000015"
    assert dict(zip(fields, second, strict=True))["name"] == "Truck 1"


@given(TEXTS)
def test_no_text_of_a_csv_file_begins_like_a_formula(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert plain(harmless(text)) == text


def test_an_abandoned_workbook_packs_nothing(tmp_path: Path) -> None:
    writer = open_writer(ReportFormat.XLSX, tmp_path / "x.xlsx", LAYOUTS[ReportKind.DAILY], "en")
    writer.write([row_of(ReportKind.DAILY)] * 10)
    writer.abandon()
    del writer

    assert not (tmp_path / "x.xlsx").exists()
