"""Answers that take the same time whether an address is known or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SECONDS = 0.25
"""Real time; far more than the statements of either case take."""


@asynccontextmanager
async def even_time() -> AsyncIterator[None]:
    """The block takes at least `SECONDS`, whatever it does and however it ends. It stands outside of a transaction."""
    began = time.monotonic()
    try:
        yield
    finally:
        await asyncio.sleep(max(0.0, began + SECONDS - time.monotonic()))
