"""What survives a restart: seed, birth, clock, and the SIMs that are no longer as they were born.

The file begins with a head line and goes on with one line per change of a SIM (the last one counts) or of the
clock. It only grows while the simulator runs and is written anew, and swapped in at once, at every start, after a
reset and when it has become much longer than the fleet.
"""

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from simulator.sim import Package, Session, Sim
from simulator.world import World

FILE_NAME = "fleet.jsonl"
FORMAT = 1
SAVE_EVERY_SECONDS = 1.0
LINES_PER_SLICE = 500

_PLAIN = (
    "status", "msu_count", "msu_blocked", "powered", "registered", "registered_at", "network", "reregister_at",
    "cancelled_at", "churn_at", "balance", "modified_at", "limit_mb", "limit_reached", "limit_at", "writes",
)  # fmt: skip


class StateUnreadable(Exception):
    """The saved state cannot be used; the text names the file and says what to do."""


class Journal:
    """Keeps a world on disk."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.path = folder / FILE_NAME
        self._touched: set[int] = set()
        self._lines = 0
        self._saved_offset = world.clock.offset_seconds
        self._generation = world.generation

    def rewrite(self, touched: Iterable[int]) -> None:
        """Write the file anew with the head and every SIM in `touched`, then swap it in."""
        world = self.world
        self._touched = set(touched) | world.engine.changed
        world.engine.changed.clear()
        self._generation = world.generation
        self._saved_offset = world.clock.offset_seconds
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(self._head()) + b"\n")
            file.writelines(_line(world.engine.sims[index]) for index in sorted(self._touched))
        os.replace(fresh, self.path)
        self._lines = len(self._touched)

    def _head(self) -> dict[str, Any]:
        world = self.world
        return {
            "format": FORMAT,
            "seed": world.seed,
            "birth": world.birth,
            "sims": len(world.engine.sims),
            "lively": world.options.lively,
            "offset_seconds": world.clock.offset_seconds,
        }

    def save_now(self) -> None:
        """Bring the file up to date at once, for the end of the program."""
        if self._generation != self.world.generation:
            self.rewrite(())
        else:
            self._append(list(self._changes()))

    async def keep(self) -> None:
        """Bring the file up to date again and again; other requests are answered between slices."""
        while True:
            await asyncio.sleep(SAVE_EVERY_SECONDS)
            self.world.engine.settle()
            if self._generation != self.world.generation or self._lines > 4 * len(self.world.engine.sims) + 20_000:
                self.rewrite(() if self._generation != self.world.generation else self._touched)
                continue
            for lines in _slices(self._changes()):
                self._append(lines)
                await asyncio.sleep(0)

    def _changes(self) -> Iterator[bytes]:
        offset = self.world.clock.offset_seconds
        if offset != self._saved_offset:
            self._saved_offset = offset
            yield orjson.dumps({"offset_seconds": offset}) + b"\n"
        engine = self.world.engine
        while engine.changed:
            index = engine.changed.pop()
            self._touched.add(index)
            yield _line(engine.sims[index])

    def _append(self, lines: list[bytes]) -> None:
        if lines:
            with self.path.open("ab") as file:
                file.write(b"".join(lines))
            self._lines += len(lines)


def _slices(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    piece: list[bytes] = []
    for line in lines:
        piece.append(line)
        if len(piece) >= LINES_PER_SLICE:
            yield piece
            piece = []
    if piece:
        yield piece


def saved_lines(folder: Path) -> list[dict[str, Any]]:
    """The lines of the saved file, head first; empty when nothing was saved. Raises StateUnreadable.

    A last line cut short by a sudden end is left out.
    """
    path = folder / FILE_NAME
    with suppress(FileNotFoundError):
        raw = path.read_bytes().split(b"\n")
        try:
            lines = [orjson.loads(line) for line in raw[:-1]]
            if lines and lines[0]["format"] != FORMAT:
                raise StateUnreadable(f"{path} was written by another version: delete it to start afresh")
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise StateUnreadable(f"{path} is damaged: delete it to start afresh") from error
        return lines
    return []


def last_offset(lines: list[dict[str, Any]]) -> float:
    """The clock's offset as last saved, in seconds."""
    return float(next((line["offset_seconds"] for line in reversed(lines) if "offset_seconds" in line), 0.0))


def restore(sims: list[Sim], lines: list[dict[str, Any]]) -> set[int]:
    """Put saved SIMs back into the newborn fleet; returns the indexes of those that differ."""
    latest = {line["i"]: line for line in lines if "i" in line}
    for index, line in latest.items():
        _fill(sims[index], line)
    return set(latest)


def _line(sim: Sim) -> bytes:
    state: dict[str, Any] = {"i": sim.index}
    for name in _PLAIN:
        state[name] = getattr(sim, name)
    state["sessions"] = [[s.started, s.ended, s.network, s.rate_in, s.rate_out] for s in sim.sessions]
    if sim.package is not None:
        state["package"] = {name: getattr(sim.package, name) for name in Package.__slots__}
    return orjson.dumps(state) + b"\n"


def _fill(sim: Sim, line: dict[str, Any]) -> None:
    for name in _PLAIN:
        setattr(sim, name, line[name])
    sim.sessions = [Session(sim.index, *values) for values in line["sessions"]]
    if sim.package is not None:
        for name, value in line["package"].items():
            setattr(sim.package, name, value)
