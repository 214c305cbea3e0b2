"""The data set: kept between runs, since a million SIMs take minutes to make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from benchmarks.world import PLUGINS, make_world
from models.database import close_database, connection_arguments, open_database
from models.migrate import migrate, pending_migrations
from services.catalogue.publish_profiles import publish_profiles
from services.process.runtime import load_drivers
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the data is, and who asks for it: the owner of a tenth of the SIMs."""

    sims: int
    company_id: int
    token: str


@contextmanager
def running_database(folder: Path) -> Iterator[str]:
    """PostgreSQL over the kept files; gives the address as the owner."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(folder / "pg")
    postgres.start()
    try:
        yield postgres.url()
    finally:
        postgres.stop()


async def kept_world(folder: Path, url: str, redis_url: str, sims: int) -> Kept:
    """The data of an earlier run when it has this size and the present schema; else made anew."""
    note = folder / "world.json"
    if note.exists():
        kept = Kept(**json.loads(note.read_text()))
        if kept.sims == sims and not await pending_migrations(url):
            return kept
    note.unlink(missing_ok=True)
    owner = await asyncpg.connect(**connection_arguments(url))
    await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await owner.close()
    await migrate(url)
    await open_database(url, as_application=False)
    settings = Settings(database_url=url, redis_url=redis_url, environment="test", plugins_file=PLUGINS)
    drivers = await load_drivers(settings)
    await publish_profiles(drivers.registry)
    world = await make_world(url, sims)
    await close_database()
    assert world.owner.company_ids is not None
    kept = Kept(sims, world.owner.company_ids[0], world.owner_token)
    note.write_text(json.dumps(asdict(kept)))
    return kept
