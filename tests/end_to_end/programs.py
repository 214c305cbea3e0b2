"""Workers and scheduler as programs of their own, which can be killed like any other."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from supervisor.processes import kill_session, own_session
from supervisor.readiness import READY_FILE

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """One `manage.py NAME`, in a session of its own, with what it prints in a file."""

    def __init__(self, name: str, environ: Mapping[str, str], folder: Path) -> None:
        self._name = name
        self._environ = environ
        self._folder = folder
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """Everything it printed, over all its lives."""
        log = self._folder / f"{self._name}.log"
        return log.read_text(errors="replace") if log.exists() else ""

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self._starts += 1
        ready = self._folder / f"{self._name}-{self._starts}.ready"
        with (self._folder / f"{self._name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", self._name.partition("-")[0]],
                cwd=ROOT,
                env={**self._environ, READY_FILE: str(ready)},
                stdout=log,
                stderr=log,
                **own_session(),
            )
        process = self._process

        async def is_ready() -> bool:
            assert process.poll() is None, self.said[-2000:]
            return ready.exists()

        await until(is_ready)

    def kill(self) -> None:
        """SIGKILL to everything that runs in its session, if anything does."""
        if self._process is None:
            return
        kill_session(self._process.pid)
        self._process.wait(10)
        self._process = None

    def stop(self) -> int | None:
        """SIGTERM to its first process, as the supervisor does; its exit code, None when it had to be killed."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(12)
        except subprocess.TimeoutExpired:
            return None
        finally:
            kill_session(self._process.pid)
            self._process.wait(10)
            self._process = None


async def until(condition: Callable[[], Awaitable[bool]], patience_seconds: float = 120) -> None:
    """Return when the condition holds; `TimeoutError` when it does not come to hold."""
    async with asyncio.timeout(patience_seconds):
        while not await condition():
            await asyncio.sleep(0.03)
