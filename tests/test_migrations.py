"""Migrations go forward and back, and tell what is missing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

import models.migrations
from models.database import connection_arguments
from models.migrate import pending_migrations

NAMES = sorted(path.stem for path in Path(models.migrations.__path__[0]).glob("0*.py"))

EVERYTHING = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger ' || tgname || ' ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public'
  LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' WHERE d.objid IS NULL
"""


async def contents(url: str) -> list[str]:
    """Everything that migrations make, one line each."""
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        return sorted(row[0] for row in await connection.fetch(EVERYTHING))
    finally:
        await connection.close()


async def migrate(url: str, target: str) -> None:
    """Migrate in a process of its own: it would close the pool that other tests share."""
    code = f"import asyncio; from models.migrate import migrate; asyncio.run(migrate({url!r}, target={target!r}))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


async def test_each_migration_can_be_undone_and_done_again(make_database: Callable[[str], Awaitable[str]]) -> None:
    url = await make_database("nova_migrations")
    stages = {NAMES[-1]: await contents(url)}
    for name in reversed(NAMES[:-1]):
        await migrate(url, target=name)
        stages[name] = await contents(url)
        assert await pending_migrations(url) == NAMES[NAMES.index(name) + 1 :]
    for name in NAMES[1:]:
        await migrate(url, target=name)
        assert await contents(url) == stages[name]
    assert await pending_migrations(url) == []
