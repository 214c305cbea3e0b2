"""`var/children.json`: who runs now, for scripts and for the next start after this one was killed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from supervisor.json_file import write_atomically
from supervisor.processes import is_same_process, kill_session, send_signal, started_at


@dataclass(slots=True)
class Entry:
    """One child: its session's first process, when that began (seconds since 1970), and how often it was restarted."""

    pid: int
    started_at: float
    ready: bool = False
    restarts: int = 0


class Roster:
    """The running children by name, on disk after every change."""

    def __init__(self, path: Path) -> None:
        """Takes over the file's place; call `stop_leftovers` first."""
        self._path = path
        self._entries: dict[str, Entry] = {}

    def started(self, name: str, pid: int) -> None:
        """A child was started, for the first time or again."""
        before = self._entries.get(name)
        self._entries[name] = Entry(pid, started_at(pid) or time.time(), restarts=before.restarts + 1 if before else 0)
        self._write()

    def ready(self, name: str) -> None:
        """A child can do its work."""
        self._entries[name].ready = True
        self._write()

    def died(self, name: str) -> None:
        """A child is gone and will be started again."""
        self._entries[name].ready = False
        self._write()

    def stopped(self, name: str) -> None:
        """A child is gone for good; without children there is no file."""
        self._entries.pop(name, None)
        self._write()

    def _write(self) -> None:
        if self._entries:
            write_atomically(self._path, {name: asdict(entry) for name, entry in self._entries.items()})
        else:
            self._path.unlink(missing_ok=True)


def stop_leftovers(path: Path, *, keep: Collection[str] = (), patience_seconds: float = 10.0) -> list[str]:
    """Stop what a killed `manage.py up` left running, except `keep`, and return the names.

    A process is only touched when it still is the recorded one: same pid and same time of start.
    """
    try:
        entries = {name: Entry(**entry) for name, entry in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return []
    alive = {
        name: entry
        for name, entry in entries.items()
        if name not in keep and is_same_process(entry.pid, entry.started_at)
    }
    for entry in alive.values():
        send_signal(entry.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline and any(is_same_process(e.pid, e.started_at) for e in alive.values()):
        time.sleep(0.05)
    for entry in alive.values():
        if is_same_process(entry.pid, entry.started_at):
            kill_session(entry.pid)
    path.unlink(missing_ok=True)
    return list(alive)
