"""Requests that are answered before GraphQL sees them, always as a GraphQL error with a code."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from graphql import GraphQLFormattedError
from starlette.responses import Response

from schema.enums import ErrorCode
from transport.lingering import LingeringResponse

JSON = "application/json"


class RequestRefused(Exception):
    """A request that is not executed: the HTTP status, the code, and a sentence that says what to change.

    `unread`: a body of unknown or forbidden length stands behind the headers and is not wanted.
    """

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        unread: bool = False,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.unread = unread
        self.extensions = dict(extensions or {})

    @property
    def error(self) -> GraphQLFormattedError:
        """The GraphQL error."""
        return {"message": self.message, "extensions": {"code": self.code.value, **self.extensions}}

    def response(self, media_type: str = JSON) -> Response:
        """The HTTP answer; never with `data`, because nothing ran."""
        kind = LingeringResponse if self.unread else Response
        return kind(
            orjson.dumps({"errors": [self.error]}),
            self.status,
            {"Cache-Control": "no-store", "Content-Type": f"{media_type}; charset=utf-8", **self.headers},
        )


def bad_request(message: str) -> RequestRefused:
    """400: the request is not what the protocol asks for."""
    return RequestRefused(400, ErrorCode.INVALID_REQUEST, message)


def only_post(message: str) -> RequestRefused:
    """405."""
    return RequestRefused(405, ErrorCode.INVALID_REQUEST, message, headers={"Allow": "POST"})


def too_large(message: str, *, unread: bool = False) -> RequestRefused:
    """413."""
    return RequestRefused(413, ErrorCode.REQUEST_TOO_LARGE, message, unread=unread)


def unavailable() -> RequestRefused:
    """503: a part that every request needs does not answer."""
    message = "The service cannot reach its database at the moment: try again in a few seconds."
    return RequestRefused(503, ErrorCode.INTERNAL_ERROR, message, headers={"Retry-After": "3"})
