"""Migrations go forward and back, and tell what is missing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from tests.migration_walk import NAMES


async def test_each_migration_can_be_undone_and_done_again(make_database: Callable[[str], Awaitable[str]]) -> None:
    url = await make_database("nova_migrations")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.migration_walk", url, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    stages = [json.loads(line) for line in output.splitlines()]
    assert [stage["name"] for stage in stages] == [*reversed(NAMES), *NAMES[1:]]
    down, up = stages[: len(NAMES)], stages[len(NAMES) :]
    for stage in stages:
        assert stage["missing"] == NAMES[NAMES.index(stage["name"]) + 1 :]
    for undone, done in zip(reversed(down[:-1]), up, strict=True):
        assert done["holds"] == undone["holds"], f"{done['name']} made something else than before"
