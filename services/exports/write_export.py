"""Writing one claimed export: rows are read as they are written, and the file appears whole or not at all."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from domain.reports import ReportFormat, ReportKind, Span
from models.database import connection
from models.where import Where
from services.exports.layout import LAYOUTS, FileColumn
from services.exports.parameters import ReportParameters
from services.exports.writers import open_writer
from services.files.file_store import FileKey, file_store
from services.reports.record_lists import LISTS, record_order
from services.reports.record_pages import JOINED, Way, found_sql, way_of
from services.reports.record_rows import COLUMNS
from services.reports.scope import Scope
from services.reports.totals import count_rows

CHUNK = 2_000
"""Rows that are held at a time."""

_TELL_EVERY_SECONDS = 0.5

Progress = Callable[[int, int | None], Awaitable[None]]
"""Told how many rows are written and, once it is known, how many there will be."""


@dataclass(frozen=True, slots=True)
class ClaimedExport:
    """An export that this process writes; `attempt` is the fence: a later attempt is somebody else's."""

    id: int
    company_id: int
    user_id: int
    report: ReportKind
    format: ReportFormat
    parameters: str
    language: str
    file_name: str
    file_key: str
    attempt: int

    async def asked(self) -> tuple[Scope, Span]:
        """Whose records of which days; raises what a filter can raise that no longer makes sense."""
        stored = orjson.loads(self.parameters)
        parameters = ReportParameters.from_json(self.report, stored)
        span = parameters.span(date.fromisoformat(stored["first"]), date.fromisoformat(stored["last"]))
        return await parameters.scope(self.company_id, self.user_id), span


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What was published."""

    rows: int
    size: int


async def write_export(export: ClaimedExport, progress: Progress) -> WrittenFile:
    """Write and publish the file. Whatever is raised, nothing is published, and nothing is left on the disk."""
    scope, span = await export.asked()
    expected = await count_rows(export.report, scope, span)
    await progress(0, expected)
    columns = LAYOUTS[export.report]
    with tempfile.TemporaryDirectory(prefix="nova-export-") as folder:
        place = Path(folder) / "report"
        writer = await asyncio.to_thread(open_writer, export.format, place, columns, export.language)
        written, told = 0, time.monotonic()
        try:
            async for rows in _rows(export.report, scope, span, columns):
                await asyncio.to_thread(writer.write, rows)
                written += len(rows)
                if time.monotonic() - told > _TELL_EVERY_SECONDS:
                    told = time.monotonic()
                    await progress(written, max(expected, written))
            await asyncio.to_thread(writer.close)
        except BaseException:
            writer.abandon()
            raise
        size = await file_store().write(FileKey.parse(export.file_key), place)
    return WrittenFile(written, size)


async def _rows(
    kind: ReportKind, scope: Scope, span: Span, columns: Sequence[FileColumn]
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """All rows in pieces, out of one snapshot: what comes meanwhile is not in it."""
    if not scope.company_ids:
        return
    sql, arguments = await _query(kind, scope, span, columns)
    async with connection() as raw, raw.transaction():
        cursor = await raw.cursor(sql, *arguments)
        while rows := await cursor.fetch(CHUNK):
            yield [tuple(row) for row in rows]


async def _query(kind: ReportKind, scope: Scope, span: Span, columns: Sequence[FileColumn]) -> tuple[str, list[Any]]:
    listed, order = LISTS[kind], record_order(kind)
    where = Where(list(scope.company_ids))
    first, end = (where.bind(bound) for bound in listed.bounds(span))
    cast = "date" if listed.days else "timestamptz"
    conditions = f"{listed.time} >= {first}::{cast} AND {listed.time} < {end}::{cast}"
    sims = None if scope.sims is None else await scope.sims_sql(where)
    way = Way.WALK if sims is None else await way_of(kind, scope, span, by_time=True, whole=True)
    found = found_sql(listed, way, conditions, order.order_by(), sims, one_company=len(scope.company_ids) == 1)
    selected = ", ".join(COLUMNS[kind][column.field] for column in columns)
    return f"SELECT {selected} FROM ({found}) d {JOINED} {order.order_by()}", where.arguments  # noqa: S608
