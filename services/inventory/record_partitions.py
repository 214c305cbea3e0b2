"""Month partitions of usage records, made before the first record of the month comes."""

from __future__ import annotations

from datetime import date, timedelta

from domain.clock import clock
from models.database import execute

AHEAD = timedelta(days=93)
"""How far ahead partitions are made: a quarter, so that a scheduler that was away for weeks is no matter."""

_made_on: date | None = None


async def keep_partitions_ahead() -> None:
    """Make the partitions of this month and the next three, once a day of business time."""
    global _made_on
    today = clock.now().date()
    if today != _made_on:
        await execute("SELECT ensure_record_partitions($1, $2)", today, today + AHEAD)
        _made_on = today
