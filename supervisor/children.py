"""Child processes under supervision: started, waited for, restarted when they die, stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.errors import CannotStart
from supervisor.narration import Narrator
from supervisor.processes import kill_session, own_session, send_signal
from supervisor.readiness import READY_FILE, ReadyCheck, file_appears
from supervisor.roster import Roster

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run and how to know that it runs. `ready` None: the child calls `announce_ready()` itself."""

    name: str
    command: Sequence[str]
    ready: ReadyCheck | None = None
    patience_seconds: float = 30.0
    stop_seconds: float = 10.0


@dataclass
class _Child:
    spec: ChildSpec
    process: asyncio.subprocess.Process
    watch: asyncio.Task[None] | None = None
    backoff: float = FIRST_BACKOFF_SECONDS
    ready: bool = field(default=False)


class Children:
    """All children of one `manage.py up`. A child that dies after its start is restarted, slower each time it fails."""

    def __init__(self, var_dir: Path, environ: Mapping[str, str], narrator: Narrator, roster: Roster) -> None:
        """`environ` is the environment of every child, read anew at each start; logs go to `var_dir/log/NAME.log`."""
        self._var_dir = var_dir
        self._environ = environ
        self._narrator = narrator
        self._roster = roster
        self._children: dict[str, _Child] = {}
        self._stopping: set[str] = set()
        for folder in ("log", "ready"):
            (var_dir / folder).mkdir(parents=True, exist_ok=True)

    async def start(self, spec: ChildSpec) -> None:
        """Start a child and wait until it is ready; raises `CannotStart` with its last words when it is not."""
        log = self._log(spec.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        child = _Child(spec, await self._spawn(spec))
        self._children[spec.name] = child
        if not await self._becomes_ready(child):
            raise CannotStart(f"{spec.name} did not start: {self._last_words(spec.name)} (see {log})")
        child.watch = asyncio.create_task(self._keep_alive(child), name=f"keep {spec.name} alive")

    async def stop(self, *names: str) -> None:
        """Stop these children side by side: SIGTERM to each master alone; a session that is late is killed."""
        self._stopping.update(names)
        await asyncio.gather(*(self._stop(self._children[name]) for name in names if name in self._children))

    def running(self) -> list[str]:
        """The names of the children that were started and not stopped, in order of start."""
        return [name for name in self._children if name not in self._stopping]

    async def _spawn(self, spec: ChildSpec) -> asyncio.subprocess.Process:
        marker = self._ready_file(spec.name)
        marker.unlink(missing_ok=True)
        with self._log(spec.name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *spec.command, stdout=log, stderr=log, env={**self._environ, READY_FILE: str(marker)}, **own_session()
            )
        self._roster.started(spec.name, process.pid)
        return process

    async def _becomes_ready(self, child: _Child) -> bool:
        check = child.spec.ready or file_appears(self._ready_file(child.spec.name))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(child.spec.patience_seconds):
                while child.process.returncode is None:
                    if await check():
                        child.ready = True
                        self._roster.ready(child.spec.name)
                        self._narrator.step(f"{child.spec.name} ready (pid {child.process.pid})")
                        return True
                    await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _keep_alive(self, child: _Child) -> None:
        name = child.spec.name
        while True:
            code = await child.process.wait()
            if name in self._stopping:
                return
            # The master is dead; what it forked would go on working beside its successor.
            kill_session(child.process.pid)
            wait = FIRST_BACKOFF_SECONDS if child.ready else child.backoff
            child.backoff = min(wait * 2, LONGEST_BACKOFF_SECONDS)
            child.ready = False
            self._roster.died(name)
            self._narrator.warn(f"{name} died ({_cause(code)}): restarting in {wait:.1f} s, see {self._log(name)}")
            await asyncio.sleep(wait)
            child.process = await self._spawn(child.spec)
            if not await self._becomes_ready(child) and child.process.returncode is None:
                self._narrator.warn(f"{name} is not ready after {child.spec.patience_seconds:.0f} s: killing it")
                kill_session(child.process.pid)

    async def _stop(self, child: _Child) -> None:
        if child.watch is not None:
            child.watch.cancel()
            await asyncio.gather(child.watch, return_exceptions=True)
        process = child.process
        if process.returncode is None:
            send_signal(process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), child.spec.stop_seconds)
            except TimeoutError:
                self._narrator.warn(f"{child.spec.name} did not stop in {child.spec.stop_seconds:.0f} s: killing it")
        kill_session(process.pid)
        await process.wait()
        self._roster.stopped(child.spec.name)

    def _log(self, name: str) -> Path:
        return self._var_dir / "log" / f"{name}.log"

    def _ready_file(self, name: str) -> Path:
        return (self._var_dir / "ready" / name).absolute()

    def _last_words(self, name: str) -> str:
        lines = [line.strip() for line in self._log(name).read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"


def _cause(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
