"""Reports on their way to a file: their states, and the days of a saved report that is run again."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

KEPT = timedelta(days=30)
"""How long a finished file can be downloaded."""

RUNNING_AT_MOST = 2
"""Exports of one company that are written at a time; the others wait."""

OPEN_AT_MOST = 50
"""Exports of one company that wait or are written: more are refused."""

TRIES = 8
"""How often an export is begun before it is given up."""

ROWS_A_SHEET = 1_000_000
"""Rows of one sheet of a workbook, without the header: Excel takes 1,048,576 lines."""


class ExportState(StrEnum):
    """Where an export stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class ReportPeriod(StrEnum):
    """Which days a saved report is about, whenever it is run."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"


def days_of(period: ReportPeriod, today: date) -> tuple[date, date]:
    """The first and the last day of a period, as of today."""
    month = today.replace(day=1)
    yesterday = today - timedelta(days=1)
    last_month = month - timedelta(days=1)
    return {
        ReportPeriod.TODAY: (today, today),
        ReportPeriod.YESTERDAY: (yesterday, yesterday),
        ReportPeriod.LAST_7_DAYS: (today - timedelta(days=6), today),
        ReportPeriod.LAST_30_DAYS: (today - timedelta(days=29), today),
        ReportPeriod.THIS_MONTH: (month, today),
        ReportPeriod.LAST_MONTH: (last_month.replace(day=1), last_month),
    }[period]
