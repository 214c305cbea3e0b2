"""The real API in a process of its own, as `manage.py api` runs it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from settings import Settings
from supervisor.ports import choose_port


@asynccontextmanager
async def api_process(settings: Settings) -> AsyncIterator[tuple[int, int]]:
    """Its port and process id, once it is ready."""
    port = choose_port()
    environ = os.environ | {
        "DATABASE_URL": settings.require_database(),
        "REDIS_URL": settings.require_redis(),
        "NOVACONNECT_ENVIRONMENT": "test",
        "NOVACONNECT_PLUGINS": str(settings.plugins_file),
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "RATE_LIMIT": "0",
    }
    process = subprocess.Popen([sys.executable, "manage.py", "api"], env=environ, start_new_session=True)
    try:
        await _until_ready(f"http://127.0.0.1:{port}/readyz")
        yield port, process.pid
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


async def _until_ready(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(200):
            try:
                if (await client.get(url)).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError("the API did not become ready")
