"""Every migration undone one after the other and done again, in a process of its own: it closes the pools of its process.

Prints a line of JSON for each step: the migration that is the last one now, what the database holds, and what is missing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import asyncpg

import models.migrations
from models.database import connection_arguments
from models.migrate import migrate, pending_migrations

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


async def walk(url: str) -> None:
    """Down to the first migration and up again."""
    await _print_stage(url, NAMES[-1])
    for name in (*reversed(NAMES[:-1]), *NAMES[1:]):
        await migrate(url, target=name)
        await _print_stage(url, name)


async def _print_stage(url: str, name: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        holds = sorted(row[0] for row in await connection.fetch(EVERYTHING))
    finally:
        await connection.close()
    print(json.dumps({"name": name, "holds": holds, "missing": await pending_migrations(url)}))


if __name__ == "__main__":
    asyncio.run(walk(sys.argv[1]))
