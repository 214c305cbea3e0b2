"""Exports as they are read: one, a page of them, and who may see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import Principal, limit_to_companies
from domain.exports import ExportState
from domain.reports import ReportFormat
from models.database import fetch, fetch_value
from models.where import Where
from services.files.download_links import Download, download_links
from services.files.file_store import FileKey
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest

MEDIA_TYPES = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export. `rows_expected` is counted when it begins; `failure` is a sentence."""

    id: int
    company_id: int
    user_id: int
    saved_report_id: int | None
    report: str
    format: str
    state: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime
    rows_written: int
    rows_expected: int | None
    size_bytes: int | None
    file_name: str
    file_key: str | None
    failure: str | None

    def download(self) -> Download | None:
        """What a link to the file stands for; None while there is no whole file."""
        if self.state != ExportState.READY or self.file_key is None:
            return None
        return Download(FileKey.parse(self.file_key), self.file_name, MEDIA_TYPES[ReportFormat(self.format)])

    def short_link(self) -> str | None:
        """A link for now; None while there is no whole file."""
        download = self.download()
        return None if download is None else download_links().short_link(download, self.expires_at)


_COLUMNS = ", ".join(f"e.{name}" for name in ExportRow.__dataclass_fields__)
_NEWEST = ListOrder("DOWNLOADS", "e.id", descending=True)


def export_row(record: asyncpg.Record) -> ExportRow:
    """The row of a record that begins with an export's columns."""
    return ExportRow(*record[: len(ExportRow.__dataclass_fields__)])


async def list_exports(
    principal: Principal, request: PageRequest, states: Collection[ExportState] | None = None
) -> Page[ExportRow]:
    """One page of the visible exports, newest first."""
    return await keyset_page(
        lambda conditions, tail: (
            f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM report_export e WHERE {conditions} {tail}"  # noqa: S608
        ),
        _visible(principal, states),
        _NEWEST,
        request,
        export_row,
    )


async def count_exports(principal: Principal, states: Collection[ExportState] | None = None) -> int:
    """How many there are in all."""
    where = _visible(principal, states)
    return int(await fetch_value(f"SELECT count(*) FROM report_export e WHERE {where.sql}", *where.arguments))  # noqa: S608


async def get_export(principal: Principal, export_id: int) -> ExportRow | None:
    """The export, or None when there is none that the principal may see."""
    where = _visible(principal, None)
    where.add(f"e.id = {where.bind(export_id)}")
    rows = await fetch(f"SELECT {_COLUMNS} FROM report_export e WHERE {where.sql}", *where.arguments)  # noqa: S608
    return export_row(rows[0]) if rows else None


def _visible(principal: Principal, states: Collection[ExportState] | None) -> Where:
    """Those of the companies; a token that is restricted to groups shows only what its user asked for with such a token."""
    where = Where()
    limit_to_companies(principal, where, "e")
    where.add("e.deleted_at IS NULL")
    if principal.group_ids is not None:
        where.add(f"e.user_id = {where.bind(principal.user_id)}")
        groups = where.bind(list(principal.group_ids))
        where.add(f"e.parameters -> 'group_ids' <@ to_jsonb({groups}::bigint[])")
    if states is not None:
        where.add(f"e.state = ANY({where.bind([state.value for state in states])}::text[])")
    return where
