"""The budget of an operator account: so many calls a second, so many at once, shared by every process through PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple

from drivers.process_lease import ProcessLease
from models.database import DATABASE_AWAY, execute, fetch, fetch_row
from novaconnect_sdk import NotSent

_MARGIN = 1.05
"""Slow accounts are called a little slower than allowed: a call delayed on its way may not fall into the next second."""

_AHEAD = 0.05
"""Seconds of calls that are reserved in one step; one call at a time for slow accounts."""

_IDLE = 0.05
"""Seconds after which a slot that nobody here needs is given back."""

_LONGEST_HOLD = 1.0
"""Seconds after which a slot is given back although it is needed here, so that other processes have their turn."""

_ASK_AGAIN = 0.025
"""Seconds between two looks for a slot that another process may have given back."""

_POLITE = 0.06
"""Seconds for which a process takes no slot after it gave one back for the others; they ask every `_ASK_AGAIN`."""

_LATE = 0.02
"""Seconds after its time from which a call counts as late; the calls after it are then put off as well."""

_DATABASE_BACK = timedelta(seconds=2)
"""When a call that was not sent for want of the database is tried again; nothing is taken up while it is away."""

_TAKE = """
UPDATE call_slot SET holder_id = $2, taken_at = clock_timestamp()
WHERE id IN (SELECT id FROM call_slot WHERE account_id = $1 AND holder_id IS NULL ORDER BY slot
             LIMIT $3 FOR UPDATE SKIP LOCKED)
  AND EXISTS (SELECT 1 FROM lease_holder h WHERE h.id = $2 AND h.ended_at IS NULL)
RETURNING id
"""

_GIVE = """
UPDATE call_slot c SET holder_id = NULL, taken_at = NULL
FROM unnest($1::bigint[], $2::bigint[]) AS g (id, holder_id) WHERE c.id = g.id AND c.holder_id = g.holder_id
"""

_RESERVE = """
UPDATE operator_account
SET next_call_at = greatest(coalesce(next_call_at, clock_timestamp()), clock_timestamp()) + $2::interval
WHERE id = $1
RETURNING extract(epoch FROM next_call_at - $2::interval - clock_timestamp())::float8 AS wait,
          extract(epoch FROM paused_until - clock_timestamp())::float8 AS paused
"""

_PUT_OFF = """
UPDATE operator_account SET next_call_at = greatest(next_call_at, clock_timestamp() + $2::interval) WHERE id = $1
"""

_log = logging.getLogger("novaconnect.budget")


@contextlib.contextmanager
def _not_sent_without_database() -> Iterator[None]:
    try:
        yield
    except DATABASE_AWAY as error:
        message = f"The budget of the operator account could not be read ({type(error).__name__})."
        raise NotSent(message, after=_DATABASE_BACK) from error


class _Slot(NamedTuple):
    """A call slot that this process holds: its row, since when (monotonic), and under which lease."""

    id: int
    taken: float
    holder_id: int


class AccountBudget:
    """The right to call one operator account, as one process sees it. Slots and call times come from PostgreSQL."""

    def __init__(self, account_id: int, calls_per_second: float, max_concurrency: int, lease: ProcessLease) -> None:
        self._account_id = account_id
        self._interval = (_MARGIN if calls_per_second <= 50 else 1.0) / calls_per_second
        self._batch = max(1, min(64, int(calls_per_second * _AHEAD)))
        self._share = max_concurrency if max_concurrency <= 2 else max(2, max_concurrency * 3 // 4)
        self._lease = lease
        self._idle: list[_Slot] = []
        self._held = 0
        self._polite_until = 0.0
        self._times: deque[float] = deque()
        self._freed = asyncio.Condition()
        self._reserving = asyncio.Lock()
        self._sweeper: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Give every slot back; calls under way must have ended."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        if self._held:
            await self._give(self._idle)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Hold the right to one call; waits for a free slot and for the next call time.

        Raises `NotSent` while the account is paused (circuit breaker) or the database is away, and `LeaseLost` when this
        process was taken for dead.
        """
        with _not_sent_without_database():
            slot = await self._slot()
        try:
            with _not_sent_without_database():
                await self._wait_for_call_time()
            self._lease.require()
            yield
        finally:
            await asyncio.shield(self._release(slot))

    async def _wait_for_call_time(self) -> None:
        at = await self._call_time()
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        if self._batch == 1 and time.monotonic() - at > _LATE:
            await execute(_PUT_OFF, self._account_id, timedelta(seconds=self._interval))

    async def _slot(self) -> _Slot:
        while True:
            async with self._freed:
                while self._idle:
                    slot = self._idle.pop()
                    if slot.holder_id == self._lease.holder_id:
                        return slot
                    await self._give([slot])  # of a lease that was lost: to be taken anew, if nobody else has it
                polite = time.monotonic() < self._polite_until
                wanted = 0 if polite else self._share - self._held
                # Shielded: a caller that gives up while PostgreSQL answers must not lose the slots it was given.
                if wanted > 0 and await asyncio.shield(self._take(wanted)):
                    continue
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._freed.wait(), _ASK_AGAIN)

    async def _take(self, wanted: int) -> bool:
        holder_id = self._lease.require()
        taken = await fetch(_TAKE, self._account_id, holder_id, min(wanted, 16))
        self._held += len(taken)
        self._idle.extend(_Slot(row["id"], time.monotonic(), holder_id) for row in taken)
        if taken:
            self._start_sweeper()
        if taken and self._freed.locked():  # not, when the caller has given up meanwhile
            self._freed.notify_all()
        return bool(taken)

    async def _release(self, slot: _Slot) -> None:
        if time.monotonic() - slot.taken > _LONGEST_HOLD:
            self._polite_until = time.monotonic() + _POLITE
            await self._give([slot])
        else:
            async with self._freed:
                self._idle.append(slot)
                self._freed.notify()

    async def _give(self, slots: Sequence[_Slot]) -> None:
        """Under the lease under which they were taken: what has passed to others meanwhile stays theirs."""
        self._held -= len(slots)
        try:
            await execute(_GIVE, [slot.id for slot in slots], [slot.holder_id for slot in slots])
        except DATABASE_AWAY as error:
            # The call itself has ended well or badly; the slots come free with this process's lease.
            _log.warning("call slots not given back: %s", type(error).__name__)

    async def _call_time(self) -> float:
        async with self._reserving:
            if not self._times or self._times[-1] < time.monotonic() - 1:
                self._times.clear()
                row = await fetch_row(_RESERVE, self._account_id, timedelta(seconds=self._interval * self._batch))
                if row is None:
                    raise NotSent("The operator account is no longer configured.")
                if row["paused"] is not None and row["paused"] > 0:
                    raise NotSent("The operator does not answer; calls to it are paused for a moment.")
                first = time.monotonic() + row["wait"]
                self._times.extend(first + index * self._interval for index in range(self._batch))
            return self._times.popleft()

    def _start_sweeper(self) -> None:
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep(), name="call-slot-sweeper")

    async def _sweep(self) -> None:
        """Give idle slots back until none is held."""
        while self._held:
            await asyncio.sleep(_IDLE)
            async with self._freed:
                idle = tuple(self._idle)
                self._idle.clear()
                if idle:
                    await self._give(idle)
