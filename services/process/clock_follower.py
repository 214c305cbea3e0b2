"""Following the simulator's clock, so that advancing it moves the application's business time too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import httpx

from domain.clock import clock
from settings import Settings

_PERIOD = 0.25

_log = logging.getLogger("novaconnect.clock")


async def start_clock_follower(settings: Settings) -> asyncio.Task[None] | None:
    """Take the simulator's time once and then keep following it; None where the system's clock is the clock.

    The simulator may not be there yet or be restarting: the last known offset stays.
    """
    if settings.clock != "simulator" or settings.simulator_admin_url is None:
        return None
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        await _follow(client, settings.simulator_admin_url, clock.begin_at)
    return asyncio.create_task(_keep_following(settings.simulator_admin_url), name="clock-follower")


async def _keep_following(admin_url: str) -> None:
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while True:
            await asyncio.sleep(_PERIOD)
            await _follow(client, admin_url, clock.shift_to)


async def _follow(client: httpx.AsyncClient, admin_url: str, take: Callable[[timedelta], None]) -> None:
    try:
        answer = await client.get(f"{admin_url}/clock")
        take(timedelta(seconds=float(answer.json()["offset_seconds"])))
    except (httpx.HTTPError, ValueError, KeyError) as error:
        _log.debug("simulator clock not read: %s", type(error).__name__)
