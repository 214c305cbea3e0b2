"""Emptying the queue of one operator account: as many items at once as the operator allows, results written in groups."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass

import asyncpg

from domain.clock import clock
from drivers.process_lease import LeaseLost
from models.database import DATABASE_AWAY, execute, fetch_row
from services.execution.claim_items import claim_due_checks, claim_items
from services.execution.confirm_item import confirm_item, next_look
from services.execution.execute_item import execute_item
from services.execution.item_results import ClaimedItem
from services.execution.recover_items import recover_left_behind
from services.execution.result_writer import ResultWriter
from services.process.runtime import Runtime

TIME_SLICE = 10.0
"""Seconds of real time after which a drain gives its worker thread back; what is left gets a new hint."""

MOST_AT_ONCE = 256
"""Items in flight in one process for one account, whatever the operator would allow: this bounds memory."""

_BREAKER_AT = 5
_BREAKER_SECONDS = 5

_log = logging.getLogger("novaconnect.drain")

_ACCOUNT = "SELECT max_concurrency, paused_until > clock_timestamp() AS paused FROM operator_account WHERE id = $1"


@dataclass(slots=True)
class _Breaker:
    """Counts calls in a row that the operator did not answer; opens for a moment at `_BREAKER_AT`."""

    account_id: int
    failures: int = 0
    open: bool = False

    async def note(self, answered: bool | None) -> None:
        if answered is None:
            return
        self.failures = 0 if answered else self.failures + 1
        if self.failures >= _BREAKER_AT and not self.open:
            self.open = True
            _log.warning("operator account %s does not answer: paused for %s s", self.account_id, _BREAKER_SECONDS)
            await execute(
                "UPDATE operator_account SET failures = $2, paused_until = clock_timestamp() + make_interval(secs => $3)"
                " WHERE id = $1",
                self.account_id,
                self.failures,
                _BREAKER_SECONDS,
            )


async def drain_account(account_id: int, runtime: Runtime) -> bool:
    """Work on one account until nothing is ready or the time slice ends; True when there may be more.

    Runs once per account and process at a time; a second call returns at once.
    """
    if account_id in runtime.draining:
        return False
    runtime.draining.add(account_id)
    try:
        return await _Drain(account_id, runtime).run()
    except (LeaseLost, *DATABASE_AWAY) as error:
        # The reconcile loop comes again once the lease and the database are back.
        _log.warning("draining account %s broke off: %s", account_id, type(error).__name__)
        return False
    finally:
        runtime.draining.discard(account_id)


class _Drain:
    def __init__(self, account_id: int, runtime: Runtime) -> None:
        self._account_id = account_id
        self._runtime = runtime
        self._breaker = _Breaker(account_id)
        self._running: set[asyncio.Task[None]] = set()
        self._writer = ResultWriter()
        self._until = time.monotonic() + TIME_SLICE

    async def run(self) -> bool:
        account = await fetch_row(_ACCOUNT, self._account_id)
        if account is None or account["paused"]:
            return False
        await recover_left_behind(self._account_id, self._runtime.lease.require())
        width = min(account["max_concurrency"], MOST_AT_ONCE)
        more = True
        try:
            while more and not self._finished():
                more = await self._fill(width)
                if self._running:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                    more = True
        finally:
            if self._running:
                await asyncio.wait(self._running)
            await self._writer.finish()
        return more

    def _finished(self) -> bool:
        return time.monotonic() > self._until or self._runtime.stopping.is_set() or self._breaker.open

    async def _fill(self, width: int) -> bool:
        """Start what is ready; checks get every fourth place, so that a long queue never starves confirmations."""
        free = width - len(self._running)
        if free < max(1, width // 4):
            return True
        checks = await claim_due_checks(self._account_id, max(1, free // 4))
        for row in checks:
            self._start(self._check(row))
        free -= len(checks)
        if free <= 0:
            return True
        holder_id = self._runtime.lease.require()
        items = await claim_items(self._account_id, holder_id, free)
        for item in items:
            self._start(self._execute(item, holder_id))
        return bool(items or checks)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """An item that broke off stays at CALLING: whoever buries this process, or its own next drain, takes it up."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("an item of account %s broke off: %s", self._account_id, type(error).__name__)

    async def _execute(self, item: ClaimedItem, holder_id: int) -> None:
        with self._runtime.lease.work_of(holder_id):
            executed = await execute_item(item, self._runtime.registry)
        await self._writer.write(executed.result, holder_id)
        await self._breaker.note(executed.answered)

    async def _check(self, row: asyncpg.Record) -> None:
        result = await confirm_item(row, self._runtime.registry)
        if result is not None:
            await self._writer.write(result, None)
        else:
            await execute(
                "UPDATE operation_item SET check_at = $2 WHERE id = $1 AND check_at IS NOT NULL",
                row["id"],
                next_look(row, clock.now()),
            )
