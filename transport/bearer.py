"""Who asks: the bearer token of an HTTP request or of a socket's first message, or the session in a browser's cookie."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from access import SESSION_PREFIX, Principal, Revalidation, authenticate, is_still_valid
from models.database import DATABASE_AWAY
from schema.enums import ErrorCode
from transport.refusals import RequestRefused, unavailable
from transport.session_cookie import SessionCookie


def token_of_headers(values: Sequence[str]) -> str | None:
    """The token in the `Authorization` headers; None unless there is exactly one, of the Bearer scheme."""
    return _bearer(values[0]) if len(values) == 1 else None


def credential_of(authorization: Sequence[str], cookies: Sequence[str], cookie: SessionCookie) -> str | None:
    """The token of the `Authorization` header, else the session of the cookie; a bad header is not made good by a cookie."""
    return token_of_headers(authorization) if authorization else cookie.secret_of(cookies)


def token_of_payload(payload: Mapping[str, object]) -> str | None:
    """The token in a `connection_init` payload: `authorization` (any case) with the Bearer scheme, or a bare `token`."""
    for key, value in payload.items():
        if not isinstance(value, str):
            continue
        if key.lower() == "authorization":
            return _bearer(value)
        if key == "token":
            return _of_programs(value)
    return None


async def principal_of(token: str | None) -> Principal | None:
    """The one behind a token; None for no token and for a bad one alike. `RequestRefused` (503) without a database."""
    if token is None:
        return None
    try:
        return await authenticate(token)
    except DATABASE_AWAY as error:
        raise unavailable() from error


async def may_continue(principal: Principal) -> bool:
    """Whether the principal is still what they were. `RequestRefused` (503) without a database."""
    try:
        return await is_still_valid(principal)
    except DATABASE_AWAY as error:
        raise unavailable() from error


async def ended_among(revalidation: Revalidation, principals: Collection[Principal]) -> set[Principal]:
    """Those who are not what they were any more. `RequestRefused` (503) without a database."""
    try:
        return await revalidation.ended(principals)
    except DATABASE_AWAY as error:
        raise unavailable() from error


def unauthenticated(*, unread: bool) -> RequestRefused:
    """The uniform 401; `unread` when a body of unknown length stands behind the headers."""
    message = "This needs a valid access token: send the header `Authorization: Bearer <token>`, or log in."
    headers = {"WWW-Authenticate": 'Bearer realm="NovaConnect"'}
    return RequestRefused(401, ErrorCode.UNAUTHENTICATED, message, headers=headers, unread=unread)


def _bearer(value: str) -> str | None:
    scheme, _, token = value.strip().partition(" ")
    return _of_programs(token) if scheme.lower() == "bearer" else None


def _of_programs(token: str) -> str | None:
    """A session belongs into its cookie, where no script can read it: as a token it is not taken."""
    token = token.strip()
    return token if token and not token.startswith(SESSION_PREFIX) else None
