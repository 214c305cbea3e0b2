"""`/healthz` and `/readyz`: what an operator's probes and the supervisor see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg
from starlette.applications import Starlette

from models.database import connection_arguments
from settings import Settings
from tests.transport.serving import serving
from transport.health import health_routes

NOWHERE = "redis://127.0.0.1:1"


async def ask(settings: Settings, path: str = "/readyz") -> tuple[int, dict]:
    async with serving(Starlette(routes=health_routes(settings))) as endpoint:
        answer = await endpoint.get(path)
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code, answer.json()


async def test_a_process_that_lives_says_so_whatever_is_missing() -> None:
    assert await ask(Settings(), "/healthz") == (200, {"status": "ok"})


async def test_it_is_ready_when_every_part_answers(database: str, redis_url: str) -> None:
    assert await ask(Settings(database_url=database, redis_url=redis_url)) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "redis": "ok", "migrations": "ok"}},
    )


async def test_without_redis_it_is_not_ready(database: str) -> None:
    status, answer = await ask(Settings(database_url=database, redis_url=NOWHERE))
    assert (status, answer["status"]) == (503, "not ready")
    assert answer["checks"] == {"database": "ok", "redis": "does not answer", "migrations": "ok"}


async def test_with_a_migration_to_come_it_is_not_ready(
    database: str, redis_url: str, make_database: Callable[[str], Awaitable[str]]
) -> None:
    older = await make_database("nova_older")
    owner = await asyncpg.connect(**connection_arguments(older))
    await owner.execute("DELETE FROM tortoise_migrations WHERE id = (SELECT max(id) FROM tortoise_migrations)")
    await owner.close()

    status, answer = await ask(Settings(database_url=older, redis_url=redis_url))
    assert (status, answer["checks"]["migrations"]) == (503, "1 pending: run `manage.py migrate`")
