"""When a child counts as ready: it says so in a file, or it answers over HTTP."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

READY_FILE = "NOVACONNECT_READY_FILE"
"""Names the file a child touches when it is ready; not set when nobody waits for it."""

ReadyCheck = Callable[[], Awaitable[bool]]


def announce_ready() -> None:
    """Called by a child (worker, scheduler) once it can do its work; does nothing when it is not supervised."""
    place = os.environ.get(READY_FILE)
    if place:
        Path(place).touch()


def file_appears(path: Path) -> ReadyCheck:
    """Ready when the child has announced itself."""

    async def check() -> bool:
        return path.exists()  # noqa: ASYNC240 (a local file)

    return check


def answers(url: str) -> ReadyCheck:
    """Ready when an HTTP GET gets an answer that is not a server error."""

    async def check() -> bool:
        import httpx

        try:
            async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
                return (await client.get(url)).status_code < 500
        except httpx.HTTPError:
            return False

    return check
