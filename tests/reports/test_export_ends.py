"""How an export ends: expired, deleted, its writer killed or stopped, the store away; the file is whole or not there."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from obstore.store import LocalStore
from openpyxl import load_workbook

from domain.clock import clock
from domain.errors import NotFound
from domain.exports import TRIES
from domain.reports import ReportFormat
from models.database import connection_arguments, fetch_value
from services.execution.recover_items import recover_items
from services.exports.export_rows import get_export, list_exports
from services.exports.remove_exports import clean_exports, delete_export
from services.exports.run_exports import start_exports, wake_exports
from services.files.file_store import FileStore, use_file_store
from services.paging import PageRequest
from tests.reports.conftest import Writing, add_many_sessions, rows_of
from tests.worlds import TwoCompanies

ROOT = Path(__file__).resolve().parent.parent.parent


async def test_an_expired_file_is_removed_and_then_forgotten(world: TwoCompanies, writing: Writing) -> None:
    export = await writing.ready(await writing.ask())
    assert await clean_exports() == 0
    assert writing.files() == [f"{export.id}-1.csv"]

    clock.shift_to(timedelta(days=30, minutes=1))
    assert await clean_exports() == 1

    gone = await get_export(world.owner.principal, export.id)
    assert gone is not None
    assert (gone.state, gone.short_link(), writing.files()) == ("EXPIRED", None, [])
    clock.shift_to(timedelta(days=91))
    await clean_exports()
    assert await get_export(world.owner.principal, export.id) is None


async def test_a_deleted_file_is_gone_at_once_in_every_state(world: TwoCompanies, writing: Writing) -> None:
    ready = await writing.ready(await writing.ask())
    await delete_export(world.manager.principal, ready.id)
    assert writing.files() == []
    waiting = await writing.ask()
    await delete_export(world.owner.principal, waiting.id)
    await writing.write_all()
    await add_many_sessions(world, 20_000)
    running = await writing.ask()
    await start_exports(writing.runtime)
    await delete_export(world.owner.principal, running.id)
    await writing.write_all()
    await clean_exports()

    assert writing.files() == []
    assert (await list_exports(world.owner.principal, PageRequest())).rows == []
    with pytest.raises(NotFound):
        await delete_export(world.owner.principal, ready.id)
    assert await fetch_value("SELECT count(*) FROM notification") == 1
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'export.deleted'") == 3


KILLED = """
import asyncio, sys
from models.database import open_database
from models.tenancy import process_acts_as_system
from drivers.process_lease import ProcessLease
from drivers.registry import DriverRegistry
from services.exports import write_export
from services.exports.run_exports import start_exports
from services.files.download_links import DownloadLinks, use_download_links
from services.files.file_store import open_file_store, use_file_store
from services.process.runtime import Runtime
from settings import Settings

write_export.CHUNK, write_export._TELL_EVERY_SECONDS = 500, 0  # many steps, each told: it is caught between two of them
all_rows = write_export._rows

async def slowly(*arguments):
    async for rows in all_rows(*arguments):
        yield rows
        await asyncio.sleep(0.2)  # however busy the machine is

write_export._rows = slowly

async def main():
    process_acts_as_system()
    await open_database(sys.argv[1])
    use_file_store(open_file_store(Settings(file_store=sys.argv[2])))
    use_download_links(DownloadLinks("http://x", "x" * 40))
    lease = ProcessLease(sys.argv[1], "killed")
    await lease.open()
    await start_exports(Runtime(DriverRegistry({}, ()), lease))
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def _hold_half_way(owner: asyncpg.Connection, export_id: int) -> None:
    """Wait until some rows are written, and keep the row locked, so that the writer waits to tell of more."""
    while True:
        held = owner.transaction()
        await held.start()
        if await owner.fetchval("SELECT rows_written FROM report_export WHERE id = $1 FOR UPDATE", export_id):
            return
        await held.rollback()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("format", ReportFormat)
async def test_an_export_killed_half_way_is_begun_anew_and_delivered_whole(
    world: TwoCompanies, writing: Writing, database: str, tmp_path: Path, format: ReportFormat
) -> None:
    """Given a process that writes a long report, when it is killed, then another writes the whole file, and only that."""
    count = 15_000
    await add_many_sessions(world, count)
    export = await writing.ask(format=format)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, database, str(writing.folder)),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    owner = await asyncpg.connect(**connection_arguments(database))
    try:
        async with asyncio.timeout(60):
            await _hold_half_way(owner, export.id)
        half = await get_export(world.owner.principal, export.id)
    finally:
        process.kill()
        await process.wait()
        await owner.close()
    assert any(scratch.iterdir())
    assert half is not None and half.state == "RUNNING" and half.rows_written < count and half.short_link() is None
    assert writing.files() == []
    async with asyncio.timeout(30):
        while (await get_export(world.owner.principal, export.id)).state != "QUEUED":
            await recover_items()
            await wake_exports()
            await asyncio.sleep(0.1)

    done = await writing.ready(export)

    assert done.rows_written == count
    assert writing.files() == [f"{export.id}-2.{format.value.lower()}"]
    content = await writing.content(done)
    if format is ReportFormat.CSV:
        assert sorted(int(line[5]) for line in rows_of(content)[1:]) == list(range(1, count + 1))
    else:
        sheet = load_workbook(io.BytesIO(content), read_only=True).active
        found = [row[5] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert sorted(map(int, map(str, found))) == list(range(1, count + 1))
    assert await fetch_value("SELECT count(*) FROM notification") == 1


async def test_a_stopped_worker_gives_its_export_back_at_once(world: TwoCompanies, writing: Writing) -> None:
    await add_many_sessions(world, 12_000)
    export = await writing.ask(format=ReportFormat.XLSX)
    await start_exports(writing.runtime)
    [task] = writing.runtime.exporting.values()
    while await fetch_value("SELECT rows_expected IS NULL FROM report_export WHERE id = $1", export.id):
        await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    row = await get_export(world.owner.principal, export.id)
    assert row is not None and row.state == "QUEUED"
    assert writing.files() == []
    assert (await writing.ready(export)).rows_written == 12_000


async def test_a_store_that_is_away_is_tried_again_and_given_up_at_last(
    world: TwoCompanies, writing: Writing, tmp_path: Path
) -> None:
    """Given a store that takes nothing, when it comes back, then the file is there; if it never does, that is said."""
    broken = FileStore(LocalStore(tmp_path))
    (tmp_path / "exports").write_text("a file where a folder should be")
    use_file_store(broken)
    first = await writing.ask()
    await writing.write_all()
    row = await get_export(world.owner.principal, first.id)
    assert row is not None and row.state == "QUEUED"
    use_file_store(writing.store)
    await writing.write_all()
    assert (await get_export(world.owner.principal, first.id)).state == "QUEUED"
    clock.shift_to(timedelta(minutes=10))
    await writing.ready(first)

    use_file_store(broken)
    second = await writing.ask()
    for number in range(2, TRIES + 3):
        await writing.write_all()
        clock.shift_to(timedelta(minutes=10 * number))
    row = await get_export(world.owner.principal, second.id)
    assert row is not None and row.state == "FAILED"
    assert row.failure and "ask for it again" in row.failure
