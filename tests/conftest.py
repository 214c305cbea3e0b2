"""Real servers for every test: PostgreSQL with the migrated schema, emptied before each test, and Valkey."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from domain.clock import clock
from drivers.registry import DriverRegistry, load_registry
from eventstream import EventHub, close_publisher, open_publisher
from models.database import close_database, connection_arguments, open_database
from models.migrate import migrate
from models.tenancy import process_acts_as_system
from settings import read_plugins_file
from tests.canary import Canary, over_logs
from tests.servers import TestServers, running_servers
from tests.worlds import TwoCompanies, two_companies

SECRETS = ("TSIM_PASSWORD", "JASPER_API_KEY", "JASPER_LICENSE_KEY")
TEMPLATE = "nova_template"
SHARED = "nova_shared"

# Time is measured by the benchmarks; a busy machine must not fail a rule. The examples are the same in every run, so that a
# run says something of the change it was made for; HYPOTHESIS_PROFILE=searching looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Its debug messages hold every row.
logging.getLogger("tortoise").setLevel(logging.WARNING)


@pytest.fixture(scope="session", autouse=True)
def canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canary]:
    """Over the whole run: nothing personal and no secret in any log, nor in Redis; see `tests.canary`."""
    watching = Canary()
    with over_logs(watching):
        yield watching
    watching.look_at_logs(tmp_path_factory.getbasetemp())
    assert not watching.found, sorted(set(watching.found))


@pytest.fixture(scope="session")
def servers(canary: Canary) -> Iterator[TestServers]:
    """PostgreSQL and Valkey of this test run."""
    with running_servers() as running, canary.over_redis(running.redis_url):
        yield running


@pytest.fixture(scope="session")
async def shipped_drivers() -> AsyncIterator[DriverRegistry]:
    """The drivers that `plugins.toml` ships, with secrets of no use: nobody is called."""
    missing = [name for name in SECRETS if name not in os.environ]
    os.environ.update(dict.fromkeys(missing, "not-used"))
    loaded = await load_registry(read_plugins_file(Path("plugins.toml")))
    for name in missing:
        del os.environ[name]
    assert loaded.registry.problems == ()
    yield loaded.registry
    await loaded.registry.close()


@pytest.fixture(scope="session")
async def template_url(servers: TestServers) -> str:
    """An empty, migrated database from which others are copied; nobody stays connected to it."""
    await _create(servers, TEMPLATE, "template0")
    url = servers.database_url("postgres", TEMPLATE)
    await migrate(url)
    return url


@pytest.fixture(scope="session")
async def make_database(servers: TestServers, template_url: str) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """A function that makes a migrated, empty database by name and gives its address; it is dropped at the end."""
    made: list[str] = []

    async def make(name: str) -> str:
        await _create(servers, name, TEMPLATE)
        made.append(name)
        return servers.database_url("postgres", name)

    yield make
    for name in made:
        await _administer(servers, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def shared_database(make_database: Callable[[str], Awaitable[str]]) -> AsyncIterator[str]:
    """The database that tests use one after another, with this process's pool open on it as the application's role.

    What a test does itself it does as the system; whatever comes through a door acts for whoever asks.
    """
    process_acts_as_system()
    url = await make_database(SHARED)
    await open_database(url, as_application=True)
    yield url
    await close_database()


@pytest.fixture
async def database(shared_database: str) -> str:
    """An empty database with the pool open on it; gives its address as the owner."""
    owner = await asyncpg.connect(**connection_arguments(shared_database))
    try:
        tables = await owner.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
        )
        names = ", ".join(f'"{row["tablename"]}"' for row in tables)
        # The audit refuses to be emptied; as a replica its trigger stays silent.
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    finally:
        await owner.close()
    return shared_database


@pytest.fixture
async def redis_url(servers: TestServers) -> str:
    """An empty Valkey."""
    from redis.asyncio import Redis

    client = Redis.from_url(servers.redis_url)
    await client.flushall()
    await client.aclose()
    return servers.redis_url


@pytest.fixture
async def hub(redis_url: str) -> AsyncIterator[EventHub]:
    """Live events of this process, received and sent through Valkey."""
    open_publisher(redis_url)
    receiving = EventHub(redis_url)
    with receiving.listen(None) as listener:
        receiving.start()
        # Its first word is that events before it were missed.
        assert await listener.wait(10)
    yield receiving
    await receiving.stop()
    await close_publisher()


@pytest.fixture
async def world(database: str) -> TwoCompanies:
    """Two companies with users of every role and a small fleet each."""
    return await two_companies()


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    """Every test begins with business time at real time, whatever the one before did to the clock."""
    yield
    clock.__init__()  # type: ignore[misc]


async def _create(servers: TestServers, name: str, template: str) -> None:
    await _administer(servers, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')


async def _administer(servers: TestServers, statement: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(servers.database_url("postgres", "postgres")))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
