"""A limit of time for whatever many tasks do, all with the same length, and all with one timer.

`asyncio.timeout` sets and cancels a timer each time, which takes longer than many a query's own way through Python. Here the one
timer rings for whoever began first of those who are still at it, which under a load of short work is next to never.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """`with deadlines.limit():` raises `TimeoutError` in the task when what is inside takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Limit, None] = {}  # in the order in which they end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> Limit:
        """The limit of the current task, from its entrance on. Entered once."""
        return Limit(self)

    def begin(self, limit: Limit, task: asyncio.Task[object]) -> None:
        """Count a limit among those that run."""
        loop = task.get_loop()
        if loop is not self._loop:  # another loop than the last one, whose timers and tasks are gone
            self._loop, self._timer, self._running = loop, None, {}
        limit.ends = loop.time() + self.seconds
        self._running[limit] = None
        if self._timer is None:
            self._timer = loop.call_at(limit.ends, self._ring)

    def end(self, limit: Limit) -> None:
        """Count it no more."""
        self._running.pop(limit, None)

    def _ring(self) -> None:
        self._timer = None
        assert self._loop is not None
        now = self._loop.time()
        for limit in list(self._running):
            if limit.ends > now:
                self._timer = self._loop.call_at(limit.ends, self._ring)
                return
            del self._running[limit]
            limit.expire()


class Limit:
    """One use of a deadline. `expired` says whether it was this that ended the work, and nothing inside."""

    __slots__ = ("_cancelling", "_deadlines", "_task", "ends", "expired")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.expired = False
        self.ends = 0.0

    def __enter__(self) -> Limit:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can be limited")
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines.begin(self, task)
        return self

    def expire(self) -> None:
        """The time is over: cut the task off where it waits."""
        self.expired = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.expired:
            self._deadlines.end(self)
        # Who was cancelled by somebody else too stays cancelled, as with `asyncio.timeout`.
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
