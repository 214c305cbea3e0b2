"""How the reports answer without an object a row: the SQL of each field, over the record `d` and its SIM `s`."""

from __future__ import annotations

from domain.reports import ReportKind
from projection import Column, FastFields, Fields, Moment
from services.reports.record_rows import COLUMNS

_MOMENTS = {"started_at", "ended_at", "at"}
_AS_TEXT = {"bytes", "cost", "day"}
_NEVER_NULL = {"started_at", "at", "day", "bytes", "sessions", "name", "direction", "kind"}


def _fields(kind: ReportKind) -> Fields:
    fields: dict[str, Column | Moment] = {}
    for name, sql in COLUMNS[kind].items():
        if name == "sim_id":
            fields["simId"] = Column(f"encode(convert_to('Sim:' || {sql}, 'UTF8'), 'base64')", never_null=True)
            continue
        if name in _MOMENTS:
            fields[_camel(name)] = Moment(sql, never_null=name in _NEVER_NULL)
            continue
        text = f"({sql})::text" if name in _AS_TEXT else sql
        fields[_camel(name)] = Column(text, never_null=name in _NEVER_NULL)
    return fields


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def declare_reports(fast: FastFields) -> None:
    """The three reports are fast lists."""
    fast.connection("Query", "sessionReport", _fields(ReportKind.SESSIONS))
    fast.connection("Query", "dailyReport", _fields(ReportKind.DAILY))
    fast.connection("Query", "callsAndMessagesReport", _fields(ReportKind.CALLS_AND_MESSAGES))
