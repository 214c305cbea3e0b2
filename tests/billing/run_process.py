"""A process that bills a month, to be killed: `python -m tests.billing.run_process DATABASE BANKS FOLDER MONTH NOW`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from models.database import close_database, open_database
from models.tenancy import process_acts_as_system
from services.billing.issue_documents import issue_documents
from services.billing.run_billing import run_billing
from services.billing.terms import use_billing_terms
from services.files.file_store import open_file_store, use_file_store
from settings import BillingSettings, Settings
from tests.billing.world import first_of, set_time


async def main(database: str, banks: str, folder: str, month: str, now: str) -> None:
    """Bill the month as a worker does."""
    set_time(datetime.fromisoformat(now))
    use_billing_terms(BillingSettings(cbr_url=banks, nbk_url=banks))
    use_file_store(open_file_store(Settings(var_dir=Path(folder))))
    process_acts_as_system()
    await open_database(database, pool_size=2)
    print("ready", flush=True)
    await run_billing(first_of(month))
    await issue_documents()
    await close_database()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
