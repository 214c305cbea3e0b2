"""One HTTP request up to the point where its body is read: method, size, token, media types."""

from __future__ import annotations

import asyncio

from cross_web import StarletteRequestAdapter
from starlette.requests import ClientDisconnect, Request

from schema.enums import ErrorCode
from transport.accept import Negotiated, negotiate
from transport.bearer import principal_of, token_of_headers, unauthenticated
from transport.limits import BODY_SECONDS, MAX_ANONYMOUS_BODY, MAX_BODY
from transport.refusals import RequestRefused, bad_request, too_large


class AdmittedRequest(StarletteRequestAdapter):
    """Strawberry's view of a request that `admit` has let in; its body is counted while it is read."""

    @property
    def accept(self) -> Negotiated:
        """What the client wants back."""
        return accept_of(self._request)

    async def get_body(self) -> bytes:
        """The body; raises `RequestRefused` as soon as it is too long, too slow, or cut off."""
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in self._request.stream():
                    body += chunk
                    if len(body) > MAX_BODY:
                        raise _over(MAX_BODY)
        except TimeoutError as error:
            message = "The body took too long to arrive: send the request again."
            raise RequestRefused(408, ErrorCode.INVALID_REQUEST, message, unread=True) from error
        except ClientDisconnect as error:
            raise bad_request("The request ended before its body was complete.") from error
        return bytes(body)


async def admit(request: Request) -> None:
    """Let a POST in, or raise `RequestRefused`; nothing of the body is read. The principal is then in `request.state`."""
    length = _content_length(request)
    if length is not None and length > MAX_BODY:
        raise _over(MAX_BODY)
    principal = await principal_of(token_of_headers(request.headers.getlist("authorization")))
    if principal is None:
        if length is not None and length > MAX_ANONYMOUS_BODY:
            raise _over(MAX_ANONYMOUS_BODY, " without a valid access token")
        raise unauthenticated(unread="transfer-encoding" in request.headers)
    request.state.principal = principal
    accept_of(request)
    if request.method == "POST":
        _check_media_type(request)


def accept_of(request: Request) -> Negotiated:
    """What the client wants back; raises `RequestRefused` (406) when we have nothing of it."""
    return negotiate(",".join(request.headers.getlist("accept")))


def _content_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _over(limit: int, when: str = "") -> RequestRefused:
    size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 2**10} KB"
    return too_large(f"The body is over {size}{when}.", unread=True)


def _check_media_type(request: Request) -> None:
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
