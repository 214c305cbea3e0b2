"""Rows of a worksheet as XML (ECMA-376, part 1, 18.3.1): a whole row at a time, since a library's call for each cell costs most
of the time of a large file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name

from services.exports.layout import CellKind, FileColumn

LONGEST_TEXT = 32_767
"""The most characters of a cell (Excel's limit); what is longer is cut off."""

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_DAY_SECONDS = 86_400
_UNUSUAL = re.compile(r"[&<>\x00-\x1f\x7f\ufffe\uffff\ud800-\udfff_]|^\s|\s$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")

CellText = Callable[[Any], str]


class RowMaker:
    """Turns rows into XML; `formats` are those of the workbook by the kind of cell."""

    def __init__(self, columns: Sequence[FileColumn], formats: dict[CellKind, Format], language: str) -> None:
        self._cells = [
            (f'<c r="{xl_col_to_name(at)}', *_around(column.kind, formats[column.kind]), _inside(column, language))
            for at, column in enumerate(columns)
        ]

    def rows(self, rows: Iterable[Sequence[Any]], first: int) -> str:
        """The XML of rows, of which the first has this number (from 1). Cells without a value are left out."""
        parts: list[str] = []
        add = parts.append
        for line, row in enumerate(rows, first):
            add(f'<row r="{line}">')
            for (opening, middle, closing, inside), value in zip(self._cells, row, strict=True):
                if value is not None and value != "":
                    add(f"{opening}{line}{middle}{inside(value)}{closing}")
            add("</row>")
        return "".join(parts)


def _around(kind: CellKind, style: Format) -> tuple[str, str]:
    number = style._get_xf_index()  # the workbook's own number of the format: it is given when it is first asked for
    if kind is CellKind.TEXT:
        return f'" s="{number}" t="inlineStr"><is>', "</is></c>"
    return f'" s="{number}"><v>', "</v></c>"


def _inside(column: FileColumn, language: str) -> CellText:
    if column.words is not None:
        shown = column.shown(language)
        return lambda value: text_xml(str(shown(value)))
    kinds: dict[CellKind, CellText] = {
        CellKind.TEXT: text_xml,
        CellKind.NUMBER: str,
        CellKind.COST: lambda value: format(value, "f"),
        CellKind.MOMENT: _moment_number,
        CellKind.DAY: lambda value: str(value.toordinal() - _EPOCH_DAY),
    }
    return kinds[column.kind]


def _moment_number(value: datetime) -> str:
    past = value - _EPOCH
    return repr(past.days + (past.seconds + past.microseconds / 1_000_000) / _DAY_SECONDS)


def text_xml(text: str) -> str:
    """A text as it stands in a cell; characters that XML has no place for are written `_xHHHH_` (22.9.2.19, ST_Xstring)."""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT]
    if not _UNUSUAL.search(text):
        return f"<t>{text}</t>"
    text = _LOOKS_ESCAPED.sub("_x005F_", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return f'<t xml:space="preserve">{text}</t>'
