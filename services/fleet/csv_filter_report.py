"""What became of each row of a pasted table, before anybody acts on it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from access import Principal
from domain import csv_filter
from domain.csv_filter import CsvRow
from services.fleet.csv_matches import csv_matches
from services.paging import ListOrder, Page, PageRequest


class CsvRowStatus(StrEnum):
    """What a row stands for among the SIMs that the one who asks may see."""

    FOUND = "FOUND"
    NOT_FOUND = "NOT_FOUND"
    AMBIGUOUS = "AMBIGUOUS"
    DIFFERENT_SIMS = "DIFFERENT_SIMS"
    BAD_ROW = "BAD_ROW"


@dataclass(frozen=True, slots=True)
class CsvReportRow:
    """A row and its status. `sim_id` is set when it is FOUND; `problem` says in a sentence why a BAD_ROW is one."""

    row: CsvRow
    status: CsvRowStatus
    sim_id: int | None


@dataclass(frozen=True, slots=True)
class CsvReport:
    """All rows in their order, blank ones and the header left out."""

    rows: Sequence[CsvReportRow]
    counts: Counter[CsvRowStatus]
    bad_check_digits: int

    def page(self, statuses: Collection[CsvRowStatus] | None, request: PageRequest) -> Page[CsvReportRow]:
        """Some of the rows, forward: only those of the statuses, if any are given."""
        size, after = request.size(), _ORDER.place(request.after, "after")
        beyond = after[1] if after else 0
        chosen = [
            entry
            for entry in self.rows
            if entry.row.line_number > beyond and (statuses is None or entry.status in statuses)
        ]
        rows = chosen[:size]
        places = [(None, entry.row.line_number) for entry in rows]
        return Page(rows, places, _ORDER, has_next=len(chosen) > size, has_previous=after is not None)


_ORDER = ListOrder("CSV_LINE", "line")


async def csv_filter_report(principal: Principal, text: str) -> CsvReport:
    """Look every row up among the visible SIMs; raises `CsvTooManyRows`."""
    # A hundred thousand rows take a second to read, which nobody else should wait for.
    table = await asyncio.to_thread(csv_filter.parse, text, path=("csv",))
    matches = await csv_matches(principal, table)
    return await asyncio.to_thread(_report, table.rows, matches)


def _report(rows: Sequence[CsvRow], matches: Sequence[asyncpg.Record]) -> CsvReport:
    answers = iter(matches)
    report = []
    for row in rows:
        if row.problem is not None:
            report.append(CsvReportRow(row, CsvRowStatus.BAD_ROW, None))
        else:
            report.append(CsvReportRow(row, *_verdict(row, *next(answers))))
    return CsvReport(
        report, Counter(entry.status for entry in report), sum(entry.row.bad_check_digit for entry in report)
    )


def _verdict(
    row: CsvRow, iccid_sim: int | None, number_sim: int | None, matches: int, agrees: bool
) -> tuple[CsvRowStatus, int | None]:
    if iccid_sim is None and number_sim is None:
        return CsvRowStatus.NOT_FOUND, None
    if row.iccid is None:
        return (CsvRowStatus.FOUND, number_sim) if matches == 1 else (CsvRowStatus.AMBIGUOUS, None)
    if row.number is None or agrees:
        return CsvRowStatus.FOUND, iccid_sim
    return CsvRowStatus.DIFFERENT_SIMS, None
