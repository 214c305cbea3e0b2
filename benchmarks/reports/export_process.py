"""One export in a process of its own: how long it takes, and how much memory the process had at most."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from datetime import date
from pathlib import Path

import orjson

from domain.reports import ReportFormat, ReportKind
from models.database import open_database
from models.tenancy import acting_for
from services.exports.parameters import ReportParameters
from services.exports.request_export import ExportRequest
from services.exports.write_export import ClaimedExport, write_export
from services.files.file_store import open_file_store, use_file_store
from settings import Settings


async def main(url: str, company: int, first: date, last: date, name: str, folder: Path) -> None:
    """Write it and print the figures."""
    use_file_store(open_file_store(Settings(file_store=str(folder))))
    await open_database(url)
    before = _peak()
    wanted = ReportFormat(name)
    request = ExportRequest(ReportParameters(ReportKind.SESSIONS), wanted, first, last)
    stored = orjson.dumps(request.stored()).decode()
    key = f"exports/{company}/1-1.{name.lower()}"
    export = ClaimedExport(1, company, 0, ReportKind.SESSIONS, wanted, stored, "en", "x", key, 1)
    began = time.perf_counter()
    with acting_for([company]):
        written = await write_export(export, _silent)
    seconds = time.perf_counter() - began
    print(
        f"{written.rows:,} rows in {seconds:.0f} s ({written.rows / seconds:,.0f} rows/s), file of {written.size / 1e6:.0f} MB,"
        f" process at most {_peak():.0f} MB (before the export {before:.0f} MB)"
    )


async def _silent(written: int, expected: int | None) -> None:
    """Nobody watches."""


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    _, url, company, first, last, name, folder = sys.argv
    asyncio.run(main(url, int(company), date.fromisoformat(first), date.fromisoformat(last), name, Path(folder)))
