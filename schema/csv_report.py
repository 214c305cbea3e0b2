"""What became of each row of a pasted table."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from schema.arguments import After, First
from schema.connections import Connection
from schema.context import Info
from schema.scalars import Iccid
from schema.sim import Sim
from services.fleet.csv_filter_report import CsvReport, CsvReportRow, CsvRowStatus
from services.paging import PageRequest


@strawberry.type(name="CsvReportRow", description="One row of a pasted table and what it stands for.")
class CsvReportLine:
    """A row with its status."""

    entry: strawberry.Private[CsvReportRow]
    line: int = strawberry.field(description="Its line in the text, counted from 1.")
    iccid: Iccid | None = strawberry.field(description="The ICCID in it.")
    number: str | None = strawberry.field(description="The number in it, digits only.")
    status: CsvRowStatus = strawberry.field(description="What it stands for.")
    bad_check_digit: bool = strawberry.field(
        description="Whether the last digit of the ICCID does not fit the others: a remark, often a typing error."
    )
    problem: str | None = strawberry.field(description="Why a BAD_ROW cannot be read and what to do.")

    @classmethod
    def of(cls, entry: CsvReportRow) -> Self:
        """The line of a report's row."""
        row = entry.row
        return cls(
            entry=entry,
            line=row.line_number,
            iccid=Iccid(row.iccid) if row.iccid else None,
            number=row.number,
            status=entry.status,
            bad_check_digit=row.bad_check_digit,
            problem=row.problem,
        )

    @strawberry.field(description="The SIM of a FOUND row.")
    async def sim(self, info: Info) -> Annotated[Sim, strawberry.lazy("schema.sim")] | None:
        """Read for all rows of a page at once."""
        if self.entry.sim_id is None:
            return None
        row = await info.context.loaders.sims.load(self.entry.sim_id)
        return Sim.of(row) if row else None


@strawberry.type(description="What became of each row of a pasted table.")
class CsvFilterReport:
    """Counts by status, and the rows."""

    report: strawberry.Private[CsvReport]
    total: int = strawberry.field(description="Rows, without blank ones and the header.")
    found: int = strawberry.field(description="Rows that name exactly one SIM.")
    not_found: int = strawberry.field(description="Rows that name none.")
    ambiguous: int = strawberry.field(description="Rows with a number that several SIMs have.")
    different_sims: int = strawberry.field(description="Rows whose ICCID and number do not belong to one SIM.")
    bad_rows: int = strawberry.field(description="Rows that cannot be read.")
    bad_check_digits: int = strawberry.field(description="Rows whose ICCID has a wrong check digit, found or not.")

    @classmethod
    def of(cls, report: CsvReport) -> Self:
        """The counts of a report."""
        return cls(
            report=report,
            total=len(report.rows),
            found=report.counts[CsvRowStatus.FOUND],
            not_found=report.counts[CsvRowStatus.NOT_FOUND],
            ambiguous=report.counts[CsvRowStatus.AMBIGUOUS],
            different_sims=report.counts[CsvRowStatus.DIFFERENT_SIMS],
            bad_rows=report.counts[CsvRowStatus.BAD_ROW],
            bad_check_digits=report.bad_check_digits,
        )

    @strawberry.field(description="The rows in the order of the text.")
    def rows(
        self,
        status: Annotated[
            list[CsvRowStatus] | None, strawberry.argument(description="Only rows of one of these statuses.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[CsvReportLine]:
        """A page of them."""
        wanted = None if status is None else set(status)
        page = self.report.page(wanted, PageRequest(first, after))
        return Connection(page=page, make=CsvReportLine.of, count=lambda: self._count(wanted))

    async def _count(self, wanted: set[CsvRowStatus] | None) -> int:
        return sum(count for status, count in self.report.counts.items() if wanted is None or status in wanted)
