"""Rows of the three reports: what each shows, as SQL over the record `d` and its SIM `s`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from domain.reports import ReportKind

# A SIM that went to another company is still named by its numbers to those who pay for its records.
ICCID = "coalesce(s.iccid, former_iccid(d.sim_id))"
MSISDN = "CASE WHEN s.id IS NULL THEN former_msisdn(d.sim_id) ELSE s.msisdn END"
NAME = "coalesce(s.name, '')"
COST = "round(d.cost, 4)"
DAY_COST = "CASE WHEN d.currency <> '' OR d.cost <> 0 THEN round(d.cost, 4) END"
CURRENCY_OF_DAY = "nullif(d.currency, '')"


@dataclass(frozen=True, slots=True)
class SessionReportRow:
    """A data session; `cost` in `currency`, rounded to four places, None where the operator does not tell."""

    sim_id: int
    started_at: datetime
    ended_at: datetime | None
    msisdn: str | None
    iccid: str | None
    name: str
    bytes: int
    cost: Decimal | None
    currency: str | None
    country: str | None
    city: str | None
    operator: str | None
    plmn: str | None


@dataclass(frozen=True, slots=True)
class DailyReportRow:
    """What a SIM used on a day (UTC) in sessions that began on it; a row for each currency of their costs."""

    sim_id: int
    day: date
    msisdn: str | None
    iccid: str | None
    name: str
    sessions: int
    bytes: int
    cost: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class CallReportRow:
    """A call or text message; `duration_seconds` is of calls, `messages` of texts."""

    sim_id: int
    at: datetime
    direction: str
    kind: str
    msisdn: str | None
    iccid: str | None
    name: str
    other_number: str | None
    duration_seconds: int | None
    messages: int | None
    cost: Decimal | None
    currency: str | None
    operator: str | None


_SPECIAL = {"iccid": ICCID, "msisdn": MSISDN, "name": NAME, "cost": COST}

COLUMNS: dict[ReportKind, dict[str, str]] = {
    ReportKind.SESSIONS: {name: _SPECIAL.get(name, f"d.{name}") for name in SessionReportRow.__dataclass_fields__},
    ReportKind.DAILY: {
        name: (_SPECIAL | {"cost": DAY_COST, "currency": CURRENCY_OF_DAY}).get(name, f"d.{name}")
        for name in DailyReportRow.__dataclass_fields__
    },
    ReportKind.CALLS_AND_MESSAGES: {
        name: (_SPECIAL | {"messages": "CASE WHEN d.kind = 'SMS' THEN 1 END"}).get(name, f"d.{name}")
        for name in CallReportRow.__dataclass_fields__
    },
}
"""The SQL of each field of a row, by its name; the order is that of the row."""

_ROWS = {
    ReportKind.SESSIONS: SessionReportRow,
    ReportKind.DAILY: DailyReportRow,
    ReportKind.CALLS_AND_MESSAGES: CallReportRow,
}


def columns_of(kind: ReportKind) -> str:
    """All columns of a report, behind SELECT."""
    return ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS[kind].items())


def report_row(kind: ReportKind, record: asyncpg.Record) -> SessionReportRow | DailyReportRow | CallReportRow:
    """The row of a record that begins with `columns_of`."""
    return _ROWS[kind](*record[: len(COLUMNS[kind])])
