"""Reports as files: queued, written, told of, fetched, deleted, expired; a file is whole or it is not there."""

from __future__ import annotations

import asyncio
import io
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from domain.clock import clock
from domain.errors import Forbidden, IdempotencyConflict, InvalidValue, NotFound, TooManyExports, UnknownProfile
from domain.exports import OPEN_AT_MOST
from domain.reports import ReportFormat, ReportKind
from domain.sim_filter import Selection, SimFilter
from eventstream import EventHub
from models.database import execute, fetch, fetch_row, fetch_value
from services.exports.export_rows import get_export, list_exports
from services.exports.remove_exports import delete_export
from services.exports.run_exports import claim_export
from services.files.file_store import open_file_store
from services.paging import PageRequest
from services.streams.audience import Alone
from services.streams.watch_exports import watch_exports
from settings import Settings
from tests.reports.conftest import LINKS, Writing, add_many_sessions, rows_of
from tests.reports.records import bring_records, sessions_of
from tests.transport.serving import serving
from tests.worlds import TwoCompanies
from transport.downloads import download_routes


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
    await add_many_sessions(world, 40_000)  # enough to be written for longer than a look of the stream takes
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
    assert counts == sorted(counts) and counts[-1] == 40_000


def test_the_store_of_an_installation_is_one_setting(tmp_path: Path) -> None:
    open_file_store(Settings(var_dir=tmp_path))
    assert (tmp_path / "exports").is_dir()
