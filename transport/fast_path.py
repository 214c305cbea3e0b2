"""The shortest way through the door, for a query that was asked before by someone who was let in before.

Whoever asks is presumed to be whom they were: the statement that reads the answer says whether that still holds, so that
one round trip to the database does both. Everything else, and everything that goes wrong here, takes the ordinary way.
"""

from __future__ import annotations

from functools import lru_cache
from time import monotonic

import orjson
from starlette.types import Message, Receive, Scope, Send

from access import presume
from access.token_use import note_use
from eventstream import EventHub
from models.deadlines import Deadlines
from projection import CompiledSchema
from resolvers.context import RequestContext
from resolvers.error_policy import OUT_OF_TIME, TOOK_TOO_LONG
from schema.enums import ErrorCode
from transport.accept import negotiate
from transport.bearer import credential_of
from transport.documents import Documents
from transport.http_protocol import cycle_of
from transport.limits import MAX_ANONYMOUS_BODY
from transport.metrics import FAST_FAILED, FAST_OK, HTTP_SECONDS
from transport.observing import operation_span
from transport.rate_limit import RateLimit
from transport.refusals import RequestRefused
from transport.session_cookie import SessionCookie

FIRST = Deadlines(5.0)
"""How long this way waits for a body; whoever is slower takes the ordinary way, where slowness has its own limit."""

_WANTED = (b"authorization", b"cookie", b"accept", b"content-type", b"content-length", b"content-encoding")


_TIMED_OUT = orjson.dumps(
    {"data": None, "errors": [{"message": TOOK_TOO_LONG, "extensions": {"code": ErrorCode.TIMED_OUT.value}}]}
)


class Replayed:
    """A `receive` that first gives again what was received already."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._again: list[Message] = []

    async def first(self) -> Message:
        """The next message, kept to be given again."""
        with FIRST.limit():
            message = await self._receive()
        self._again.append(message)
        return message

    async def __call__(self) -> Message:
        return self._again.pop(0) if self._again else await self._receive()


class FastPath:
    """Answers what it can."""

    def __init__(
        self,
        schema: CompiledSchema,
        hub: EventHub,
        documents: Documents,
        rate_limit: RateLimit,
        cookie: SessionCookie,
    ) -> None:
        self.answers = 0
        """How many requests came this way to their end."""
        self._schema = schema
        self._hub = hub
        self._documents = documents
        self._cookie = cookie
        self._rate_limit = rate_limit

    async def answered(self, scope: Scope, receive: Replayed, send: Send) -> bool:
        """Whether the request was answered; if not, nothing was sent and `receive` gives everything again."""
        headers = _headers(scope)
        media_type = _media_type(headers.get(b"accept", ""))
        if media_type is None or not _is_plain(scope, headers):
            return False
        presumed = presume(credential_of(*_credentials(headers), self._cookie) or "")
        if presumed is None:
            return False
        began = monotonic()
        try:
            body = await self._run(
                await receive.first(), RequestContext(principal=presumed.principal, hub=self._hub), presumed.version
            )
        except OUT_OF_TIME:
            body = _TIMED_OUT  # the ordinary way would take as long again
        except Exception:
            return False
        if body is None:
            return False
        (FAST_FAILED if body is _TIMED_OUT else FAST_OK).inc()
        HTTP_SECONDS.observe(monotonic() - began)
        cycle = cycle_of(send)
        if cycle is None or not cycle.answer(_written(media_type, len(body)), body):
            said = [*_fixed_headers(media_type), (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 200, "headers": said})
            await send({"type": "http.response.body", "body": body})
        self.answers += 1
        note_use(presumed.principal)
        return True

    async def _run(self, message: Message, context: RequestContext, proof: int) -> bytes | None:
        body = message.get("body", b"")
        if message["type"] != "http.request" or message.get("more_body") or b"\\u0000" in body:
            return None
        request = orjson.loads(body)
        self._documents.complete(request)
        query, variables, name = request.get("query"), request.get("variables"), request.get("operationName")
        extensions = request.get("extensions")
        if (
            not isinstance(query, str)
            or not isinstance(variables, dict | None)
            or not isinstance(extensions, dict | None)
        ):
            return None
        if not isinstance(name, str | None):
            return None
        found = self._schema.known_query(query, variables, name or None)
        if found is None or not found[0].is_proving or not self._schema.lets_through(query, name or None, context):
            return None
        if not self._rate_limit.allows(context.principal.token_id):
            return None
        with operation_span("query"):
            data = await self._schema.run(*found, context, None, extensions, proof)
        return orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)


def _headers(scope: Scope) -> dict[bytes, str]:
    """The headers that matter; one that comes twice is empty, which nothing fits."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _WANTED:
            found[name] = "" if name in found else value.decode("latin-1")
    return found


def _is_plain(scope: Scope, headers: dict[bytes, str]) -> bool:
    length = headers.get(b"content-length", "")
    return (
        scope["method"] == "POST"
        and headers.get(b"content-type") == "application/json"
        and b"content-encoding" not in headers
        and length.isascii()
        and length.isdigit()
        and int(length) <= MAX_ANONYMOUS_BODY
        and (b"authorization" in headers or b"cookie" in headers)
    )


def _credentials(headers: dict[bytes, str]) -> tuple[list[str], list[str]]:
    """The `Authorization` and `Cookie` headers."""
    authorization, cookies = headers.get(b"authorization"), headers.get(b"cookie")
    return [] if authorization is None else [authorization], [] if cookies is None else [cookies]


@lru_cache(maxsize=256)
def _media_type(accept: str) -> str | None:
    """The media type of a single answer; None when a stream is preferred or nothing fits."""
    try:
        negotiated = negotiate(accept)
    except RequestRefused:
        return None
    return None if negotiated.prefers_stream else negotiated.media_type


@lru_cache(maxsize=16)
def _fixed_headers(media_type: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"cache-control", b"no-store"), (b"content-type", f"{media_type}; charset=utf-8".encode()))


@lru_cache(maxsize=16)
def _written_before_length(media_type: str) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in _fixed_headers(media_type)) + b"content-length: "


def _written(media_type: str, length: int) -> bytes:
    """The headers of an answer as they go over the wire."""
    return b"%b%d\r\n" % (_written_before_length(media_type), length)
