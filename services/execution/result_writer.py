"""Group commit: results that arrive while one transaction is being written share the next."""

from __future__ import annotations

import asyncio
import logging

import asyncpg

from models.database import DATABASE_AWAY
from services.execution.item_results import ItemResult
from services.execution.write_results import write_results

_log = logging.getLogger("novaconnect.results")

_RETRY_SECONDS = (0.1, 0.5, 2.0, 5.0)


class ResultWriter:
    """Writes results in groups; `write` returns when the result is safe in PostgreSQL (or was no longer wanted)."""

    def __init__(self) -> None:
        self._waiting: list[tuple[ItemResult, int | None, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, result: ItemResult, holder_id: int | None) -> None:
        """Hand in a result and wait for its commit."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((result, holder_id, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush(), name="result-writer")
        await done

    async def finish(self) -> None:
        """Wait until all is written."""
        if self._task is not None:
            await self._task

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                for holder_id in {holder for _, holder, _ in group}:
                    await self._write_surely([result for result, holder, _ in group if holder == holder_id], holder_id)
            finally:
                # Whatever happened, nobody waits for ever: an unwritten item is taken up at the next drain.
                for _, _, done in group:
                    if not done.done():
                        done.set_result(None)

    async def _write_surely(self, results: list[ItemResult], holder_id: int | None) -> None:
        """PostgreSQL may be away for a moment; if it stays away, the items become unknown and are settled by reading."""
        for pause in (*_RETRY_SECONDS, None):
            try:
                await write_results(results, holder_id)
                return
            except Exception as error:
                if _is_of_the_content(error):
                    await self._write_apart(results, holder_id, error)
                    return
                _log.error("results not written: %s", type(error).__name__)
                if pause is None:
                    return
                await asyncio.sleep(pause)

    async def _write_apart(self, results: list[ItemResult], holder_id: int | None, error: Exception) -> None:
        """What cannot be stored of one SIM (a driver is foreign code) must not take the others of its group with it."""
        if len(results) == 1:
            _log.error("the result of item %s cannot be stored: %s", results[0].item_id, type(error).__name__)
            return
        for result in results:
            await self._write_surely([result], holder_id)


def _is_of_the_content(error: Exception) -> bool:
    """Whether the same results would fail again: no matter of PostgreSQL being away or busy."""
    content = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
    return isinstance(error, content) or not isinstance(error, DATABASE_AWAY)
