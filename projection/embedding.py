"""Entries of a catalogue as one selection shows them: made into JSON once, then embedded as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from projection.catalogue import Catalogue

MAX_RENDERED = 2_000
"""Renderings held of one selection; when there are more, all are made anew."""


class NotRendered(Exception):
    """A page refers to an entry that is not rendered yet."""


class _Renderings(dict[Any, Any]):
    def __missing__(self, key: Any) -> Any:
        raise NotRendered


class Embedding:
    """One embedded field of one plan. `render` gives the JSON value of an entry's value, or of a list of them."""

    def __init__(
        self, catalogue: Catalogue, place: int, version_place: int, render: Callable[[Any], Any], *, many: bool
    ) -> None:
        self.rendered: dict[Any, Any] = _Renderings()
        self._catalogue = catalogue
        self._place = place
        self._version_place = version_place
        self._render = render
        self._many = many
        self._generation = catalogue.generation

    def seen(self, record: Any) -> None:
        """Forget renderings of another version than that of the page which the record is of."""
        self._catalogue.seen(record[self._version_place])
        self._renew()

    async def load(self, records: Sequence[Any]) -> None:
        """Render what the records refer to."""
        keys = {record[self._place] for record in records} - {None}
        await self._catalogue.load({row_id for key in keys for row_id in self._ids(key)})
        self._renew()
        missing = keys - self.rendered.keys()
        if len(self.rendered) + len(missing) > MAX_RENDERED:
            self.rendered, missing = _Renderings(), keys
        for key in missing:
            try:
                self.rendered[key] = orjson.Fragment(orjson.dumps(self._render(self._value(key))))
            except KeyError:  # forgotten while others were loading: the plan tries again
                return

    def _renew(self) -> None:
        if self._generation != self._catalogue.generation:
            self._generation = self._catalogue.generation
            self.rendered = _Renderings()

    def _ids(self, key: Any) -> list[int]:
        """The database ids in a key: an array comes as the text PostgreSQL writes, which is found faster than a list."""
        if not self._many:
            return [key]
        inner = key[1:-1]
        return [int(row_id) for row_id in inner.split(",")] if inner else []

    def _value(self, key: Any) -> Any:
        entries = [(row_id, self._catalogue.get(row_id)) for row_id in self._ids(key)]
        if not self._many:
            entry = entries[0][1]
            return entry and entry.value
        there = [(entry.place, row_id, entry.value) for row_id, entry in entries if entry is not None]
        return [value for _, _, value in sorted(there, key=lambda each: each[:2])]
