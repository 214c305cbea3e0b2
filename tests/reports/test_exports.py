"""Reports as files: queued, written, told of, fetched, deleted, expired; a file is whole or it is not there."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import sys
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from obstore.store import LocalStore
from openpyxl import load_workbook
from starlette.applications import Starlette

from domain.clock import clock
from domain.errors import Forbidden, IdempotencyConflict, InvalidValue, NotFound, TooManyExports, UnknownProfile
from domain.exports import OPEN_AT_MOST, TRIES
from domain.reports import ReportFormat, ReportKind
from domain.sim_filter import Selection, SimFilter
from eventstream import EventHub
from models.database import connection_arguments, execute, fetch, fetch_row, fetch_value
from services.execution.recover_items import recover_items
from services.exports.export_rows import get_export, list_exports
from services.exports.remove_exports import clean_exports, delete_export
from services.exports.run_exports import claim_export, start_exports, wake_exports
from services.files.file_store import FileStore, open_file_store, use_file_store
from services.paging import PageRequest
from services.streams.audience import Alone
from services.streams.watch_exports import watch_exports
from settings import Settings
from tests.reports.conftest import LINKS, Writing, add_many_sessions
from tests.reports.records import bring_records, sessions_of
from tests.transport.serving import serving
from tests.worlds import TwoCompanies
from transport.downloads import download_routes

ROOT = Path(__file__).resolve().parent.parent.parent


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("report", ReportKind)
async def test_a_file_has_the_rows_of_the_report(world: TwoCompanies, writing: Writing, report: ReportKind) -> None:
    """Given records, when each report is exported in each format, then both files have what the report counts."""
    held = await bring_records(world, 21)
    text = await writing.ready(await writing.ask(report=report))
    book = await writing.ready(await writing.ask(report=report, format=ReportFormat.XLSX))

    lines = rows_of(await writing.content(text))
    sheet = load_workbook(io.BytesIO(await writing.content(book))).active
    assert len(lines) - 1 == text.rows_written == text.rows_expected == book.rows_written == sheet.max_row - 1 > 20
    assert text.size_bytes == len(await writing.content(text))
    if report is ReportKind.SESSIONS:
        first, last = clock.now().date() - timedelta(days=79), clock.now().date()
        expected = sessions_of(held, [world.company.id], first, last, "UTC")
        assert sorted(int(line[5]) for line in lines[1:]) == sorted(one.total_bytes for one, _ in expected)
        assert sorted(cell.value for cell in sheet["F"][1:]) == sorted(one.total_bytes for one, _ in expected)
        assert {line[3] for line in lines[1:]} == {world.sims[name].iccid for name in ("truck", "crane", "combine")}
        assert {cell.data_type for cell in sheet["D"][1:]} == {"s"}


@pytest.mark.parametrize(
    ("language", "heading"), [("ru", "Дата начала, GMT"), ("kk", "Басталған күні, GMT"), ("en", "Start, GMT")]
)
async def test_nothing_found_gives_the_header_in_the_users_language(
    world: TwoCompanies, writing: Writing, language: str, heading: str
) -> None:
    await execute("UPDATE user_account SET language = $1 WHERE id = $2", language, world.owner.user.id)
    export = await writing.ready(await writing.ask())

    [line] = rows_of(await writing.content(export))
    assert line[0] == heading
    assert (export.rows_written, export.state) == (0, "READY")


async def test_the_user_is_told_and_the_link_leads_to_the_file(
    world: TwoCompanies, writing: Writing, database: str
) -> None:
    """Given a finished export, when its user opens the mail, then the link in it gives the file; others are told nothing."""
    await bring_records(world, 22)
    export = await writing.ready(await writing.ask(format=ReportFormat.XLSX))

    [told] = await fetch("SELECT user_id, kind, about_type, about_id, details ->> 'link' AS link FROM notification")
    assert (told["user_id"], told["kind"], told["about_type"], told["about_id"]) == (
        world.owner.user.id,
        "REPORT_READY",
        "Download",
        export.id,
    )
    [mail] = await fetch("SELECT channel, recipient, body FROM delivery")
    assert (mail["channel"], mail["recipient"]) == ("EMAIL", world.owner.user.email)
    assert told["link"] in mail["body"]
    async with serving(Starlette(routes=list(download_routes(writing.store, LINKS)))) as door:
        for link in (told["link"], export.short_link()):
            path = link.removeprefix("http://api.example.com")
            got = await door.get(path)
            assert got.content == await writing.content(export)
            assert "spreadsheetml" in got.headers["content-type"]
        clock.shift_to(timedelta(days=29, hours=23))
        assert (await door.get(told["link"].removeprefix("http://api.example.com"))).status_code == 200
        assert (await door.get(path)).status_code == 410
        clock.shift_to(timedelta(days=30, hours=1))
        assert (await door.get(told["link"].removeprefix("http://api.example.com"))).status_code == 410


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


async def test_a_filter_that_no_longer_makes_sense_is_told(world: TwoCompanies, writing: Writing) -> None:
    export = await writing.ask(selection=Selection(filter=SimFilter(profiles=("VK",))))
    await execute("UPDATE profile SET code = 'XX' WHERE code = 'VK'")
    await writing.write_all()

    row = await get_export(world.owner.principal, export.id)
    assert row is not None and row.state == "FAILED"
    assert row.failure and "VK" not in row.file_name


async def test_companies_take_turns_and_none_runs_too_many(world: TwoCompanies, writing: Writing) -> None:
    """Given a long queue of one company and one export of another, when they are claimed, then both are served."""
    mine = [await writing.ask() for _ in range(5)]
    theirs = await writing.ask(world.other_owner.principal)
    holder = writing.runtime.lease.require()

    claimed = [await claim_export(holder) for _ in range(5)]

    assert [one and one.id for one in claimed] == [mine[0].id, theirs.id, mine[1].id, None, None]
    await execute("UPDATE report_export SET state = 'READY' WHERE state = 'RUNNING'")
    late = await writing.ask(world.other_owner.principal)
    one_at_a_time = []
    for _ in range(3):
        found = await claim_export(holder)
        assert found is not None
        one_at_a_time.append(found.id)
        await execute("UPDATE report_export SET state = 'READY' WHERE id = $1", found.id)
    assert one_at_a_time == [late.id, mine[2].id, mine[3].id]


async def test_the_same_key_gives_the_same_file(world: TwoCompanies, writing: Writing) -> None:
    first = await writing.ask(key="once")
    again, other = await asyncio.gather(writing.ask(key="once"), writing.ask(key="twice"))
    assert again.id == first.id != other.id
    with pytest.raises(IdempotencyConflict):
        await writing.ask(key="once", report=ReportKind.DAILY)
    both = await asyncio.gather(*(writing.ask(key="race") for _ in range(4)))
    assert len({each.id for each in both}) == 1
    assert (await writing.ask(world.other_owner.principal, key="once")).id != first.id


async def test_what_cannot_be_is_refused_and_queues_nothing(world: TwoCompanies, writing: Writing) -> None:
    with pytest.raises(Forbidden):
        await writing.ask(world.viewer.principal)
    with pytest.raises(InvalidValue):
        await writing.ask(days=401)
    with pytest.raises(InvalidValue):
        await writing.ask(zone="Mars/Olympus")
    with pytest.raises(InvalidValue):
        await writing.ask(key="x" * 201)
    with pytest.raises(InvalidValue):
        await writing.ask(world.staff.principal)
    with pytest.raises(NotFound):
        await writing.ask(company_id=world.other_company.id)
    with pytest.raises(UnknownProfile):
        await writing.ask(selection=Selection(filter=SimFilter(profiles=("ZZ",))))
    assert await fetch_value("SELECT count(*) FROM report_export") == 0

    for _ in range(OPEN_AT_MOST):
        await writing.ask()
    with pytest.raises(TooManyExports):
        await writing.ask()
    assert (
        await writing.ask(world.staff.principal, company_id=world.other_company.id)
    ).company_id == world.other_company.id


async def test_a_company_sees_its_own_files_and_nothing_of_others(world: TwoCompanies, writing: Writing) -> None:
    await bring_records(world, 23)
    theirs = Selection(ids=tuple(sim.id for sim in world.others.values()))
    export = await writing.ready(await writing.ask(selection=theirs))

    assert len(rows_of(await writing.content(export))) == 1
    assert await get_export(world.other_owner.principal, export.id) is None
    with pytest.raises(NotFound):
        await delete_export(world.other_owner.principal, export.id)
    assert (await list_exports(world.viewer.principal, PageRequest())).rows == [export]
    row = await fetch_row("SELECT file_key FROM report_export")
    assert row is not None and row["file_key"].startswith(f"exports/{world.company.id}/")


async def test_progress_is_told_live(world: TwoCompanies, writing: Writing, hub: EventHub) -> None:
    """Given somebody who watches, when a report is written, then they see it wait, grow, and be ready."""
    await add_many_sessions(world, 8_000)
    events: list[Any] = []

    async def watch() -> None:
        async with aclosing(watch_exports(Alone(world.viewer.principal), hub)) as stream:
            async for event in stream:
                events.append(event)
                if any(row.state == "READY" for row in event.exports):
                    return

    watching = asyncio.create_task(watch())
    while not events:
        await asyncio.sleep(0.01)
    export = await writing.ask(format=ReportFormat.XLSX)
    await writing.ready(export)
    async with asyncio.timeout(20):
        await watching

    assert events[0].snapshot and events[0].exports == []
    states = [row.state for event in events for row in event.exports]
    assert states[-1] == "READY"
    assert set(states) >= {"RUNNING", "READY"}
    counts = [row.rows_written for event in events for row in event.exports]
    assert counts == sorted(counts) and counts[-1] == 8_000


def test_the_store_of_an_installation_is_one_setting(tmp_path: Path) -> None:
    open_file_store(Settings(var_dir=tmp_path))
    assert (tmp_path / "exports").is_dir()
