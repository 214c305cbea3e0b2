"""Bringing the schema up to date, one migrator at a time."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
from tortoise import Tortoise
from tortoise.migrations.api.migrate import migrate as run_migrations

from models.database import connection_arguments, tortoise_config

_ADVISORY_LOCK = 0x4E4F5641  # "NOVA": any constant does, as long as every migrator uses the same


async def migrate(url: str, *, target: str = "__latest__", progress: Callable[[str], None] | None = None) -> None:
    """Apply (or, with an older `target`, undo) migrations as the owner. Two at once would collide: the second waits."""
    arguments = connection_arguments(url)
    gate = await asyncpg.connect(**arguments)
    try:
        await gate.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        await run_migrations(
            config=tortoise_config(url, as_application=False, pool_size=2),
            target=f"models.{target}",
            progress=lambda event, _app, name: progress(f"{event} {name}") if progress else None,
        )
        await Tortoise.close_connections()
    finally:
        await gate.close()


async def pending_migrations(url: str) -> list[str]:
    """Names of migrations that are in the code and not in the database."""
    from pathlib import Path

    known = {path.stem for path in (Path(__file__).parent / "migrations").glob("[0-9]*.py")}
    gate = await asyncpg.connect(**connection_arguments(url))
    try:
        if await gate.fetchval("SELECT to_regclass('tortoise_migrations')") is None:
            return sorted(known)
        applied = {row["name"] for row in await gate.fetch("SELECT name FROM tortoise_migrations WHERE app = 'models'")}
    finally:
        await gate.close()
    return sorted(known - applied)
