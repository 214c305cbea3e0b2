"""The monthly run is killed at random points and run several times at once: the outcome is that of one quiet run."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from models.database import execute, fetch, fetch_value
from services.billing.run_billing import BillingOutcome, run_billing
from services.files.file_store import FileKey, open_file_store
from settings import Settings
from tests.billing.banks import Banks
from tests.billing.world import add_customer, add_session, add_used_sim, first_of, on_the_first, set_time
from tests.worlds import add_profiles

MONTH, ISSUED_ON = "2024-01", date(2024, 2, 1)
COUNTRIES = ("RU", "KZ", "GE")
COMPANIES = 45


async def crowd(banks: Banks) -> None:
    """Companies of three countries with a SIM each and users to tell; every fifth used nothing."""
    profiles = await add_profiles()
    set_time(on_the_first("2024-02"))
    banks.every_day(date(2024, 1, 20), ISSUED_ON, "97.1234", "486.55")
    for number in range(COMPANIES):
        company = await add_customer(f"Company {number}", COUNTRIES[number % 3])
        await execute(
            "INSERT INTO user_account (company_id, email, name, role, created_at) VALUES ($1, $2, 'Olga', 'OWNER', now())",
            company.id,
            f"owner{number}@example.com",
        )
        sim = await add_used_sim(company, profiles["TC"], number + 1)
        if number % 5:
            await add_session(sim, on_the_first("2024-01"), f"{number}.5055")


def start(database: str, banks: Banks, folder: Path) -> asyncio.Future[asyncio.subprocess.Process]:
    arguments = (database, banks.url, str(folder), MONTH, on_the_first("2024-02").isoformat())
    return asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.billing.run_process", *arguments, stdout=asyncio.subprocess.PIPE
        )
    )


async def killed_after(process: asyncio.subprocess.Process, seconds: float) -> None:
    """Killed so long after it began its work; it may be done by then."""
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    await asyncio.sleep(seconds)
    if process.returncode is None:
        process.kill()
    await process.wait()


async def outcome() -> Sequence[tuple[object, ...]]:
    """Everything that must not depend on what happened on the way."""
    rows = await fetch(
        "SELECT company_id, number, state, issued_on, eur_total, rate, local_amount, currency, day6_on, pdf_sha256"
        " FROM invoice ORDER BY company_id"
    )
    return [tuple(row) for row in rows]


async def check_whole(folder: Path) -> None:
    """No gap, no number twice, in the order of the companies; every document as it was stored; everybody told once."""
    invoices = await fetch(
        "SELECT i.*, e.invoice_prefix FROM invoice i JOIN legal_entity e ON e.id = i.legal_entity_id"
    )
    assert len(invoices) == COMPANIES - COMPANIES // 5
    for prefix in {row["invoice_prefix"] for row in invoices}:
        mine = sorted((row for row in invoices if row["invoice_prefix"] == prefix), key=lambda row: row["company_id"])
        assert [row["number"] for row in mine] == [f"{prefix}-{place:04d}" for place in range(1, len(mine) + 1)]
    store = open_file_store(Settings(var_dir=folder))
    for row in invoices:
        content = await store.read(FileKey.parse(row["pdf_key"]))
        assert content is not None and hashlib.sha256(content).hexdigest() == row["pdf_sha256"]
    told = await fetch("SELECT about_id, count(*) AS times FROM notification GROUP BY about_id")
    assert {row["about_id"]: row["times"] for row in told} == {row["id"]: 1 for row in invoices}
    mails = await fetch("SELECT notification_id, count(*) AS times FROM delivery WHERE channel = 'EMAIL' GROUP BY 1")
    assert len(mails) == len(invoices) and {row["times"] for row in mails} == {1}
    lines = await fetch_value("SELECT count(*) FROM charge WHERE invoice_id IS NOT NULL")
    assert lines == len(invoices) == await fetch_value("SELECT count(*) FROM charge")


async def test_killed_at_random_points_and_run_in_parallel_it_ends_the_same(
    database: str, banks: Banks, tmp_path: Path
) -> None:
    await crowd(banks)
    chance = random.Random(20240201)
    kills = 0
    for _ in range(3):
        several = [await start(database, banks, tmp_path) for _ in range(2)]
        await asyncio.gather(*(killed_after(process, chance.uniform(0.0, 0.5)) for process in several))
        kills += sum(process.returncode == -9 for process in several)
    assert kills >= 3, "the kills came too late to be of any use"

    finishers = [await start(database, banks, tmp_path) for _ in range(2)]
    for process in finishers:
        await process.communicate()
        assert process.returncode == 0

    await check_whole(tmp_path)
    first = await outcome()
    assert await run_billing(first_of(MONTH)) == BillingOutcome(COMPANIES, len(first), 0)
    assert await outcome() == first
    assert await fetch_value("SELECT state FROM billing_run") == "DONE"
