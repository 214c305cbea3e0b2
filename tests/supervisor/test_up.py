"""The whole system on this machine: it gets ready, heals itself, resumes after being killed, leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from supervisor.ports import choose_port
from tests.canary import Canary
from tests.supervisor.running_system import ROOT, System
from tests.supervisor.waiting import until

READY_SECONDS = 240.0


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short temporary folder for one system's data."""
    path = Path(tempfile.mkdtemp(prefix="nova-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def one_system(folder: Path, canary: Canary) -> Iterator[System]:
    """The system of this module: starting one for each test would take minutes. What it leaves behind names nobody."""
    system = System(folder / "var")
    yield system
    system.clear_away()
    canary.look_at_logs(system.var_dir)


@pytest_asyncio.fixture
async def system(one_system: System) -> AsyncIterator[System]:
    """The system, ready."""
    if not one_system.is_running:
        one_system.start()
    await until(one_system.is_ready, READY_SECONDS)
    yield one_system


async def test_it_gets_ready_and_answers_a_script(system: System) -> None:
    assert set(system.demo["tokens"]) >= {"owner", "viewer", "other_company_owner", "staff"}
    assert httpx.get(system.demo["simulator_admin_url"] + "/health", trust_env=False).status_code == 200
    assert system.sees_its_fleet()
    for line in ("PostgreSQL: embedded, started", "worker ready (pid", "NovaConnect is ready: http://127.0.0.1:"):
        assert line in system.said


async def test_reports_show_both_profiles_soon_after_the_start(system: System) -> None:
    def shown() -> bool:
        sessions = system.profiles_in_reports()
        return min(sessions.get("TC", 0), sessions.get("TD", 0)) > 20

    await until(shown, READY_SECONDS)


async def test_a_second_start_in_the_folder_is_refused_and_harms_nothing(system: System) -> None:
    environ = os.environ | {"NOVACONNECT_VAR": str(system.var_dir), "PORT": str(choose_port())}
    command = [sys.executable, str(ROOT / "manage.py"), "up"]
    second = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)

    assert second.returncode == 1
    assert "already runs from this folder" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert system.sees_its_fleet()


@pytest.mark.parametrize("name", ["worker", "scheduler", "api", "simulator", "valkey", "postgres"])
async def test_whatever_is_killed_comes_back(system: System, name: str) -> None:
    killed = system.pid(name)
    os.kill(killed, signal.SIGKILL)

    await until(partial(system.is_back, name, killed))
    await until(system.sees_its_fleet)

    assert f"{name} died" in system.said


async def test_after_being_killed_itself_it_resumes_with_the_data(system: System) -> None:
    before = system.count_sims()
    readies = system.said.count("NovaConnect is ready")
    system.send(signal.SIGKILL)
    system.wait()

    system.start()
    await until(lambda: system.said.count("NovaConnect is ready") > readies, READY_SECONDS)

    assert system.count_sims() == before


async def test_interrupted_it_stops_everything_and_ends_with_success(system: System) -> None:
    system.send(signal.SIGINT)

    assert system.wait() == 0
    assert not system.demo_path.exists()
    assert not (system.var_dir / "children.json").exists()
    await until(lambda: system.processes() == [])
    assert "Traceback" not in system.said, system.said
