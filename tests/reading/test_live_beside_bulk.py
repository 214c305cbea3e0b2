"""Fresh information while a bulk lock fills the operator's documented budget: one call at a time, five a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.database import fetch_value
from services.diagnosis.read_sim_live import read_sim_live
from services.execution.drain_account import drain_account
from tests.operations.engine import LOCK, Engine
from tests.reading.processes import Door
from tests.simulator.running import Simulator, simulator

DOCUMENTED = {"JASPER_CALLS_PER_SECOND": "5", "JASPER_MAX_CONCURRENCY": "1"}


@pytest.fixture(scope="module")
def operators() -> Iterator[Simulator]:
    """An operator that insists on its documented limits, with 40 SIMs a profile."""
    with simulator("--sims", "80", "--lively", "0") as running:
        yield running


@pytest.fixture
def operator_settings(operators: Simulator, operator_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented limits on our side too."""
    for name, value in DOCUMENTED.items():
        monkeypatch.setenv(name, value)


async def test_a_bulk_lock_does_not_hold_up_a_viewer(engine: Engine) -> None:
    """Given a worker that locks 40 SIMs one call at a time, when two people look from the API's process, then both see the
    SIM fresh while the lock is still under way, and the operator's limits are kept."""
    sims = await engine.sims("TD", 40)
    await engine.accept(LOCK, sims)
    account = await engine.account("TD")
    worker = asyncio.create_task(drain_account(account, engine.runtime))
    try:
        async with Door(engine.settings):
            views = await asyncio.gather(
                read_sim_live(engine.owner.principal, sims[0].id, timedelta(0)),
                read_sim_live(engine.viewer.principal, sims[-1].id, timedelta(0)),
            )
            still_queued = await fetch_value("SELECT count(*) FROM operation_item WHERE state = 'QUEUED'")
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

    assert [view.is_fresh for view in views if view] == [True, True]
    assert still_queued > 0
    assert not engine.simulator.admin("violations")["items"]
