"""Business time: the one place from which "now" is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The system's clock, shifted by an offset that only `CLOCK=simulator` ever sets."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far business time is ahead of real time."""
        return self._offset

    def begin_at(self, offset: timedelta) -> None:
        """Take the simulator's clock over at a process's start, also one that lies in the past."""
        self._offset = offset

    def shift_to(self, offset: timedelta) -> None:
        """Follow the simulator's clock; business time never runs backwards while a process lives."""
        self._offset = max(self._offset, offset)


clock = Clock()
"""The process's clock."""
