"""Waiting in tests for what another process does, with a bound that only a failure reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_SECONDS = 60.0


async def until(condition: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return when the condition holds; `TimeoutError` when it does not come to hold."""
    async with asyncio.timeout(patience_seconds):
        while not condition():
            await asyncio.sleep(0.02)
