"""Exports that come to their end: deleted by a user, or expired; their files go with them."""

from __future__ import annotations

import logging
from datetime import timedelta

from access import Principal
from domain.clock import clock
from domain.errors import NotFound
from domain.exports import ExportState
from eventstream import ExportChanged
from models.database import execute, fetch
from services.audit.record import record
from services.exports.export_rows import get_export
from services.files.file_store import STORE_AWAY, FileKey, file_store
from services.unit_of_work import unit_of_work

REMEMBERED = timedelta(days=60)
"""How long the row of an expired or deleted export is kept."""

_log = logging.getLogger("novaconnect.exports")

_DELETE = """
UPDATE report_export SET deleted_at = $2, state = CASE WHEN state IN ('QUEUED', 'RUNNING') THEN 'FAILED' ELSE state END
WHERE id = $1 AND deleted_at IS NULL
"""

# Files of exports that nobody can download any more; one that is still being written removes its file itself.
_FILES_TO_GO = """
SELECT id, company_id, file_key FROM report_export
WHERE file_key IS NOT NULL AND state <> 'RUNNING' AND (deleted_at IS NOT NULL OR expires_at <= $1) ORDER BY id LIMIT 200
"""

_GONE = """
UPDATE report_export SET file_key = NULL, state = CASE WHEN state = 'READY' THEN 'EXPIRED' ELSE state END
WHERE id = $1 AND state <> 'RUNNING'
"""


async def delete_export(principal: Principal, export_id: int) -> None:
    """Take an export off the list, whatever its state; its file goes at once. Raises `Forbidden` and `NotFound`."""
    principal.require_write()
    row = await get_export(principal, export_id)
    if row is None:
        raise NotFound("There is no such download.", path=("id",))
    async with unit_of_work() as uow:
        await execute(_DELETE, export_id, clock.now())
        await record(
            principal,
            "export.deleted",
            f"export:{export_id}",
            company_id=row.company_id,
            before={"name": row.file_name},
        )
        uow.publish(ExportChanged(row.company_id, export_id))
    if row.state == ExportState.READY and row.file_key is not None:
        try:
            await file_store().delete(FileKey.parse(row.file_key))
        except STORE_AWAY as error:  # nobody is given a link any more; the next round of cleaning removes it
            _log.warning("a deleted file is still there: %s", type(error).__name__)


async def clean_exports() -> int:
    """Remove the files of deleted and expired exports, and rows that nobody needs; returns how many files went.

    A store that is away is asked again in the next round.
    """
    now = clock.now()
    removed = 0
    for row in await fetch(_FILES_TO_GO, now):
        try:
            await file_store().delete(FileKey.parse(row["file_key"]))
        except STORE_AWAY as error:
            _log.warning("an expired file cannot be removed: %s", type(error).__name__)
            break
        async with unit_of_work() as uow:
            await execute(_GONE, row["id"])
            uow.publish(ExportChanged(row["company_id"], row["id"]))
        removed += 1
    await execute(
        "DELETE FROM report_export WHERE file_key IS NULL AND state NOT IN ('QUEUED', 'RUNNING')"
        " AND least(expires_at, deleted_at) < $1",
        now - REMEMBERED,
    )
    return removed
