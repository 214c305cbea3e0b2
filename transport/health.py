"""`/healthz`: the process lives. `/readyz`: it can do its work, or which part is missing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from models.database import fetch_value
from models.migrate import pending_migrations
from settings import Settings

_log = logging.getLogger("novaconnect.transport")

_PATIENCE_SECONDS = 2.0
_OK = "ok"

Check = Callable[[], Awaitable[str]]


def health_routes(settings: Settings) -> list[Route]:
    """Both routes; they need no token and tell nothing but the state of the parts."""
    readiness = Readiness(settings)
    return [Route("/healthz", _alive), Route("/readyz", readiness.answer)]


async def _alive(request: Request) -> JSONResponse:
    return JSONResponse({"status": _OK}, headers={"Cache-Control": "no-store"})


class Readiness:
    """The parts without which no request can be answered well."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._migrated = False

    async def answer(self, request: Request) -> JSONResponse:
        """200 when every part is ok, else 503; each part with its state."""
        checks = {"database": self._database, "redis": self._redis, "migrations": self._migrations}
        states = await asyncio.gather(*(_state(name, check) for name, check in checks.items()))
        ready = all(state == _OK for state in states)
        body = {"status": "ready" if ready else "not ready", "checks": dict(zip(checks, states, strict=True))}
        return JSONResponse(body, 200 if ready else 503, headers={"Cache-Control": "no-store"})

    async def _database(self) -> str:
        await fetch_value("SELECT 1")
        return _OK

    async def _redis(self) -> str:
        client = Redis.from_url(self._settings.require_redis(), socket_connect_timeout=_PATIENCE_SECONDS)
        try:
            await client.ping()
        finally:
            await client.aclose()
        return _OK

    async def _migrations(self) -> str:
        # Nobody takes migrations back under a running process, so one good answer is enough.
        if not self._migrated:
            pending = await pending_migrations(self._settings.require_database())
            if pending:
                return f"{len(pending)} pending: run `manage.py migrate`"
            self._migrated = True
        return _OK


async def _state(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await check()
    except Exception as error:  # whatever the reason, the part does not answer
        _log.warning("not ready: %s does not answer (%s)", name, type(error).__name__)
        return "does not answer"
