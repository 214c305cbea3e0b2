"""The wire client of the Control Center: REST and SOAP over one budget, every failure named."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import ssl
import uuid
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
from lxml import etree

from drivers.jasper import soap
from drivers.jasper.failures import failure_of_fault, failure_of_rest
from drivers.jasper.settings import JasperSettings
from novaconnect_sdk import AnswerLost, AnswerUnreadable, DriverContext, NotSent

_CONNECT_SECONDS = 5.0
_ACTION_ROOT = "http://api.jasperwireless.com/ws/service"
_SMALL_ANSWER = 8_000_000


class _WithoutAddresses(logging.Filter):
    """Drops the HTTP library's own lines: they hold whole addresses, and here an address holds an ICCID."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


logging.getLogger("httpx").addFilter(_WithoutAddresses())


@functools.cache
def _trusted_roots() -> ssl.SSLContext:
    """Reading the certificates takes a while, so it is done once a process."""
    return httpx.create_ssl_context(trust_env=False)


class JasperWire:
    """Asks one account. Every request is made inside the host's budget."""

    def __init__(self, settings: JasperSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        self._login = soap.Login(settings.login, settings.soap_password, settings.license_key)
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

    async def get(self, path: str) -> Mapping[str, Any]:
        """A REST object; raises a `DriverError` for everything else."""
        return (await self._rest("GET", path, None))[1]

    async def put(self, path: str, changes: Mapping[str, object]) -> bool:
        """Change an object over REST; True when it was applied at once, False when it was only accepted (202)."""
        status, _ = await self._rest("PUT", path, changes)
        return status != 202

    async def ask(
        self, operation: str, fields: soap.Fields, *, service: str = "terminal", key: str | None = None
    ) -> etree._Element:
        """The response element of a SOAP operation; raises a `DriverError` for everything else."""
        body = await self._soap(operation, fields, service, key, _SMALL_ANSWER)
        content = soap.content_of(body, operation)
        if isinstance(content, soap.Fault):
            raise failure_of_fault(content, self._settings.secrets)
        return content

    async def modified_iccids(self, since: str | None) -> list[str]:
        """The ICCIDs changed after `since` (xs:dateTime), or all: one answer, however long."""
        operation = "GetModifiedTerminals"
        fields: soap.Fields = (("since", since),) if since else ()
        body = await self._soap(operation, fields, "terminal", None, self._settings.largest_answer)
        found = await asyncio.to_thread(soap.iccids_of, body)
        if found is not None:
            return found
        content = soap.content_of(body, operation)
        if isinstance(content, soap.Fault):
            raise failure_of_fault(content, self._settings.secrets)
        raise AnswerUnreadable("The operator's list of terminals cannot be read.")

    async def close(self) -> None:
        """Give back connections."""
        await self._client.aclose()

    async def _rest(
        self, method: str, path: str, changes: Mapping[str, object] | None
    ) -> tuple[int, Mapping[str, Any]]:
        request = self._client.build_request(
            method,
            f"{self._settings.base_url}{self._settings.rest_path}{path}",
            json=changes,
            headers={"Accept": "application/json"},
        )
        login = httpx.BasicAuth(self._settings.login, self._settings.api_key)
        status, body = await self._exchange(request, login, _SMALL_ANSWER)
        content = _object(status, body)
        code = content.get("errorCode")
        if code or not 200 <= status < 300:
            words = str(content.get("errorMessage") or "")
            raise failure_of_rest(status, str(code or ""), words, self._settings.secrets)
        return status, content

    async def _soap(self, operation: str, fields: soap.Fields, service: str, key: str | None, largest: int) -> bytes:
        settings = self._settings
        path = settings.billing_path if service == "billing" else settings.terminal_path
        request = self._client.build_request(
            "POST",
            settings.base_url + path,
            content=soap.envelope(operation, key or uuid.uuid4().hex, self._login, fields),
            headers={
                "Content-Type": "text/xml; charset=utf-8",
                "SOAPAction": f'"{_ACTION_ROOT}/{service}/{operation}"',
            },
        )
        status, body = await self._exchange(request, None, largest)
        # A SOAP fault travels with HTTP 500, so the body decides; any other failure of the far side has none.
        if status >= 500 and b"Fault" not in body[:4000]:
            raise AnswerLost(f"The operator failed with HTTP {status}.", native_code=f"HTTP {status}")
        if not 200 <= status < 300 and status < 500:
            soap.refuse_foreign(body)
            raise failure_of_rest(status, "", f"HTTP {status}", settings.secrets)
        return body

    async def _exchange(self, request: httpx.Request, login: httpx.Auth | None, largest: int) -> tuple[int, bytes]:
        total = self._settings.call_timeout + timedelta(seconds=_CONNECT_SECONDS)
        async with self._context.call():
            try:
                async with asyncio.timeout(total.total_seconds()):
                    return await self._send(request, login, largest)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                raise NotSent("The operator could not be reached; nothing was sent.") from None
            except (httpx.TimeoutException, TimeoutError):
                raise AnswerLost("The operator did not answer in time.") from None
            except httpx.DecodingError:
                raise AnswerUnreadable("The operator's answer could not be decompressed.") from None
            except httpx.HTTPError:
                raise AnswerLost("The connection to the operator broke before the answer came.") from None

    async def _send(self, request: httpx.Request, login: httpx.Auth | None, largest: int) -> tuple[int, bytes]:
        response = await self._client.send(request, auth=login, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > largest:
                    raise AnswerUnreadable("The operator's answer is larger than it may be.")
            return response.status_code, bytes(body)
        finally:
            await response.aclose()


def _object(status: int, body: bytes) -> Mapping[str, Any]:
    """The JSON object of an answer; where a status already tells the failure, an unreadable body is an empty object."""
    try:
        soap.refuse_foreign(body)
        content = json.loads(body, parse_float=Decimal)
        if not isinstance(content, dict):
            raise ValueError
    except AnswerUnreadable:
        if status in (401, 403, 429) or status >= 500:
            return {}
        raise
    except (ValueError, RecursionError):
        if status in (401, 403, 429) or status >= 500:
            return {}
        raise AnswerUnreadable("The operator's JSON is broken or cut short.") from None
    return content
