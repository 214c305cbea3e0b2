"""Worlds for the supervisor's tests: small real programs as children, and what the narrator said."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console

from supervisor.children import Children, ChildSpec
from supervisor.narration import Narrator
from supervisor.roster import Roster

ANNOUNCE = "import os, pathlib; pathlib.Path(os.environ['NOVACONNECT_READY_FILE']).touch()\n"
SLEEP = "import time\nwhile True: time.sleep(0.05)\n"


@dataclass
class Nursery:
    """Children under supervision, with their roster and everything that was printed."""

    children: Children
    roster_path: Path
    printed: io.StringIO
    var_dir: Path

    def program(self, name: str, source: str, **options: float) -> ChildSpec:
        """A child that runs this Python source."""
        return ChildSpec(name, (sys.executable, "-c", source), **options)  # type: ignore[arg-type]


@pytest.fixture
def printed() -> io.StringIO:
    """Everything the narrator prints."""
    return io.StringIO()


@pytest.fixture
def narrator(printed: io.StringIO) -> Narrator:
    """A narrator without a terminal."""
    return Narrator(Console(file=printed, soft_wrap=True, highlight=False))


@pytest_asyncio.fixture
async def nursery(tmp_path: Path, narrator: Narrator, printed: io.StringIO) -> AsyncIterator[Nursery]:
    """Supervision in a folder of its own; whatever still runs at the end is stopped."""
    path = tmp_path / "children.json"
    children = Children(tmp_path, dict(os.environ), narrator, Roster(path))
    yield Nursery(children, path, printed, tmp_path)
    await children.stop(*children.running())
