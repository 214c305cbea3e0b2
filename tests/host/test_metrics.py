"""What programs without a port of their own tell Prometheus: the queue, and the calls to operators."""

from __future__ import annotations

import urllib.request
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from domain.clock import clock
from drivers.call_metrics import measured_call
from models.database import execute
from novaconnect_sdk import SimUnknown
from services.process.metrics import measure_queue, serve_metrics
from settings import GateSettings, Settings
from supervisor.ports import choose_port
from tests.live.conftest import operation
from tests.worlds import TwoCompanies

ITEMS = """
INSERT INTO operation_item (operation_id, sim_id, company_id, profile_id, account_id, kind, state, priority, turn, accept_seq,
                            attempt, attempts_before, checks)
SELECT $1, s.id, s.company_id, s.profile_id, p.account_id, 'LOCK', 'QUEUED', 0, s.id, s.id, 0, 0, 0
FROM sim s JOIN profile p ON p.id = s.profile_id WHERE p.code = 'TC'
"""


def told(name: str, **labels: str) -> float | None:
    """The value of a metric of this process."""
    return REGISTRY.get_sample_value(name, labels)


@asynccontextmanager
async def turn():
    yield


async def test_the_depth_and_age_of_the_queue(world: TwoCompanies) -> None:
    waiting = await operation(world.owner)
    await execute("UPDATE operation SET created_at = $2 WHERE id = $1", waiting.id, clock.now() - timedelta(minutes=5))
    await execute(ITEMS, waiting.id)
    await measure_queue()

    assert told("novaconnect_queue_items", profile="TC") == 4
    assert 300 <= (told("novaconnect_queue_age_seconds", profile="TC") or 0) < 400
    assert told("novaconnect_queue_items", profile="TD") == 0
    assert told("novaconnect_queue_age_seconds", profile="TD") == 0


async def test_calls_to_operators_and_how_they_ended() -> None:
    async with measured_call("XX", turn()):
        pass
    for error in (SimUnknown("no such SIM"), RuntimeError("broken off")):
        with pytest.raises(type(error)):
            async with measured_call("XX", turn()):
                raise error

    for outcome in ("answered", "sim_unknown", "no_answer"):
        assert told("novaconnect_driver_calls_total", profile="XX", outcome=outcome) == 1
    assert told("novaconnect_driver_call_seconds_count", profile="XX") == 3
    assert told("novaconnect_driver_wait_seconds_count", profile="XX") == 3


def test_they_are_served_on_a_port_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    port = choose_port()
    settings = Settings(gates=GateSettings(metrics_port=port))
    serve_metrics(settings)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"novaconnect_driver_calls_total" in answer.read()

    serve_metrics(settings)  # another process has the port: it goes on without
    assert "no metrics" in caplog.text
