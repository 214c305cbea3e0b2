"""One HTTP request up to the point where its body is read: method, size, token, media types."""

from __future__ import annotations

import asyncio

from cross_web import StarletteRequestAdapter
from starlette.requests import ClientDisconnect, Request

from access.token_use import note_use
from schema.enums import ErrorCode
from transport.accept import Negotiated, negotiate
from transport.bearer import credential_of, principal_of, unauthenticated
from transport.limits import BODY_SECONDS, MAX_ANONYMOUS_BODY, MAX_BODY
from transport.refusals import RequestRefused, bad_request, too_large
from transport.session_cookie import SessionCookie


class AdmittedRequest(StarletteRequestAdapter):
    """Strawberry's view of a request that `admit` has let in; its body is counted while it is read."""

    @property
    def accept(self) -> Negotiated:
        """What the client wants back."""
        return accept_of(self._request)

    async def get_body(self) -> bytes:
        """The body; raises `RequestRefused` as soon as it is too long, too slow, or cut off."""
        return await body_of(self._request, MAX_BODY)


async def body_of(request: Request, limit: int) -> bytes:
    """The body; raises `RequestRefused` as soon as it is longer than `limit` bytes, too slow, or cut off."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _over(limit)
    except TimeoutError as error:
        message = "The body took too long to arrive: send the request again."
        raise RequestRefused(408, ErrorCode.INVALID_REQUEST, message, unread=True) from error
    except ClientDisconnect as error:
        raise bad_request("The request ended before its body was complete.") from error
    return bytes(body)


async def admit(request: Request, cookie: SessionCookie) -> None:
    """Let a POST in, or raise `RequestRefused`; nothing of the body is read. The principal is then in `request.state`."""
    check_length(request, MAX_BODY)
    credential = credential_of(request.headers.getlist("authorization"), request.headers.getlist("cookie"), cookie)
    principal = await principal_of(credential)
    if principal is None:
        check_length(request, MAX_ANONYMOUS_BODY, " without a valid access token")
        raise unauthenticated(unread="transfer-encoding" in request.headers)
    note_use(principal)
    request.state.principal = principal
    accept_of(request)
    if request.method == "POST":
        check_media_type(request)


def check_length(request: Request, limit: int, when: str = "") -> None:
    """Raise `RequestRefused` (413) for a body that says itself that it is longer than `limit` bytes."""
    length = _content_length(request)
    if length is not None and length > limit:
        raise _over(limit, when)


def accept_of(request: Request) -> Negotiated:
    """What the client wants back; raises `RequestRefused` (406) when we have nothing of it."""
    return negotiate(",".join(request.headers.getlist("accept")))


def _content_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _over(limit: int, when: str = "") -> RequestRefused:
    size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 2**10} KB"
    return too_large(f"The body is over {size}{when}.", unread=True)


def check_media_type(request: Request) -> None:
    """Raise `RequestRefused` (415) for anything but plain JSON; no form of a foreign page can send that."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise _unsupported("Compressed bodies are not accepted: send the body as it is, without `Content-Encoding`.")
    media_type, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if media_type != "application/json":
        raise _unsupported("The body must be JSON: send `Content-Type: application/json`.")
    charset = next((part[8:].strip('"') for part in parameters if part.startswith("charset=")), "utf-8")
    if charset not in ("utf-8", "utf8"):
        raise _unsupported("The body must be JSON in UTF-8.")


def _unsupported(message: str) -> RequestRefused:
    return RequestRefused(415, ErrorCode.INVALID_REQUEST, message)
