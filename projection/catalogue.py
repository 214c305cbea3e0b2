"""Small tables held in memory: what many rows refer to, read once a version and embedded as ready JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.database import fetch_value

MAX_ENTRIES = 20_000
"""Entries held of one catalogue, and renderings of one selection of it; beyond, all are read anew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as its GraphQL type resolves it, and its place among others of the same list (then by key)."""

    value: Any
    place: Any = 0


Load = Callable[[list[int]], Awaitable[Mapping[int, Entry]]]


class Catalogue:
    """Entries by database id, alike for everyone who may see a row that refers to them.

    The database keeps a version of each catalogue, changed by the very transaction that changes an entry. A page
    brings the version of its own snapshot along (`version_sql`), so that a change is never missed and nothing has to
    be announced. What depends on who asks does not belong here.
    """

    def __init__(self, name: str, load: Load) -> None:
        if not name.isidentifier():
            raise ValueError("the name of a catalogue is an identifier")
        self.name = name
        self.version_sql = f"(SELECT v.version FROM catalogue_version v WHERE v.name = '{name}')"  # noqa: S608
        self.version: int | None = None
        self.generation = 0
        self._load = load
        self._entries: dict[int, Entry | None] = {}

    def seen(self, version: int | None) -> None:
        """A page was read at this version: forget what belongs to another."""
        if version != self.version:
            self._forget(version)

    async def load(self, keys: set[int]) -> None:
        """Read the entries that are not held."""
        if missing := sorted(keys - self._entries.keys()):
            # The version first: entries may then be younger than it says, never older.
            version = await fetch_value(f"SELECT {self.version_sql}")
            loaded = await self._load(missing)
            if version != self.version or len(self._entries) + len(missing) > MAX_ENTRIES:
                self._forget(version)
            self._entries |= {key: loaded.get(key) for key in missing}

    def get(self, key: int) -> Entry | None:
        """The entry; None when there is none any more. `KeyError` when it was not loaded."""
        return self._entries[key]

    def _forget(self, version: int | None) -> None:
        self.version = version
        self.generation += 1
        self._entries = {}
