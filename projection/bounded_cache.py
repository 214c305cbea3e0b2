"""A cache that holds at most a given weight and forgets what was not used for longest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Values by key; `weight` is in whatever unit its user counts, 1 a value unless said."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.weight = 0
        self._held: dict[Key, tuple[Value, int]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Key) -> Value | None:
        """The value, which becomes the most recently used; None when there is none."""
        held = self._held.pop(key, None)
        if held is None:
            return None
        self._held[key] = held  # a dict keeps the order of insertion: the first is the oldest
        return held[0]

    def put(self, key: Key, value: Value, weight: int = 1) -> None:
        """Keep a value, unless it alone outweighs everything; the oldest make room for it."""
        self._forget(key)
        if weight > self.capacity:
            return
        while self.weight + weight > self.capacity:
            self._forget(next(iter(self._held)))
        self._held[key] = (value, weight)
        self.weight += weight

    def _forget(self, key: Key) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self.weight -= held[1]
