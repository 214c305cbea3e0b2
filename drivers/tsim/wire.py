"""The wire client of the TSIM XML gate: builds requests, keeps to time and size, and names every failure.

Login and password travel in the query, so that no address is ever logged or put into a message.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import IO

import httpx
from lxml import etree

from drivers.tsim.answers import refuse_foreign, tree_of
from drivers.tsim.rows import Rows
from drivers.tsim.settings import TsimSettings
from novaconnect_sdk import (
    AnswerLost,
    AnswerUnreadable,
    BadCredentials,
    DriverContext,
    DriverError,
    Forbidden,
    NotSent,
    Throttled,
)

_CONNECT_SECONDS = 5.0
_LARGEST_ANSWER = 4_000_000
_WRITE_EVERY = 1_000_000
_THROTTLED_AFTER = timedelta(seconds=5)


class _WithoutAddresses(logging.Filter):
    """Drops the HTTP library's own lines: they hold whole addresses, and here an address holds the password."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


logging.getLogger("httpx").addFilter(_WithoutAddresses())


@functools.cache
def _trusted_roots() -> ssl.SSLContext:
    """Reading the certificates takes a while, so it is done once a process."""
    return httpx.create_ssl_context(trust_env=False)


class TsimWire:
    """Asks one gate with one login. Every request is made inside the host's budget."""

    def __init__(self, settings: TsimSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        seconds = settings.call_timeout.total_seconds()
        connect = min(_CONNECT_SECONDS, seconds)
        # Idle connections are dropped before the far side does, so that a reused one is not found dead mid-request.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=connect, pool=connect),
            limits=httpx.Limits(max_connections=settings.max_concurrency, keepalive_expiry=3.0),
            follow_redirects=False,
            trust_env=False,
            verify=_trusted_roots(),
        )

    async def ask(self, command: str, **arguments: str) -> etree._Element:
        """The root of a small answer (up to 4 MB); raises a `DriverError` for everything else."""
        body = bytearray()
        total = self._settings.call_timeout + timedelta(seconds=_CONNECT_SECONDS)
        async with self._response(command, arguments, total) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise AnswerUnreadable("The operator's answer is larger than this command can have.")
        return tree_of(bytes(body), self._secrets)

    async def download(self, command: str, tags: frozenset[str], **arguments: str) -> Rows:
        """The rows of a document of any length, kept in an anonymous file: one request, however slowly it is read."""
        file = await asyncio.to_thread(tempfile.TemporaryFile)
        try:
            async with self._response(command, arguments, self._settings.download_timeout) as response:
                await self._store(response, file)
        except BaseException:
            file.close()
            raise
        return Rows(file, tags, self._secrets)

    async def close(self) -> None:
        """Give back connections."""
        await self._client.aclose()

    async def _store(self, response: httpx.Response, file: IO[bytes]) -> None:
        size = 0
        buffer = bytearray()
        async for chunk in response.aiter_bytes():
            buffer += chunk
            if size + len(buffer) > self._settings.largest_download:
                raise AnswerUnreadable("The operator's document is larger than `largest_download_mb` allows.")
            if len(buffer) >= _WRITE_EVERY:
                size += await self._write(file, buffer, first=size == 0)
        await self._write(file, buffer, first=size == 0)

    async def _write(self, file: IO[bytes], buffer: bytearray, *, first: bool) -> int:
        data = bytes(buffer)
        buffer.clear()
        if first:
            refuse_foreign(data)
        await asyncio.to_thread(file.write, data)
        return len(data)

    @asynccontextmanager
    async def _response(
        self, command: str, arguments: dict[str, str], total: timedelta
    ) -> AsyncIterator[httpx.Response]:
        query = {
            "uname": self._settings.login,
            "upass": self._settings.password,
            "plain": "1",
            "command": command,
            **arguments,
        }
        async with self._context.call():
            try:
                async with (
                    asyncio.timeout(total.total_seconds()),
                    self._client.stream("GET", self._settings.base_url + self._settings.path, params=query) as response,
                ):
                    _check_status(response)
                    yield response
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                raise NotSent("The operator could not be reached; nothing was sent.") from None
            except (httpx.TimeoutException, TimeoutError):
                raise AnswerLost("The operator did not answer in time.") from None
            except httpx.DecodingError:
                raise AnswerUnreadable("The operator's answer could not be decompressed.") from None
            except httpx.HTTPError:
                raise AnswerLost("The connection to the operator broke before the answer came.") from None

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (self._settings.password,)


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    native = f"HTTP {status}"
    if status == 429:
        raise Throttled("The operator asked to slow down.", after=_retry_after(response), native_code=native)
    if status == 401:
        raise BadCredentials("The operator does not accept the login.", native_code=native)
    if status == 403:
        raise Forbidden("The operator does not allow this login or this address.", native_code=native)
    if status >= 500:
        raise AnswerLost(f"The operator failed with {native}.", native_code=native)
    if status < 400:
        raise AnswerUnreadable(f"The operator answered {native} instead of a document.", native_code=native)
    raise DriverError(f"The operator refused the request with {native}.", native_code=native)


def _retry_after(response: httpx.Response) -> timedelta:
    text = response.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(text), 3600)) if text.isascii() and text.isdigit() else _THROTTLED_AFTER
