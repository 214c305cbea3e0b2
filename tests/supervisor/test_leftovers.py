"""What a killed start left is recognised, stopped, and never confused with a stranger's process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.errors import CannotStart
from supervisor.json_file import write_atomically
from supervisor.processes import started_at
from supervisor.roster import Roster, stop_leftovers
from supervisor.run_lock import only_one


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until it is stopped."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_leftover_is_stopped_and_named(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "children.json"
    Roster(path).started("api", sleeper.pid)

    assert stop_leftovers(path) == ["api"]

    sleeper.wait(timeout=10)
    assert not path.exists()


def test_what_is_to_be_attached_again_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "children.json"
    Roster(path).started("postgres", sleeper.pid)

    assert stop_leftovers(path, keep=("postgres",)) == []
    assert sleeper.poll() is None


def test_a_stranger_that_got_the_same_pid_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "children.json"
    began = started_at(sleeper.pid)
    assert began is not None
    write_atomically(path, {"api": {"pid": sleeper.pid, "started_at": began - 60, "ready": True, "restarts": 0}})

    assert stop_leftovers(path) == []
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"api": 1}', '{"api": {"pid": 1, "unknown": 2}}', "null"])
def test_a_broken_roster_stops_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "children.json"
    path.write_text(content)

    assert stop_leftovers(path) == []


def test_a_second_start_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(CannotStart, match=r"already runs from this folder \(pid \d+\)"),
        only_one(tmp_path),
    ):
        pass

    with only_one(tmp_path):
        assert (tmp_path / "up.lock").exists()
