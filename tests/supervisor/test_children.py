"""Children start, die, come back and stop, as real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from supervisor.errors import CannotStart
from supervisor.processes import own_session
from supervisor.roster import stop_leftovers
from tests.supervisor.conftest import ANNOUNCE, SLEEP, Nursery
from tests.supervisor.waiting import until


def entry(nursery: Nursery, name: str) -> dict[str, object]:
    content = json.loads(nursery.roster_path.read_text())
    return dict(content[name])


def pid_of(nursery: Nursery, name: str) -> int:
    return int(str(entry(nursery, name)["pid"]))


def is_back(nursery: Nursery, name: str, restarts: int) -> bool:
    now = entry(nursery, name)
    return now["restarts"] == restarts and now["ready"] is True


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_child_is_started_once_it_says_that_it_is_ready(nursery: Nursery) -> None:
    await nursery.children.start(nursery.program("worker", ANNOUNCE + SLEEP))

    pid = pid_of(nursery, "worker")
    assert alive(pid)
    assert entry(nursery, "worker")["ready"] is True
    assert f"worker ready (pid {pid})" in nursery.printed.getvalue()


async def test_a_child_that_ends_at_once_refuses_the_start_with_its_last_words(nursery: Nursery) -> None:
    with pytest.raises(CannotStart, match="worker did not start: the reason"):
        await nursery.children.start(nursery.program("worker", "raise SystemExit('the reason')"))


async def test_a_child_that_never_gets_ready_refuses_the_start(nursery: Nursery) -> None:
    with pytest.raises(CannotStart, match="it said nothing"):
        await nursery.children.start(nursery.program("worker", SLEEP, patience_seconds=0.3))


async def test_a_killed_child_comes_back_each_time_and_says_so(nursery: Nursery) -> None:
    await nursery.children.start(nursery.program("worker", ANNOUNCE + SLEEP))

    for restarts in (1, 2):
        killed = pid_of(nursery, "worker")
        os.kill(killed, signal.SIGKILL)
        await until(partial(is_back, nursery, "worker", restarts))
        assert pid_of(nursery, "worker") != killed

    said = nursery.printed.getvalue()
    assert said.count("worker died (SIGKILL): restarting in 0.2 s") == 2
    assert said.count("worker ready") == 3


async def test_restarts_of_a_child_that_keeps_failing_get_slower(nursery: Nursery) -> None:
    once = nursery.var_dir / "once"
    source = f"import pathlib\np = pathlib.Path({str(once)!r})\nif p.exists(): raise SystemExit(3)\np.touch()\n"
    await nursery.children.start(nursery.program("worker", source + ANNOUNCE + SLEEP))
    os.kill(pid_of(nursery, "worker"), signal.SIGKILL)

    await until(lambda: "restarting in 0.8 s" in nursery.printed.getvalue())

    said = nursery.printed.getvalue()
    order = [
        "(SIGKILL): restarting in 0.2 s",
        "(exit code 3): restarting in 0.4 s",
        "(exit code 3): restarting in 0.8 s",
    ]
    assert [said.index(line) for line in order] == sorted(said.index(line) for line in order)


async def test_what_a_killed_master_forked_does_not_outlive_it(nursery: Nursery, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    fork = f"import os, pathlib\npid = os.fork()\nif pid: pathlib.Path({str(note)!r}).write_text(str(pid))\n"
    await nursery.children.start(nursery.program("worker", fork + ANNOUNCE + SLEEP))
    await until(lambda: note.exists() and bool(note.read_text()))
    grandchild = int(note.read_text())

    os.kill(pid_of(nursery, "worker"), signal.SIGKILL)

    await until(lambda: not alive(grandchild))


async def test_stop_tells_the_master_alone_and_leaves_nothing(nursery: Nursery, tmp_path: Path) -> None:
    note = tmp_path / "signals"
    fork = (
        "import os, signal, pathlib, sys, time\n"
        f"note = pathlib.Path({str(note)!r})\n"
        "child = os.fork()\n"
        "def told(*_):\n"
        "    with note.open('a') as f: f.write('master ' if child else 'forked ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, told)\n"
    )
    await nursery.children.start(nursery.program("worker", fork + ANNOUNCE + SLEEP))
    pid = pid_of(nursery, "worker")

    await nursery.children.stop("worker")

    assert note.read_text() == "master "
    await until(lambda: not alive(pid))
    assert not nursery.roster_path.exists()
    assert "restarting" not in nursery.printed.getvalue()


async def test_a_child_that_does_not_listen_is_killed(nursery: Nursery) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    await nursery.children.start(nursery.program("worker", deaf + ANNOUNCE + SLEEP, stop_seconds=0.2))
    pid = pid_of(nursery, "worker")

    await nursery.children.stop("worker")

    assert not alive(pid)
    assert "worker did not stop" in nursery.printed.getvalue()


async def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    roster = tmp_path / "children.json"
    supervisor = (
        "import subprocess, sys, pathlib, time\n"
        "from supervisor.processes import own_session\n"
        "from supervisor.roster import Roster\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], **own_session())\n"
        f"Roster(pathlib.Path({str(roster)!r})).started('api', child.pid)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", supervisor])
    await until(roster.exists)
    child = int(json.loads(roster.read_text())["api"]["pid"])
    assert alive(child)

    parent.kill()
    parent.wait()
    if own_session()["preexec_fn"] is None:  # no signal of the kernel here: the next start does it
        assert stop_leftovers(roster) == ["api"]

    await until(lambda: not alive(child))
