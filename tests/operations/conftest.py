"""A quick simulator for the whole run, and for each story an engine with a small parked fleet of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain.clock import clock
from models import Profile, UserRole
from models.database import execute
from services.inventory.store_inventory import ensure_stock
from services.process.runtime import open_runtime
from settings import Settings
from tests.operations.engine import Engine
from tests.simulator.running import Simulator, simulator
from tests.worlds import add_company, add_login, add_sim

PLUGINS = Path(__file__).with_name("plugins.toml")
TC_SIMS = 12


@pytest.fixture(scope="session")
def operators() -> Iterator[Simulator]:
    """Both operators with raised limits and a fleet of 12 SIMs each; SIMs change only when told."""
    with simulator("--sims", str(2 * TC_SIMS), "--lively", "0", "--raised-limits") as running:
        yield running


@pytest.fixture
def operator_settings(operators: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the drivers find the operators."""
    address = str(operators.http.base_url).rstrip("/")
    secrets = {"TSIM_PASSWORD": "demo-tsim", "JASPER_API_KEY": "demo-jasper", "JASPER_LICENSE_KEY": "demo-license"}
    for name, value in {"TSIM_BASE_URL": address, "JASPER_BASE_URL": address, **secrets}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def engine(operators: Simulator, operator_settings: None, database: str, redis_url: str) -> AsyncIterator[Engine]:
    """A newborn fleet whose TC SIMs lie in a drawer: their last session ended two days ago. All of it belongs to Astana."""
    operators.admin("reset", {"clock": True})
    clock.__init__()  # type: ignore[misc]
    for sim in operators.sims(profile="TC"):
        operators.admin(f"sims/{sim['iccid']}", {"in_session": False, "idle_hours": 48})
    settings = Settings(database_url=database, redis_url=redis_url, environment="test", plugins_file=PLUGINS)
    runtime = await open_runtime(settings, "test")
    try:
        assert runtime.registry.problems == ()
        company, other = await add_company("Astana Telematics"), await add_company("Almaty Taxi")
        await ensure_stock()
        story = Engine(
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
        await story.synchronise()
        await execute("UPDATE sim SET company_id = $1", company.id)
        vk = await Profile.get(code="VK")
        for serial in range(1, 4):
            await add_sim(company, vk, serial)
        yield story
    finally:
        await runtime.close()
