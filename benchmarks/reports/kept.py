"""The world of reports: kept between runs, since twenty million sessions take a quarter of an hour to make."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg

from access import authenticate
from benchmarks.report import Report
from benchmarks.reports.data import fill
from benchmarks.world import PLUGINS, BenchmarkWorld, give_token, make_world
from models import User
from models.database import close_database, connection_arguments, open_database
from models.migrate import migrate, pending_migrations
from services.catalogue.publish_profiles import publish_profiles
from services.process.runtime import load_drivers
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres

EDITION = 1
"""Changed whenever the data change, so that older ones are made anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the folder: how many SIMs of which edition, who asks, and the newest day that has sessions."""

    edition: int
    sims: int
    user_id: int
    newest_day: str


@asynccontextmanager
async def kept_world(
    folder: Path, sims: int, redis_url: str, report: Report
) -> AsyncIterator[tuple[BenchmarkWorld, Settings, date]]:
    """A durable PostgreSQL over the folder, with the newest day that has sessions; the pool is open as the application's role."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(folder / "pg")
    postgres.start()
    try:
        url = postgres.url()
        settings = Settings(database_url=url, redis_url=redis_url, environment="test", plugins_file=PLUGINS)
        note = folder / "world.json"
        kept = _noted(note)
        if kept is None or (kept.edition, kept.sims) != (EDITION, sims) or not await _brought_up_to_date(url):
            note.unlink(missing_ok=True)
            kept = await _made(settings, sims, report)
            note.write_text(json.dumps(asdict(kept)))
        await open_database(url, as_application=False)
        token = await give_token(await User.get(id=kept.user_id))
        owner = await authenticate(token)
        await close_database()
        assert owner is not None
        await open_database(url, pool_size=10)
        yield BenchmarkWorld(url, owner, token, sims), settings, date.fromisoformat(kept.newest_day)
        await close_database()
    finally:
        postgres.stop()


def _noted(note: Path) -> Kept | None:
    try:
        return Kept(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):
        return None


async def _brought_up_to_date(url: str) -> bool:
    if not await pending_migrations(url):
        return True
    await migrate(url)
    owner = await asyncpg.connect(**connection_arguments(url))
    await owner.execute("VACUUM (ANALYZE, PARALLEL 0)")
    await owner.close()
    return True


async def _made(settings: Settings, sims: int, report: Report) -> Kept:
    url = settings.require_database()
    owner = await asyncpg.connect(**connection_arguments(url))
    await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await owner.close()
    await migrate(url)
    await open_database(url, as_application=False)
    await publish_profiles((await load_drivers(settings)).registry)
    world = await make_world(url, sims)
    await close_database()
    newest = datetime.now(UTC).date() - timedelta(days=1)
    await fill(world, newest, report)
    return Kept(EDITION, sims, world.owner.user_id, str(newest))
