"""A world of real programs: two operators, a synchronised fleet, workers and a scheduler to be started and killed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.clock import clock
from models import UserRole
from models.database import execute
from services.execution.hints import open_hints
from services.inventory.store_inventory import ensure_stock
from services.process.runtime import open_runtime
from settings import Settings
from tests.end_to_end.programs import Program
from tests.operations.engine import Engine
from tests.simulator.running import Simulator, simulator
from tests.worlds import add_company, add_login

FLEET = 2000
RAISED = {
    f"{operator}_{limit}": value
    for operator in ("TSIM", "JASPER")
    for limit, value in {"CALLS_PER_SECOND": "250", "MAX_CONCURRENCY": "16"}.items()
}
MakeProgram = Callable[[str], Program]


@pytest.fixture(scope="module")
def big_operators() -> Iterator[Simulator]:
    """Both operators, with raised limits, and 2,000 SIMs."""
    with simulator("--sims", str(FLEET), "--lively", "0", "--raised-limits") as running:
        yield running


@pytest.fixture(scope="module")
def strict_operators() -> Iterator[Simulator]:
    """Both operators with the limits they document, and a small fleet."""
    with simulator("--sims", "40", "--lively", "0") as running:
        yield running


def told(operators: Simulator, database: str, redis_url: str, limits: Mapping[str, str]) -> dict[str, str]:
    """What every program is told by its environment."""
    address = str(operators.http.base_url).rstrip("/")
    return {
        **os.environ,
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "NOVACONNECT_ENVIRONMENT": "test",
        "CLOCK": "simulator",
        "SIMULATOR_ADMIN_URL": f"{address}/admin",
        "TSIM_BASE_URL": address,
        "JASPER_BASE_URL": address,
        "CBR_URL": f"{address}/cbr",
        "NBK_URL": f"{address}/nbk",
        "TSIM_PASSWORD": "demo-tsim",
        "JASPER_API_KEY": "demo-jasper",
        "JASPER_LICENSE_KEY": "demo-license",
        **limits,
    }


@asynccontextmanager
async def settled_in(operators: Simulator, environment: Mapping[str, str]) -> AsyncIterator[Engine]:
    """A company that owns the whole fleet; nobody works yet."""
    operators.admin("reset", {"clock": True})
    clock.__init__()  # type: ignore[misc]
    settings = Settings(
        database_url=environment["DATABASE_URL"], redis_url=environment["REDIS_URL"], environment="test"
    )
    open_hints(settings.broker_url)
    runtime = await open_runtime(settings, "test")
    try:
        assert runtime.registry.problems == ()
        company, other = await add_company("Astana Telematics"), await add_company("Almaty Taxi")
        await ensure_stock()
        engine = Engine(
            simulator=operators,
            settings=settings,
            runtime=runtime,
            company=company,
            other_company=other,
            owner=await add_login(company, UserRole.OWNER, "Olga Owner"),
            viewer=await add_login(company, UserRole.VIEWER, "Vera Viewer"),
            other_owner=await add_login(other, UserRole.OWNER, "Oleg Other"),
            staff=await add_login(None, UserRole.STAFF, "Saule Staff"),
        )
        await engine.synchronise()
        await execute("UPDATE sim SET company_id = $1", company.id)
        await execute("ANALYZE")
        yield engine
    finally:
        await runtime.close()


@pytest.fixture
async def house(
    big_operators: Simulator, database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    """2,000 SIMs behind raised limits."""
    for name, value in told(big_operators, database, redis_url, RAISED).items():
        monkeypatch.setenv(name, value)
    async with settled_in(big_operators, os.environ) as engine:
        yield engine


@pytest.fixture
async def strict_house(
    strict_operators: Simulator, database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    """A few SIMs behind the documented limits, which are those of `plugins.toml`."""
    for name, value in told(strict_operators, database, redis_url, {}).items():
        monkeypatch.setenv(name, value)
    async with settled_in(strict_operators, os.environ) as engine:
        yield engine


@pytest.fixture
def program(tmp_path: Path) -> Iterator[MakeProgram]:
    """A function that makes programs in the environment as it is then; whatever still runs at the end is killed."""
    made: list[Program] = []

    def make(name: str) -> Program:
        made.append(Program(name, dict(os.environ), tmp_path))
        return made[-1]

    yield make
    for running in made:
        running.kill()
