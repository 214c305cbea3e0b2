"""Enums of the reports, each value with what it means to a client."""

from __future__ import annotations

from enum import Enum

from domain.exports import ExportState, ReportPeriod
from domain.reports import ReportFormat, ReportKind, TopBy, UsageKey
from schema.describing import describe
from services.reports.record_lists import ReportColumn

__all__ = [
    "ExportState",
    "RecordDirection",
    "RecordKind",
    "ReportColumn",
    "ReportFormat",
    "ReportKind",
    "ReportPeriod",
    "TopBy",
    "UsageKey",
]


class RecordDirection(Enum):
    """Whether a call or message came in or went out."""

    IN = "IN"
    OUT = "OUT"


class RecordKind(Enum):
    """Whether it was a call or a text message."""

    VOICE = "VOICE"
    SMS = "SMS"


describe(
    RecordDirection,
    "Whether a call or message came to the SIM or went out from it.",
    {"IN": "It came in.", "OUT": "It went out."},
)
describe(RecordKind, "What kind of record it is.", {"VOICE": "A call.", "SMS": "A text message."})
describe(
    ReportKind,
    "The reports that there are.",
    {
        "SESSIONS": "A row for each data session.",
        "DAILY": "A row for each SIM and day.",
        "CALLS_AND_MESSAGES": "A row for each call and text message.",
    },
)
describe(
    ReportFormat,
    "What a report is written as.",
    {
        "XLSX": "An Excel workbook: real dates and numbers, ICCIDs as text, a new sheet after every million rows.",
        "CSV": "A text file in UTF-8 with commas, for programs.",
    },
)
describe(
    UsageKey,
    "What an overview of usage is broken down by.",
    {
        "DAY": "The day (UTC) on which sessions began.",
        "COUNTRY": "The country, in the operator's spelling.",
        "OPERATOR": "The mobile operator in whose network the sessions were.",
        "PROFILE": "The profile of the SIM.",
        "PLAN": "The tariff plan that the SIM is on today.",
        "GROUP": "The groups that the SIM is in today; in each of them it counts.",
    },
)
describe(
    TopBy,
    "What makes a SIM one of the first.",
    {
        "BYTES": "How much was received and sent.",
        "SESSIONS": "How many sessions began.",
        "COST": "What they cost; a SIM stands once for each currency.",
    },
)
describe(
    ReportColumn,
    "What a report is ordered by.",
    {"TIME": "When the session began.", "BYTES": "How much was received and sent."},
)
describe(
    ExportState,
    "Where a report on its way to a file stands.",
    {
        "QUEUED": "It waits.",
        "RUNNING": "It is being written.",
        "READY": "The file can be downloaded.",
        "FAILED": "It could not be written; `failure` says what to do.",
        "EXPIRED": "Its time is over and the file is gone.",
    },
    name="DownloadState",
)
describe(
    ReportPeriod,
    "Which days a saved report is about, as of the day (UTC) on which it is run.",
    {
        "TODAY": "That day.",
        "YESTERDAY": "The day before.",
        "LAST_7_DAYS": "Seven days, with that day the last.",
        "LAST_30_DAYS": "Thirty days, with that day the last.",
        "THIS_MONTH": "From the 1st of the month to that day.",
        "LAST_MONTH": "The whole month before.",
    },
)
