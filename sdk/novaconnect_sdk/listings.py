"""Listings that stay open between pages, for operators whose wire has no paging of its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from novaconnect_sdk.errors import InvalidRequest

T = TypeVar("T")


class _Open(Generic[T]):
    def __init__(self, value: T, expiry: asyncio.TimerHandle) -> None:
        self.value = value
        self.expiry = expiry


class OpenListings(Generic[T]):
    """Keeps what a listing needs between two pages under an opaque name that goes into the cursor.

    A listing nobody continues for `idle` is closed, and so is the least recently used one beyond `most`. Used from one
    event loop. `close_one` gives back what a listing holds.
    """

    def __init__(self, close_one: Callable[[T], None], idle: timedelta = timedelta(minutes=10), most: int = 16) -> None:
        self._close_one = close_one
        self._idle = idle.total_seconds()
        self._most = most
        self._open: dict[str, _Open[T]] = {}

    def add(self, value: T) -> str:
        """Keep `value`; the answer names it."""
        while len(self._open) >= self._most:
            self.drop(next(iter(self._open)))
        name = secrets.token_urlsafe(9)
        self._open[name] = _Open(value, self._expire_later(name))
        return name

    def get(self, name: str) -> T:
        """What was kept under `name`, or `InvalidRequest` when it has expired or was another process's."""
        entry = self._open.pop(name, None)
        if entry is None:
            raise InvalidRequest("This listing is no longer open: begin it again without a cursor.")
        entry.expiry.cancel()
        self._open[name] = _Open(entry.value, self._expire_later(name))
        return entry.value

    def drop(self, name: str) -> None:
        """Close one listing; a name that is not there is no error."""
        entry = self._open.pop(name, None)
        if entry is not None:
            entry.expiry.cancel()
            self._close_one(entry.value)

    def close(self) -> None:
        """Close all."""
        for name in list(self._open):
            self.drop(name)

    def __len__(self) -> int:
        return len(self._open)

    def _expire_later(self, name: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._idle, self.drop, name)
