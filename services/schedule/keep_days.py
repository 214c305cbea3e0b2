"""The scheduler's task of the daily jobs: ask for leadership, run what is due, look after locks that went astray."""

from __future__ import annotations

import asyncio
import logging
import time

from models.database import DATABASE_AWAY
from services.dunning.financial_locks import align_sims
from services.schedule.leadership import Leadership
from services.schedule.run_days import run_due_days

PERIOD = 2.0
"""Seconds between two looks."""

ALIGN_PERIOD = 60.0
"""Seconds between two looks at SIMs that stand otherwise than their company."""

_log = logging.getLogger("novaconnect.schedule")


async def keep_days(leadership: Leadership) -> None:
    """Run until cancelled; a database that is away is asked again."""
    aligned_at = 0.0
    while True:
        try:
            if await leadership.is_leader():
                await run_due_days()
                if time.monotonic() - aligned_at > ALIGN_PERIOD:
                    aligned_at = time.monotonic()
                    await align_sims()
        except DATABASE_AWAY as error:
            _log.error("the daily jobs wait: %s", type(error).__name__)
        await asyncio.sleep(PERIOD)
