"""PostgreSQL and Valkey for a start: those the environment names, or embedded ones, kept alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from settings import Settings
from supervisor.children import FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, Children, ChildSpec
from supervisor.embedded_postgres import EmbeddedPostgres
from supervisor.embedded_valkey import remembered_port, valkey_answers, valkey_command
from supervisor.errors import CannotStart
from supervisor.narration import Narrator
from supervisor.roster import Roster

_WATCH_SECONDS = 0.5
_APPLICATION_ROLE = "novaconnect_app"


@contextlib.asynccontextmanager
async def postgres(settings: Settings, narrator: Narrator, roster: Roster) -> AsyncIterator[dict[str, str]]:
    """The variables that name the database, for the time of the block."""
    if settings.database_url:
        narrator.step("PostgreSQL: the one DATABASE_URL names")
        yield {}
        return
    server = EmbeddedPostgres(settings.var_dir / "postgres")
    found = server.pid() is not None
    try:
        await asyncio.to_thread(server.start)
        narrator.step("PostgreSQL: attached to the one that still ran" if found else "PostgreSQL: embedded, started")
        roster.started("postgres", server.pid() or 0)
        roster.ready("postgres")
        watch = asyncio.create_task(_keep_alive(server, narrator, roster))
        try:
            yield {"DATABASE_URL": server.url(_APPLICATION_ROLE), "MIGRATION_DATABASE_URL": server.url()}
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
    finally:
        await asyncio.to_thread(server.stop)
        roster.stopped("postgres")


async def _keep_alive(server: EmbeddedPostgres, narrator: Narrator, roster: Roster) -> None:
    backoff = FIRST_BACKOFF_SECONDS
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if await asyncio.to_thread(server.pid) is not None:
            backoff = FIRST_BACKOFF_SECONDS
            continue
        roster.died("postgres")
        narrator.warn(f"postgres died: restarting in {backoff:.1f} s")
        await asyncio.sleep(backoff)
        backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)
        try:
            await asyncio.to_thread(server.start)
        except CannotStart as error:
            narrator.warn(str(error))
            continue
        pid = server.pid() or 0
        roster.started("postgres", pid)
        roster.ready("postgres")
        narrator.step(f"postgres ready (pid {pid})")


@contextlib.asynccontextmanager
async def valkey(settings: Settings, narrator: Narrator, children: Children) -> AsyncIterator[dict[str, str]]:
    """The variable that names Redis or Valkey, for the time of the block."""
    if settings.redis_url:
        narrator.step("Valkey: the one REDIS_URL names")
        yield {}
        return
    data_dir: Path = settings.var_dir / "valkey"
    port = remembered_port(data_dir)

    async def answers() -> bool:
        return await asyncio.to_thread(valkey_answers, data_dir, port)

    try:
        await children.start(ChildSpec("valkey", valkey_command(data_dir, port), ready=answers))
        yield {"REDIS_URL": f"redis://127.0.0.1:{port}"}
    finally:
        await children.stop("valkey")
