"""A process that writes exports, into a folder, with links that lead to it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from access import Principal
from domain.clock import clock
from domain.reports import ReportFormat, ReportKind
from drivers.process_lease import ProcessLease
from drivers.registry import DriverRegistry
from eventstream import EventHub
from models.database import execute, fetch_row
from services.exports.export_rows import ExportRow, get_export
from services.exports.parameters import ReportParameters
from services.exports.request_export import ExportRequest, request_export
from services.exports.run_exports import start_exports
from services.files.download_links import DownloadLinks, use_download_links
from services.files.file_store import FileKey, FileStore, open_file_store, use_file_store
from services.process.runtime import Runtime
from settings import Settings
from tests.worlds import TwoCompanies

LINKS = DownloadLinks("http://api.example.com", "x" * 40)


@dataclass
class Writing:
    """The process and its folder."""

    runtime: Runtime
    store: FileStore
    folder: Path
    world: TwoCompanies
    keys: int = 0

    async def ask(
        self,
        principal: Principal | None = None,
        *,
        report: ReportKind = ReportKind.SESSIONS,
        format: ReportFormat = ReportFormat.CSV,
        key: str | None = None,
        company_id: int | None = None,
        days: int = 80,
        **parameters: Any,
    ) -> ExportRow:
        """Ask for a report of the last days."""
        self.keys += 1
        today = clock.now().date()
        first = today.fromordinal(today.toordinal() - days + 1)
        request = ExportRequest(ReportParameters(report, **parameters), format, first, today)
        who = principal or self.world.owner.principal
        return await request_export(who, request, company_id=company_id, idempotency_key=key or f"key-{self.keys}")

    async def write_all(self) -> None:
        """Write what waits, as the actor does, until nothing is left that may be begun."""
        await start_exports(self.runtime)
        while self.runtime.exporting:
            await asyncio.wait(list(self.runtime.exporting.values()))

    async def ready(self, export: ExportRow) -> ExportRow:
        """The export, written."""
        await self.write_all()
        found = await get_export(self.world.staff.principal, export.id)
        assert found is not None
        assert (found.state, found.failure) == ("READY", None)
        return found

    async def content(self, export: ExportRow) -> bytes:
        """The file."""
        assert export.file_key is not None
        content = await self.store.read(FileKey.parse(export.file_key))
        assert content is not None
        return content

    def files(self) -> list[str]:
        """Everything that lies in the store."""
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
async def writing(world: TwoCompanies, database: str, hub: EventHub, tmp_path: Path) -> AsyncIterator[Writing]:
    """It, in the usual world."""
    store = open_file_store(Settings(file_store=str(tmp_path / "store")))
    use_file_store(store)
    use_download_links(LINKS)
    lease = ProcessLease(database, "test")
    await lease.open()
    runtime = Runtime(DriverRegistry({}, ()), lease)
    yield Writing(runtime, store, tmp_path / "store", world)
    await runtime.close()
    use_file_store(None)
    use_download_links(None)


async def add_many_sessions(world: TwoCompanies, count: int) -> None:
    """So many sessions of the truck in the last 30 days, with their daily sums."""
    truck = world.sims["truck"]
    await execute("SELECT ensure_record_partitions((now() - interval '60 days')::date, now()::date)")
    await execute(
        "INSERT INTO data_session (started_at, ended_at, sim_id, company_id, profile_id, bytes, key, operator, country, cost,"
        " currency) SELECT now() - n * interval '20 seconds', now(), $1, $2, $3, n, 'many-' || n, 'MTS', 'Russia', 0.0001, 'EUR'"
        " FROM generate_series(1, $4::int) n",
        truck.id,
        world.company.id,
        world.profiles["TC"].id,
        count,
    )
    row = await fetch_row("SELECT count(*) AS found FROM data_session")
    assert row is not None and row["found"] >= count


def rows_of(content: bytes) -> list[list[str]]:
    """The lines of a CSV file."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
