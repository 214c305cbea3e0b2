"""A monthly run of 10,000 companies: freezing, numbering, documents; and how many PDFs a core draws in a second.

Fewer companies with `--sims`, five each. Beside each time stands the processor time of this process and its children, which
a machine that is not idle does not change.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.report import Report
from domain.billing.invoices import Service
from models.database import close_database, execute, fetch, fetch_value, open_database
from models.migrate import migrate
from models.tenancy import process_acts_as_system
from services.billing.freeze_period import freeze_period
from services.billing.issue_documents import issue_documents
from services.billing.issue_invoices import issue_drafts
from services.billing.legal_entities import ensure_legal_entities
from services.billing.read_documents import read_documents
from services.billing.run_billing import run_billing
from services.documents.invoice_pdf import draw_invoice
from services.files.file_store import open_file_store, use_file_store
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres
from tests.billing.banks import running_banks
from tests.billing.world import on_the_first, set_time

MOST_COMPANIES = 10_000
SIMS_EACH, SESSIONS_EACH = 5, 20
PERIOD = date(2024, 1, 1)
DRAWN = 300
"""Documents that are drawn to measure drawing alone."""

_WORLD = f"""
INSERT INTO company (name, country, created_at)
SELECT 'Company ' || n, (ARRAY['RU', 'KZ', 'GE'])[1 + n % 3], '2023-01-01' FROM generate_series(1, COMPANIES) n;
INSERT INTO user_account (company_id, email, name, role, created_at)
SELECT id, 'owner' || id || '@example.com', 'Owner', 'OWNER', '2023-01-01' FROM company;
INSERT INTO profile (code, title, apn, number_prefix, driver, enabled) VALUES ('TC', 'TC', 'send.ee', '372', 'tsim', true);
INSERT INTO sim (company_id, profile_id, iccid, operator_ref, created_at, updated_at, name, lock_mask, observed_status,
                 internal_balance)
SELECT c.id, p.id, '8937204' || lpad((c.id * {SIMS_EACH} + n)::text, 12, '0'), (c.id * {SIMS_EACH} + n)::text, '2023-01-01',
       '2023-01-01', '', 0, 'UNKNOWN', 0
FROM company c, profile p, generate_series(1, {SIMS_EACH}) n;
SELECT ensure_record_partitions('2024-01-01', '2024-01-31');
INSERT INTO data_session (started_at, ended_at, sim_id, company_id, profile_id, bytes, key, country, cost, currency)
SELECT '2024-01-02'::timestamptz + n * interval '1 day', NULL, s.id, s.company_id, s.profile_id, 100000 * n, s.id || '-' || n,
       'Kazakhstan', 0.0123 * n, 'EUR'
FROM sim s, generate_series(1, {SESSIONS_EACH}) n;
ANALYZE;
"""


async def main(sims: int, report: Report) -> None:
    """One process; the documents include storing the files and the notifications with their mails."""
    companies = min(MOST_COMPANIES, max(3, sims // SIMS_EACH))
    with (
        tempfile.TemporaryDirectory(prefix="nova-bill-", ignore_cleanup_errors=True) as folder,
        running_banks() as banks,
    ):
        banks.every_day(date(2024, 1, 20), date(2024, 2, 2), "97.1234", "486.55")
        set_time(on_the_first("2024-02"))
        async with _world(Path(folder), companies):
            sessions = companies * SIMS_EACH * SESSIONS_EACH
            report.line(f"{companies:,} companies, {companies * SIMS_EACH:,} SIMs, {sessions:,} sessions of the month")
            await _run(report, companies)
            await _draw(report)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Seconds by the clock, and of the processor: this process with the children that ended."""

    clock: float
    processor: float


def _now() -> _Moment:
    times = os.times()
    processor = times.user + times.system + times.children_user + times.children_system
    return _Moment(time.perf_counter(), processor)


def _between(began: _Moment, ended: _Moment, count: int) -> str:
    spent = ended.clock - began.clock
    return f"{spent:.1f} s ({count / spent:.0f}/s), of the processor {ended.processor - began.processor:.1f} s"


async def _run(report: Report, companies: int) -> None:
    began = _now()
    await freeze_period(PERIOD)
    frozen = _now()
    for entity in (await ensure_legal_entities()).values():
        await issue_drafts(entity, PERIOD)
    issued = _now()
    made = await issue_documents()
    done = _now()
    outcome = await run_billing(PERIOD)
    repeated = _now()
    numbers = await fetch_value("SELECT count(DISTINCT (legal_entity_id, number_value)) FROM invoice")
    assert outcome.issued == made == numbers == companies
    report.line(f"frozen: {_between(began, frozen, companies)}")
    report.line(f"numbered: {_between(frozen, issued, companies)}")
    report.line(f"documents stored and announced: {_between(issued, done, companies)}")
    report.line(f"the whole run: {_between(began, done, companies)}")
    report.line(f"once more, with nothing to do: {repeated.clock - done.clock:.2f} s")


async def _draw(report: Report) -> None:
    ids = [
        row["id"] for row in await fetch("SELECT id FROM invoice WHERE currency = 'RUB' ORDER BY id LIMIT $1", DRAWN)
    ]
    documents = list((await read_documents(ids)).values())
    assert all(line.service is Service.DATA for document in documents for line in document.lines)
    began = time.process_time()
    size = sum(len(draw_invoice(document)) for document in documents)
    spent = time.process_time() - began
    report.line(
        f"PDFs with payment code: {len(documents) / spent:.0f} per second of a core, {size // len(documents):,} bytes each"
    )


@asynccontextmanager
async def _world(folder: Path, companies: int) -> AsyncIterator[None]:
    postgres = EmbeddedPostgres(folder / "pg", durable=False)
    postgres.start()
    try:
        await migrate(postgres.url())
        process_acts_as_system()
        await open_database(postgres.url(), as_application=False, pool_size=4)
        for statement in _WORLD.replace("COMPANIES", str(companies)).split(";\n"):
            if statement.strip():
                await execute(statement)
        await close_database()
        await open_database(postgres.url(), as_application=True, pool_size=4)
        use_file_store(open_file_store(Settings(var_dir=folder)))
        yield
    finally:
        use_file_store(None)
        await close_database()
        postgres.stop()
