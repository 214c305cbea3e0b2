"""Sockets whose token is revoked are closed, also when they are silent: one look at all tokens together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from access import Principal, Revalidation
from transport.bearer import ended_among
from transport.limits import CLOSE_SECONDS, TOKEN_WATCH_SECONDS
from transport.refusals import RequestRefused
from transport.results import log_unexpected

Close = Callable[[], Awaitable[None]]


class TokenWatch:
    """The open sockets of this process by principal; it runs only while there are any."""

    def __init__(self) -> None:
        self._sockets: dict[Principal, set[Close]] = {}
        self._revalidation = Revalidation()
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def watching(self, principal: Principal, close: Close) -> AsyncIterator[None]:
        """Call `close` if the principal stops being valid while the block lasts."""
        self._sockets.setdefault(principal, set()).add(close)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="token-watch")
        try:
            yield
        finally:
            self._forget(principal, close)

    def _forget(self, principal: Principal, close: Close) -> None:
        sockets = self._sockets.get(principal, set())
        sockets.discard(close)
        if not sockets:
            self._sockets.pop(principal, None)
        if not self._sockets and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TOKEN_WATCH_SECONDS)
            # Without the database nobody can say, and nothing can be read either.
            try:
                for principal in await ended_among(self._revalidation, tuple(self._sockets)):
                    await self._close_all(principal)
            except RequestRefused:
                continue
            except Exception as error:  # the watch must go on
                log_unexpected(error, "the token watch")

    async def _close_all(self, principal: Principal) -> None:
        closings = [asyncio.wait_for(close(), CLOSE_SECONDS) for close in self._sockets.get(principal, ())]
        # A socket that is already going, or whose client reads nothing, must not keep the others open.
        await asyncio.gather(*closings, return_exceptions=True)
