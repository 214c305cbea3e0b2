"""The data set: kept between runs, since a million SIMs take minutes to make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from benchmarks.world import PLUGINS, give_token, make_world
from domain.locks import BIT, LockKind
from models import User
from models.database import close_database, connection_arguments, open_database
from models.migrate import migrate, pending_migrations
from services.catalogue.publish_profiles import publish_profiles
from services.process.runtime import load_drivers
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres

EDITION = 2
"""Changed whenever the data below or those of `benchmarks.world` change, so that older ones are made anew."""

# One SIM in fifty is locked, every tenth of those twice: a column that is always empty would be answered too cheaply.
_LOCKED = """
UPDATE sim SET lock_mask = CASE WHEN id / 500 % 10 = 0 THEN $1::integer | $2::integer ELSE $1::integer END
WHERE id / 10 % 50 = 7
"""
_LOCKS = """
INSERT INTO sim_lock_reason (sim_id, company_id, kind, since, set_by, reason)
SELECT s.id, s.company_id, k.kind, s.created_at + interval '1 day', 'Owner', 'Stolen'
FROM sim s JOIN (VALUES ('VOLUNTARY', $1::integer), ('PACKAGE', $2::integer)) k(kind, bit) ON s.lock_mask & k.bit <> 0
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the folder: how many SIMs of which edition, and the company that asks."""

    edition: int
    sims: int
    company_id: int
    user_id: int


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


async def kept_world(folder: Path, url: str, redis_url: str, sims: int) -> tuple[Kept, str]:
    """The data of an earlier run when it has this size, brought to the present schema; else made anew. And a new token."""
    note = folder / "world.json"
    kept = _noted(note)
    if kept is None or (kept.edition, kept.sims) != (EDITION, sims) or not await _brought_up_to_date(url):
        note.unlink(missing_ok=True)
        kept = await _made(url, redis_url, sims)
        note.write_text(json.dumps(asdict(kept)))
    await open_database(url, as_application=False)
    token = await give_token(await User.get(id=kept.user_id))
    await close_database()
    return kept, token


def _noted(note: Path) -> Kept | None:
    try:
        return Kept(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):
        return None


async def _brought_up_to_date(url: str) -> bool:
    """Whether the kept database has the present schema, if need be by migrating it as a server would."""
    if await pending_migrations(url):
        try:
            await migrate(url)
        except Exception:
            return False
        owner = await asyncpg.connect(**connection_arguments(url))
        await owner.execute("VACUUM ANALYZE")
        await owner.close()
    return True


async def _made(url: str, redis_url: str, sims: int) -> Kept:
    owner = await asyncpg.connect(**connection_arguments(url))
    await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrate(url)
    await open_database(url, as_application=False)
    settings = Settings(database_url=url, redis_url=redis_url, environment="test", plugins_file=PLUGINS)
    drivers = await load_drivers(settings)
    await publish_profiles(drivers.registry)
    world = await make_world(url, sims)
    await close_database()
    await owner.execute(_LOCKED, BIT[LockKind.VOLUNTARY], BIT[LockKind.PACKAGE])
    await owner.execute(_LOCKS, BIT[LockKind.VOLUNTARY], BIT[LockKind.PACKAGE])
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    assert world.owner.company_ids is not None
    return Kept(EDITION, sims, world.owner.company_ids[0], world.owner.user_id)
