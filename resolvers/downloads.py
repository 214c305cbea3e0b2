"""Root fields about reports as files and saved reports."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Annotated

import strawberry

from access import Principal
from domain.errors import DomainError
from schema.arguments import After, Before, First, Last
from schema.connections import Connection
from schema.context import Info
from schema.download import (
    DeleteDownloadInput,
    DeletedPayload,
    DeleteSavedReportInput,
    Download,
    DownloadPayload,
    DownloadsChangedEvent,
    RequestExportInput,
    RunSavedReportInput,
    SavedReport,
    SavedReportPayload,
    SaveReportInput,
)
from schema.ids import database_id
from schema.payloads import UserError
from schema.report_enums import ExportState
from services.exports.export_rows import ExportRow, count_exports, list_exports
from services.exports.remove_exports import delete_export
from services.exports.request_export import request_export
from services.exports.saved_reports import (
    SavedReportRow,
    delete_saved_report,
    list_saved_reports,
    run_saved_report,
    save_report,
)
from services.paging import PageRequest
from services.streams.watch_exports import watch_exports


@strawberry.type
class DownloadQuery:
    """Reading downloads and saved reports."""

    @strawberry.field(description="Reports as files, the newest first: those of the company, whoever asked for them.")
    async def downloads(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        states: Annotated[
            list[ExportState] | None, strawberry.argument(description="Only those in these states.")
        ] = None,
    ) -> Connection[Download]:
        """A page of downloads."""
        principal = info.context.principal
        page = await list_exports(principal, PageRequest(first, after, last, before), states)
        return Connection(page=page, make=Download.of, count=lambda: count_exports(principal, states))

    @strawberry.field(description="Reports saved under a name, by name: those of the company.")
    async def saved_reports(self, info: Info) -> list[SavedReport]:
        """All of them."""
        return [SavedReport.of(row) for row in await list_saved_reports(info.context.principal)]


@strawberry.type
class DownloadMutation:
    """Asking for files, deleting them, and saving reports."""

    @strawberry.mutation(
        description="Write a report to a file. It is queued; when it is ready, the user who asked is told and mailed a link."
    )
    async def request_export(
        self, info: Info, input: Annotated[RequestExportInput, strawberry.argument(description="Which report.")]
    ) -> DownloadPayload:
        """Queue it."""
        return await _download(_request(info.context.principal, input))

    @strawberry.mutation(description="Take a file off the list, whatever its state, and delete it.")
    async def delete_download(
        self, info: Info, input: Annotated[DeleteDownloadInput, strawberry.argument(description="Which.")]
    ) -> DeletedPayload:
        """Delete it."""
        return await _deleted(input.id, _delete_download(info.context.principal, input.id))

    @strawberry.mutation(description="Save a report under a name, or change a saved one.")
    async def save_report(
        self, info: Info, input: Annotated[SaveReportInput, strawberry.argument(description="The report and its name.")]
    ) -> SavedReportPayload:
        """Save it."""
        try:
            row = await _save(info.context.principal, input)
        except DomainError as refusal:
            return SavedReportPayload(saved_report=None, user_errors=[UserError.of(refusal)])
        return SavedReportPayload(saved_report=SavedReport.of(row), user_errors=[])

    @strawberry.mutation(description="Write a saved report to a file, for its days as of now.")
    async def run_saved_report(
        self, info: Info, input: Annotated[RunSavedReportInput, strawberry.argument(description="Which.")]
    ) -> DownloadPayload:
        """Queue it."""
        return await _download(_run(info.context.principal, input))

    @strawberry.mutation(description="Forget a saved report; files that it made stay.")
    async def delete_saved_report(
        self, info: Info, input: Annotated[DeleteSavedReportInput, strawberry.argument(description="Which.")]
    ) -> DeletedPayload:
        """Forget it."""
        return await _deleted(input.id, _delete_saved(info.context.principal, input.id))


@strawberry.type
class DownloadSubscription:
    """Hearing of files."""

    @strawberry.subscription(
        description="The 50 newest downloads as they move on: begins with a snapshot; while one is written, `rows` grows."
    )
    async def downloads_changed(self, info: Info) -> AsyncGenerator[DownloadsChangedEvent, None]:
        """Without end."""
        async with aclosing(watch_exports(info.context.audience, info.context.hub)) as events:
            async for event in events:
                yield DownloadsChangedEvent.of(event)


async def _download(work: Awaitable[ExportRow]) -> DownloadPayload:
    try:
        return DownloadPayload(download=Download.of(await work), user_errors=[])
    except DomainError as refusal:
        return DownloadPayload(download=None, user_errors=[UserError.of(refusal)])


async def _deleted(deleted_id: strawberry.ID, work: Awaitable[None]) -> DeletedPayload:
    try:
        await work
    except DomainError as refusal:
        return DeletedPayload(deleted_id=None, user_errors=[UserError.of(refusal)])
    return DeletedPayload(deleted_id=deleted_id, user_errors=[])


async def _request(principal: Principal, asked: RequestExportInput) -> ExportRow:
    request = asked.to_domain(principal.group_ids)
    return await request_export(principal, request, company_id=asked.company(), idempotency_key=asked.idempotency_key)


async def _run(principal: Principal, asked: RunSavedReportInput) -> ExportRow:
    saved_id = database_id(asked.id, "SavedReport", "id")
    return await run_saved_report(principal, saved_id, idempotency_key=asked.idempotency_key)


async def _save(principal: Principal, asked: SaveReportInput) -> SavedReportRow:
    saved_id = None if asked.id is None else database_id(asked.id, "SavedReport", "id")
    return await save_report(principal, asked.to_domain(), saved_id=saved_id, company_id=asked.company())


async def _delete_download(principal: Principal, text: strawberry.ID) -> None:
    await delete_export(principal, database_id(text, "Download", "id"))


async def _delete_saved(principal: Principal, text: strawberry.ID) -> None:
    await delete_saved_report(principal, database_id(text, "SavedReport", "id"))
