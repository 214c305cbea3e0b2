"""Reports as files, and reports saved under a name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

import strawberry

from schema.connections import Node
from schema.ids import database_id, global_id
from schema.payloads import UserError
from schema.report_enums import ExportState, ReportFormat, ReportKind, ReportPeriod
from schema.report_inputs import ReportSelection, selected
from schema.scalars import Bytes
from services.exports.export_rows import ExportRow
from services.exports.parameters import ReportParameters
from services.exports.request_export import ExportRequest
from services.exports.saved_reports import SavedReportDraft, SavedReportRow
from services.streams.watch_exports import ExportsEvent


@strawberry.type(description="A report as a file: asked for, being written, or ready to be downloaded.")
class Download(Node):
    """A file."""

    row: strawberry.Private[ExportRow]
    report: ReportKind = strawberry.field(description="Which report it is.")
    format: ReportFormat = strawberry.field(description="What it is written as.")
    file_name: str = strawberry.field(description="The name of the file.")
    state: ExportState = strawberry.field(description="Where it stands.")
    rows: Bytes = strawberry.field(description="How many rows are written, without the header.")
    rows_expected: Bytes | None = strawberry.field(description="How many there will be; null until it is begun.")
    size: Bytes | None = strawberry.field(description="The size of the file; null until it is ready.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it was ready, or given up.")
    expires_at: datetime = strawberry.field(description="Until when it can be downloaded: 30 days from the beginning.")
    failure: str | None = strawberry.field(description="Why there is no file, and what to do; null unless it failed.")
    saved_report_id: strawberry.ID | None = strawberry.field(description="The saved report it was made by, if any.")

    @strawberry.field(
        description="Where the file is, for an hour: a signed address that needs no token. Null unless it is ready. A token of"
        " another company that is sent along is refused."
    )
    def url(self) -> str | None:
        """A short link."""
        return self.row.short_link()

    @classmethod
    def of(cls, row: ExportRow) -> Self:
        """The export of a row."""
        saved = row.saved_report_id
        return cls(
            id=global_id("Download", row.id),
            row=row,
            report=ReportKind(row.report),
            format=ReportFormat(row.format),
            file_name=row.file_name,
            state=ExportState(row.state),
            rows=Bytes(row.rows_written),
            rows_expected=None if row.rows_expected is None else Bytes(row.rows_expected),
            size=None if row.size_bytes is None else Bytes(row.size_bytes),
            created_at=row.created_at,
            finished_at=row.finished_at,
            expires_at=row.expires_at,
            failure=row.failure,
            saved_report_id=None if saved is None else global_id("SavedReport", saved),
        )


@strawberry.type(description="A report saved under a name.")
class SavedReport(Node):
    """A saved report."""

    name: str = strawberry.field(description="Its name.")
    report: ReportKind = strawberry.field(description="Which report it is.")
    format: ReportFormat = strawberry.field(description="What it is written as.")
    period: ReportPeriod = strawberry.field(description="Which days it is about when it is run.")
    time_zone: str = strawberry.field(description="The time zone in which its days begin and end.")
    sim_ids: list[strawberry.ID] | None = strawberry.field(description="The SIMs it names; null if it names none.")
    has_filter: bool = strawberry.field(description="Whether it is about the SIMs of a filter.")
    monthly: bool = strawberry.field(description="Whether it is written for the month before on every 1st, and mailed.")
    created_at: datetime = strawberry.field(description="When it was saved.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: SavedReportRow) -> Self:
        """The saved report of a row."""
        ids = row.parameters.selection.ids
        return cls(
            id=global_id("SavedReport", row.id),
            name=row.name,
            report=row.parameters.report,
            format=row.format,
            period=row.period,
            time_zone=row.parameters.zone,
            sim_ids=None if ids is None else [global_id("Sim", each) for each in ids],
            has_filter=row.parameters.selection.filter is not None,
            monthly=row.monthly,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.input(description="A report to be written to a file.")
class RequestExportInput:
    """What is asked for."""

    report: ReportKind = strawberry.field(description="Which report.")
    format: ReportFormat = strawberry.field(default=ReportFormat.XLSX, description="What it is written as.")
    from_: date = strawberry.field(name="from", description="The first day.")
    to: date = strawberry.field(description="The last day, which belongs to the report; at most 400 days in all.")
    idempotency_key: str = strawberry.field(
        description="Chosen by the client, 1 to 200 characters: repeated with the same request it gives the same file."
    )
    selection: ReportSelection | None = strawberry.field(
        default=None, description="Which SIMs; the whole fleet when it is left out."
    )
    time_zone: str = strawberry.field(
        default="UTC", description="The time zone in which days begin and end; a daily report knows UTC only."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="The company that it is about and belongs to: for those who see several."
    )

    def to_domain(self, group_ids: tuple[int, ...] | None) -> ExportRequest:
        """The request; `group_ids` are those that the token is restricted to."""
        parameters = ReportParameters(self.report, selected(self.selection), self.time_zone, group_ids)
        return ExportRequest(parameters, self.format, self.from_, self.to)

    def company(self) -> int | None:
        """The company's database id; raises `InvalidId`."""
        return None if self.company_id is None else database_id(self.company_id, "Company", "companyId")


@strawberry.input(description="A report to be saved under a name.")
class SaveReportInput:
    """What is saved."""

    name: str = strawberry.field(description="The name, 1 to 60 characters; unique in the company whatever its case.")
    report: ReportKind = strawberry.field(description="Which report.")
    period: ReportPeriod = strawberry.field(description="Which days it is about when it is run.")
    id: strawberry.ID | None = strawberry.field(default=None, description="The one to change; a new one if left out.")
    format: ReportFormat = strawberry.field(default=ReportFormat.XLSX, description="What it is written as.")
    selection: ReportSelection | None = strawberry.field(
        default=None, description="Which SIMs, as the filter names them when it is run; the fleet when it is left out."
    )
    time_zone: str = strawberry.field(
        default="UTC", description="The time zone in which days begin and end; a daily report knows UTC only."
    )
    monthly: bool = strawberry.field(
        default=False, description="Whether to write it for the month before on every 1st, and mail the link."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="The company that it is about: for those who see several. Never changed afterwards."
    )

    def to_domain(self) -> SavedReportDraft:
        """What is to be saved; raises `InvalidId`."""
        parameters = ReportParameters(self.report, selected(self.selection), self.time_zone)
        return SavedReportDraft(self.name, parameters, self.format, self.period, self.monthly)

    def company(self) -> int | None:
        """The company's database id; raises `InvalidId`."""
        return None if self.company_id is None else database_id(self.company_id, "Company", "companyId")


@strawberry.input(description="A saved report to be written now.")
class RunSavedReportInput:
    """Which one."""

    id: strawberry.ID = strawberry.field(description="The saved report.")
    idempotency_key: str = strawberry.field(
        description="Chosen by the client, 1 to 200 characters: repeated with the same request it gives the same file."
    )


@strawberry.input(description="A download to take off the list.")
class DeleteDownloadInput:
    """Which one."""

    id: strawberry.ID = strawberry.field(description="The download.")


@strawberry.input(description="A saved report to forget.")
class DeleteSavedReportInput:
    """Which one."""

    id: strawberry.ID = strawberry.field(description="The saved report.")


@strawberry.type(description="The file that was asked for, or why it was not taken.")
class DownloadPayload:
    """Answer of mutations that ask for a file."""

    download: Download | None = strawberry.field(description="The file as it stands now; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="The saved report, or why it was not saved.")
class SavedReportPayload:
    """Answer of `saveReport`."""

    saved_report: SavedReport | None = strawberry.field(description="The saved report; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="The id of what is gone, or why it is not.")
class DeletedPayload:
    """Answer of deletions."""

    deleted_id: strawberry.ID | None = strawberry.field(description="The id of what is gone; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="Downloads that are new or changed, or a snapshot of the 50 newest.")
class DownloadsChangedEvent:
    """Downloads."""

    snapshot: bool = strawberry.field(description="Whether these are the 50 newest, at the beginning.")
    downloads: list[Download] = strawberry.field(description="The downloads, newest first, each as it stands now.")
    gone: list[strawberry.ID] = strawberry.field(description="Ids of downloads that were deleted.")

    @classmethod
    def of(cls, event: ExportsEvent) -> Self:
        """The event of a stream."""
        return cls(
            snapshot=event.snapshot,
            downloads=[Download.of(row) for row in event.exports],
            gone=[global_id("Download", export_id) for export_id in event.gone],
        )
