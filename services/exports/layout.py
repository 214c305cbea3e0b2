"""How a report looks as a file: its columns with their headings in three languages, widths and kinds of value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from domain.reports import ReportKind

LANGUAGES = ("ru", "kk", "en")
FALLBACK = "ru"


class CellKind(Enum):
    """What a cell holds. TEXT is never read as a number or a formula, MOMENT is UTC, COST has four decimals."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MOMENT = "MOMENT"
    DAY = "DAY"
    COST = "COST"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column: the field of the row, its headings (ru, kk, en), its width in characters, and words for its values."""

    field: str
    headings: tuple[str, str, str]
    kind: CellKind
    width: int
    words: dict[str, tuple[str, str, str]] | None = None

    def heading(self, language: str) -> str:
        """The heading in a language."""
        return self.headings[_place(language)]

    def shown(self, language: str) -> Callable[[Any], Any]:
        """How a value is turned into a cell's."""
        if self.words is None:
            return lambda value: value
        words = {value: texts[_place(language)] for value, texts in self.words.items()}
        return lambda value: words.get(value, value)


def _place(language: str) -> int:
    return LANGUAGES.index(language if language in LANGUAGES else FALLBACK)


_SIM = (
    FileColumn("msisdn", ("Номер", "Нөмір", "Number"), CellKind.TEXT, 16),
    FileColumn("iccid", ("ICCID", "ICCID", "ICCID"), CellKind.TEXT, 23),
    FileColumn("name", ("Название", "Атауы", "Name"), CellKind.TEXT, 28),
)
_BYTES = FileColumn("bytes", ("Количество, байт", "Көлемі, байт", "Bytes"), CellKind.NUMBER, 18)
_COST = (
    FileColumn("cost", ("Стоимость", "Құны", "Cost"), CellKind.COST, 13),
    FileColumn("currency", ("Валюта", "Валюта", "Currency"), CellKind.TEXT, 10),
)
_OPERATOR = FileColumn("operator", ("Оператор", "Оператор", "Operator"), CellKind.TEXT, 26)

LAYOUTS: dict[ReportKind, tuple[FileColumn, ...]] = {
    ReportKind.SESSIONS: (
        FileColumn("started_at", ("Дата начала, GMT", "Басталған күні, GMT", "Start, GMT"), CellKind.MOMENT, 25),
        FileColumn("ended_at", ("Дата окончания, GMT", "Аяқталған күні, GMT", "End, GMT"), CellKind.MOMENT, 25),
        *_SIM,
        _BYTES,
        *_COST,
        FileColumn("country", ("Страна", "Ел", "Country"), CellKind.TEXT, 22),
        FileColumn("city", ("Город", "Қала", "City"), CellKind.TEXT, 16),
        _OPERATOR,
        FileColumn("plmn", ("MCC+MNC", "MCC+MNC", "MCC+MNC"), CellKind.TEXT, 10),
    ),
    ReportKind.DAILY: (
        FileColumn("day", ("Дата (GMT)", "Күні (GMT)", "Day (GMT)"), CellKind.DAY, 14),
        *_SIM,
        FileColumn("sessions", ("Сессий", "Сессиялар", "Sessions"), CellKind.NUMBER, 11),
        _BYTES,
        *_COST,
    ),
    ReportKind.CALLS_AND_MESSAGES: (
        FileColumn("at", ("Дата, GMT", "Күні, GMT", "Time, GMT"), CellKind.MOMENT, 25),
        FileColumn(
            "direction",
            ("Направление", "Бағыты", "Direction"),
            CellKind.TEXT,
            15,
            {"IN": ("Входящий", "Кіріс", "In"), "OUT": ("Исходящий", "Шығыс", "Out")},
        ),
        FileColumn(
            "kind",
            ("Тип", "Түрі", "Kind"),
            CellKind.TEXT,
            12,
            {"VOICE": ("Звонок", "Қоңырау", "Call"), "SMS": ("СМС", "SMS", "SMS")},
        ),
        *_SIM,
        FileColumn("other_number", ("Собеседник", "Екінші тарап", "Other party"), CellKind.TEXT, 18),
        FileColumn("duration_seconds", ("Длительность, с", "Ұзақтығы, с", "Duration, s"), CellKind.NUMBER, 17),
        FileColumn("messages", ("Сообщений", "Хабарламалар", "Messages"), CellKind.NUMBER, 14),
        *_COST,
        _OPERATOR,
    ),
}
"""The columns of each report, in their order."""

_SHEETS = ("Отчёт", "Есеп", "Report")


def sheet_name(language: str, number: int) -> str:
    """The name of the sheet with this number, from 1."""
    name = _SHEETS[_place(language)]
    return name if number == 1 else f"{name} {number}"


_NAMES = {
    ReportKind.SESSIONS: ("Отчёт по сессиям", "Сессиялар бойынша есеп", "Sessions"),
    ReportKind.DAILY: ("Отчёт по дням", "Күндер бойынша есеп", "Daily usage"),
    ReportKind.CALLS_AND_MESSAGES: ("Звонки и СМС", "Қоңыраулар мен SMS", "Calls and messages"),
}


def report_name(kind: ReportKind, language: str) -> str:
    """The name of a report in a language."""
    return _NAMES[kind][_place(language)]
