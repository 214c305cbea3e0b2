"""The queue of exports: claimed fairly among companies, written in the background, begun anew when a process dies."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from domain.clock import clock
from domain.errors import DomainError
from domain.exports import RUNNING_AT_MOST, TRIES, ExportState
from domain.notifications import NotificationKind
from domain.reports import ReportFormat, ReportKind
from drivers.process_lease import LeaseLost
from eventstream import ExportChanged
from models.database import execute, fetch, fetch_row, fetch_value
from models.tenancy import acting_for
from services.execution.hints import send_hints
from services.exports.export_rows import MEDIA_TYPES
from services.exports.request_export import RUN_EXPORTS
from services.exports.write_export import ClaimedExport, Progress, WrittenFile, write_export
from services.files.download_links import Download, download_links
from services.files.file_store import FileKey, file_store
from services.notifications.notify import About, notify
from services.process.runtime import Runtime
from services.unit_of_work import unit_of_work

AT_A_TIME = 2
"""Exports that one process writes at a time."""

_LOST = "The report could not be written: ask for it again, or for fewer days. If that does not help, write to support."

_log = logging.getLogger("novaconnect.exports")


class NoLongerWanted(Exception):
    """The export was deleted, or taken over, while it was being written."""


# The company with the fewest running goes first, then the one that was served the longest ago: nobody waits for another's
# whole queue. One claim at a time, or two processes would both see a company below its limit.
_CLAIM = """
WITH busy AS (SELECT company_id, count(*) AS running FROM report_export WHERE state = 'RUNNING' GROUP BY company_id),
chosen AS (
  SELECT e.id FROM report_export e LEFT JOIN busy b ON b.company_id = e.company_id
  WHERE e.state = 'QUEUED' AND (e.next_attempt_at IS NULL OR e.next_attempt_at <= $2) AND coalesce(b.running, 0) < $3
  ORDER BY coalesce(b.running, 0),
    (SELECT max(x.started_at) FROM report_export x WHERE x.company_id = e.company_id) NULLS FIRST, e.id
  LIMIT 1)
UPDATE report_export e SET state = 'RUNNING', holder_id = $1, started_at = $2, attempts = e.attempts + 1, rows_written = 0,
  rows_expected = NULL, next_attempt_at = NULL,
  file_key = format('exports/%s/%s-%s.%s', e.company_id, e.id, e.attempts + 1, lower(e.format))
FROM chosen c WHERE e.id = c.id
RETURNING e.id, e.company_id, e.user_id, e.report, e.format, e.parameters, e.language, e.file_name, e.file_key, e.attempts
"""

_PROGRESS = """
UPDATE report_export SET rows_written = $3, rows_expected = $4 WHERE id = $1 AND attempts = $2 AND state = 'RUNNING'
"""

_READY = """
UPDATE report_export SET state = 'READY', rows_written = $3, rows_expected = $3, size_bytes = $4, finished_at = $5,
  holder_id = NULL, failure = NULL
WHERE id = $1 AND attempts = $2 AND state = 'RUNNING' AND deleted_at IS NULL RETURNING expires_at
"""

_GIVE_BACK = """
UPDATE report_export SET state = CASE WHEN attempts >= $4 THEN 'FAILED' ELSE 'QUEUED' END, holder_id = NULL,
  next_attempt_at = $3, failure = CASE WHEN attempts >= $4 THEN $5 END,
  finished_at = CASE WHEN attempts >= $4 THEN $6::timestamptz END
WHERE id = $1 AND attempts = $2 AND state = 'RUNNING'
"""

_OF_THE_DEAD = """
UPDATE report_export e SET state = CASE WHEN e.attempts >= $1 THEN 'FAILED' ELSE 'QUEUED' END, holder_id = NULL,
  failure = CASE WHEN e.attempts >= $1 THEN $2 END, finished_at = CASE WHEN e.attempts >= $1 THEN $3::timestamptz END
FROM lease_holder h
WHERE h.id = e.holder_id AND h.ended_at IS NOT NULL AND e.state = 'RUNNING'
RETURNING e.id, e.company_id, e.file_key
"""

# A process that lives may have lost its task: its last word did not reach the database.
_OF_MINE = """
UPDATE report_export SET state = 'QUEUED', holder_id = NULL
WHERE holder_id = $1 AND state = 'RUNNING' AND id <> ALL($2::bigint[]) RETURNING id, company_id, file_key
"""

_DUE = """
SELECT EXISTS (SELECT FROM report_export WHERE state = 'RUNNING'
               OR state = 'QUEUED' AND (next_attempt_at IS NULL OR next_attempt_at <= $1)) AS due
"""


async def wake_exports() -> None:
    """Take over from dead processes, and send a hint while anything waits or is written. Doubled hints do no harm."""
    for row in await fetch(_OF_THE_DEAD, TRIES, _LOST, clock.now()):
        await _remove(row["file_key"])
    if await fetch_value(_DUE, clock.now()):
        await asyncio.to_thread(send_hints, [(RUN_EXPORTS, ())])


async def start_exports(runtime: Runtime) -> None:
    """Begin as many exports as this process has room for; they go on after the message is done."""
    async with runtime.claiming_exports:
        mine = runtime.lease.require()
        for row in await fetch(_OF_MINE, mine, list(runtime.exporting)):
            await _remove(row["file_key"])
        while len(runtime.exporting) < AT_A_TIME and not runtime.stopping.is_set():
            export = await claim_export(mine)
            if export is None:
                return
            task = asyncio.create_task(carry_out(export, runtime), name=f"export-{export.id}")
            runtime.exporting[export.id] = task


async def claim_export(holder_id: int) -> ClaimedExport | None:
    """The next export, now this process's; None when nothing waits that may be begun."""
    async with unit_of_work() as uow:
        await execute("SELECT pg_advisory_xact_lock(hashtext('claim_export'))")
        row = await fetch_row(_CLAIM, holder_id, clock.now(), RUNNING_AT_MOST)
        if row is None:
            return None
        uow.publish(ExportChanged(row["company_id"], row["id"]))
    return ClaimedExport(
        row["id"],
        row["company_id"],
        row["user_id"],
        ReportKind(row["report"]),
        ReportFormat(row["format"]),
        row["parameters"],
        *row[6:],
    )


async def carry_out(export: ClaimedExport, runtime: Runtime) -> None:
    """Write a claimed export, tell its user, and look for the next one; what fails is tried again, rarer and rarer."""
    try:
        await _carry_out(export, runtime)
    finally:
        runtime.exporting.pop(export.id, None)
    await start_exports(runtime)


async def _carry_out(export: ClaimedExport, runtime: Runtime) -> None:
    try:
        with acting_for([export.company_id]):
            written = await write_export(export, _progress_of(export))
        runtime.lease.require()
        await _finish(export, written)
    except asyncio.CancelledError:
        await asyncio.shield(_give_back(export, at_once=True))
        raise
    except DomainError as refusal:
        await _fail(export, refusal.message)
    except NoLongerWanted:
        _log.info("export %s was deleted, or goes on elsewhere", export.id)
    except LeaseLost:
        _log.warning("export %s goes on elsewhere", export.id)
    except Exception as error:  # whatever broke, the report is written another time
        _log.warning("export %s failed in attempt %s: %s", export.id, export.attempt, type(error).__name__)
        await _give_back(export, at_once=False)


def _progress_of(export: ClaimedExport) -> Progress:
    async def tell(written: int, expected: int | None) -> None:
        async with unit_of_work() as uow:
            if await execute(_PROGRESS, export.id, export.attempt, written, expected) == "UPDATE 0":
                raise NoLongerWanted
            uow.publish(ExportChanged(export.company_id, export.id))

    return tell


async def _finish(export: ClaimedExport, written: WrittenFile) -> None:
    async with unit_of_work() as uow:
        row = await fetch_row(_READY, export.id, export.attempt, written.rows, written.size, clock.now())
        if row is not None:
            uow.publish(ExportChanged(export.company_id, export.id))
            download = Download(FileKey.parse(export.file_key), export.file_name, MEDIA_TYPES[export.format])
            await notify(
                uow,
                NotificationKind.REPORT_READY,
                key=f"export:{export.id}",
                company_id=export.company_id,
                user_ids=[export.user_id],
                about=About("Download", export.id),
                values={"name": export.file_name, "link": download_links().link(download, row["expires_at"])},
            )
    if row is None:  # deleted meanwhile, or somebody else's by now
        await _remove(export.file_key)


async def _give_back(export: ClaimedExport, *, at_once: bool) -> None:
    pause = timedelta(seconds=0 if at_once else min(300, 2**export.attempt))
    async with unit_of_work() as uow:
        now = clock.now()
        await execute(_GIVE_BACK, export.id, export.attempt, now + pause, TRIES, _LOST, now)
        uow.publish(ExportChanged(export.company_id, export.id))


async def _fail(export: ClaimedExport, sentence: str) -> None:
    async with unit_of_work() as uow:
        await execute(
            "UPDATE report_export SET state = $3, failure = $4, finished_at = $5, holder_id = NULL"
            " WHERE id = $1 AND attempts = $2 AND state = 'RUNNING'",
            export.id,
            export.attempt,
            ExportState.FAILED.value,
            sentence[:500],
            clock.now(),
        )
        uow.publish(ExportChanged(export.company_id, export.id))


async def _remove(file_key: str | None) -> None:
    """A file that was published by an attempt that did not end well is nobody's."""
    if file_key is not None:
        await file_store().delete(FileKey.parse(file_key))
