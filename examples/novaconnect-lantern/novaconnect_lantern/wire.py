"""The wire client of Lantern: JSON over HTTP, one request per call, every failure named."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from novaconnect_sdk import (
    AnswerLost,
    AnswerUnreadable,
    BadCredentials,
    DriverContext,
    InvalidRequest,
    NotSent,
    SimUnknown,
    Throttled,
)

# The HTTP library logs whole addresses, and ours hold ICCIDs.
logging.getLogger("httpx").addFilter(lambda record: False)


class LanternWire:
    """Asks one Lantern account, inside the host's budget."""

    def __init__(self, base_url: str, token: str, timeout: timedelta, context: DriverContext) -> None:
        self._context = context
        self._client = httpx.AsyncClient(
            base_url=base_url, headers={"X-Token": token}, timeout=timeout.total_seconds(), trust_env=False
        )

    async def ask(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        """The JSON object of an answer, or a `DriverError`."""
        async with self._context.call():
            try:
                response = await self._client.request(method, path, **options)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                raise NotSent("Lantern could not be reached; nothing was sent.") from None
            except httpx.HTTPError:
                raise AnswerLost("Lantern's answer was lost.") from None
        _check(response)
        try:
            content = response.json()
        except ValueError:
            raise AnswerUnreadable("Lantern answered with something that is not JSON.") from None
        if not isinstance(content, dict):
            raise AnswerUnreadable("Lantern answered with JSON of another shape.")
        return content

    async def close(self) -> None:
        """Give back connections."""
        await self._client.aclose()


def _check(response: httpx.Response) -> None:
    status, native = response.status_code, f"HTTP {response.status_code}"
    if status == 429:
        seconds = response.headers.get("Retry-After", "")
        after = timedelta(seconds=int(seconds) if seconds.isdigit() else 5)
        raise Throttled("Lantern asked to slow down.", after=after, native_code=native)
    if status == 401:
        raise BadCredentials("Lantern does not accept the token.", native_code=native)
    if status == 404:
        raise SimUnknown("Lantern does not know this SIM.", native_code=native)
    if status >= 500:
        raise AnswerLost(f"Lantern failed with {native}.", native_code=native)
    if status != 200:
        raise InvalidRequest(f"Lantern refused the request with {native}.", native_code=native)
