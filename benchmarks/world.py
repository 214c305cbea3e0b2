"""The benchmark's world: a million SIMs of ten companies, made in PostgreSQL, and one owner of 100,000 of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from access import Principal, authenticate, digest_of, new_token
from models import AccessToken, Company, User, UserRole
from models.database import close_database, connection_arguments, open_database
from models.migrate import migrate
from services.catalogue.publish_profiles import publish_profiles
from services.process.runtime import load_drivers
from settings import Settings
from supervisor.embedded_postgres import EmbeddedPostgres

PLUGINS = Path(__file__).with_name("instant_plugins.toml")
SEARCH = "garage"
"""What one in a hundred SIMs of every company has in its name: about 1,000 of 100,000 match."""

# A tenth of the SIMs to each company, round robin, so that a company's rows lie scattered as they do in life.
_SIMS = """
INSERT INTO sim (company_id, profile_id, iccid, imsi, msisdn, external_msisdn, name, operator_ref, balance, currency,
                 observed_blocked, observed_status, observed_at, session_active, session_as_of, created_at, updated_at)
SELECT ($1::bigint[])[1 + n % 10],
       (SELECT id FROM profile WHERE code = CASE WHEN (n / 10) % 2 = 0 THEN 'TC' ELSE 'TD' END),
       '8937' || lpad(n::text, 15, '0'), '24803' || lpad(n::text, 10, '0'),
       CASE WHEN (n / 10) % 2 = 0 THEN '3725' ELSE '4671' END || lpad(n::text, 8, '0'),
       CASE WHEN n % 3 = 0 THEN '4477' || lpad(n::text, 8, '0') END,
       CASE WHEN n / 10 % 100 = 42 THEN 'Garage ' || n / 1000 || ' gate'
            ELSE CASE n % 4 WHEN 0 THEN '' WHEN 1 THEN 'Tracker ' || md5(n::text) WHEN 2 THEN 'Датчик ' || n
                            ELSE 'Meter ' || n END END,
       'ref-' || n, (n % 5000) / 100.0, 'EUR', false, 'ACTIVE', $2, false, $2, $2::timestamptz - n * interval '1 second', $2
FROM generate_series(1, $3) AS n
"""

_GROUPS = """
INSERT INTO sim_group (company_id, name, created_at)
SELECT c, 'Group ' || g, now() FROM unnest($1::bigint[]) c, generate_series(0, 9) g
"""

# Half of the SIMs are in a group, some of them in two.
_MEMBERS = """
INSERT INTO sim_group_member (group_id, sim_id)
SELECT g.id, s.id FROM sim s JOIN sim_group g ON g.company_id = s.company_id
 AND g.name IN ('Group ' || (s.id / 10) % 10, 'Group ' || (s.id / 100) % 10)
WHERE (s.id / 10) % 2 = 0
"""


@dataclass(frozen=True, slots=True)
class BenchmarkWorld:
    """Where everything is, and who asks."""

    database_url: str
    owner: Principal
    owner_token: str
    sims: int


@asynccontextmanager
async def benchmark_world(folder: Path, sims: int, redis_url: str) -> AsyncIterator[tuple[BenchmarkWorld, Settings]]:
    """A durable embedded PostgreSQL with the world in it; the process's pool is open as the application's role."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(folder / "pg")
    postgres.start()
    try:
        url = postgres.url()
        owner = await asyncpg.connect(**connection_arguments(url))
        await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await owner.close()
        await migrate(url)
        settings = Settings(database_url=url, redis_url=redis_url, environment="test", plugins_file=PLUGINS)
        await open_database(url, as_application=False, pool_size=10)
        loaded = await load_drivers(settings)
        await publish_profiles(loaded.registry)
        world = await make_world(url, sims)
        await close_database()
        await open_database(url, pool_size=10)
        yield world, settings
        await close_database()
    finally:
        postgres.stop()


async def make_world(url: str, sims: int) -> BenchmarkWorld:
    """Companies, SIMs, groups and one owner in an empty, migrated database; the pool is open as the owner."""
    companies = [await Company.create(name=f"Company {number}") for number in range(10)]
    ids = [company.id for company in companies]
    owner = await asyncpg.connect(**connection_arguments(url))  # a million rows with all their indexes take minutes
    await owner.execute(_SIMS, ids, datetime.now(UTC), sims)
    await owner.execute(_GROUPS, ids)
    await owner.execute(_MEMBERS)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    user = await User.create(company=companies[0], email="owner@example.com", name="Owner", role=UserRole.OWNER)
    token = await give_token(user)
    principal = await authenticate(token)
    assert principal is not None
    return BenchmarkWorld(url, principal, token, sims)


async def give_token(user: User) -> str:
    """A new token of the user, good for a day."""
    token = new_token()
    await AccessToken.create(
        user=user,
        name="bench",
        prefix=token[:8],
        digest=digest_of(token),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return token
