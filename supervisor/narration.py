"""What a start tells the person in front of it: one line per step, a bar for the long ones."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_PLAIN_LINES = 2.0


class Advance(Protocol):
    """Tells a bar how far the work is; `total` None while it is not known."""

    def __call__(self, done: int, total: int | None) -> None: ...


class Narrator:
    """Prints steps at once; on a terminal with colour and a moving bar, elsewhere as plain lines."""

    def __init__(self, console: Console | None = None) -> None:
        """`console` is for tests; by default standard output."""
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """Say what is being done or has been done."""
        self._line(f"[{time.monotonic() - self._began:5.1f} s] {text}")

    def warn(self, text: str) -> None:
        """Say what went wrong and is being mended."""
        self._line(f"[{time.monotonic() - self._began:5.1f} s] {text}", style="yellow")

    def plain(self, text: str = "") -> None:
        """Print text as it is, for what a person copies."""
        self._line(text)

    def refuse(self, text: str) -> None:
        """Say on standard error, in one line, why there is no start."""
        Console(stderr=True, highlight=False, soft_wrap=True).print(" ".join(text.split()), style="red", markup=False)

    @contextmanager
    def bar(self, title: str) -> Iterator[Advance]:
        """A progress bar for the time of the block; without a terminal a line every two seconds."""
        if not self.console.is_terminal:
            yield self._plain_bar(title)
            return
        columns = (TextColumn("          {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def _plain_bar(self, title: str) -> Advance:
        last = time.monotonic()

        def advance(done: int, total: int | None) -> None:
            nonlocal last
            if time.monotonic() - last >= _SECONDS_BETWEEN_PLAIN_LINES:
                last = time.monotonic()
                self.step(f"{title}: {done}" + (f" of {total}" if total else ""))

        return advance

    def _line(self, text: str, style: str | None = None) -> None:
        try:
            self.console.print(text, style=style, markup=False)
            sys.stdout.flush()
        except OSError:  # whoever read our output has gone; the system goes on
            sys.stdout = open("/dev/null", "w")  # noqa: SIM115
