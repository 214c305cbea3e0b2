"""Log-ins of browsers: each is a credential like a token, kept in a cookie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from access import Principal, digest_of, new_session
from access.origin import request_address
from domain.clock import clock
from domain.errors import NotFound
from models.database import execute, fetch, fetch_value
from services.audit.record import record, record_as
from services.unit_of_work import unit_of_work

SHORT, LONG = timedelta(hours=12), timedelta(days=30)
"""How long a log-in lasts without and with "remember me"."""

_OPEN = """
INSERT INTO access_token (user_id, name, prefix, digest, created_at, expires_at, kind, user_agent, address)
VALUES ($1, 'session', $2, $3, $4, $5, 'SESSION', $6, $7) RETURNING id
"""
_LIST = """
SELECT t.id, t.created_at, t.expires_at, t.user_agent, t.address, u.last_used_at, u.last_used_from
FROM access_token t LEFT JOIN token_use u ON u.token_id = t.id
WHERE t.user_id = $1 AND t.kind = 'SESSION' AND t.revoked_at IS NULL AND t.expires_at > $2
ORDER BY t.created_at DESC, t.id DESC
"""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The secret for the cookie; `lasts` None: until the browser is closed."""

    secret: str
    lasts: timedelta | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A log-in that lasts; `address` is where it was made from, `last_used_from` where it was used last."""

    id: int
    created_at: datetime
    expires_at: datetime
    user_agent: str | None
    address: str | None
    last_used_at: datetime | None
    last_used_from: str | None


async def open_session(
    user_id: int, company_id: int | None, *, remember: bool, user_agent: str | None
) -> OpenedSession:
    """Log a user in, who has shown who they are; inside a transaction."""
    secret, now = new_session(), clock.now()
    lasts = LONG if remember else SHORT
    session_id: int = await fetch_value(
        _OPEN,
        user_id,
        secret[:8],
        digest_of(secret),
        now,
        now + lasts,
        (user_agent or "")[:300] or None,
        request_address(),
    )
    await record_as(
        user_id,
        "session.opened",
        f"session:{session_id}",
        company_id=company_id,
        token_id=session_id,
        detail={"remember": remember},
    )
    return OpenedSession(secret, lasts if remember else None)


async def list_sessions(principal: Principal) -> Sequence[SessionRow]:
    """The principal's own log-ins that last, the newest first."""
    return [SessionRow(*row) for row in await fetch(_LIST, principal.user_id, clock.now())]


async def end_session(principal: Principal, session_id: int) -> None:
    """End one of the principal's own; `NotFound`."""
    async with unit_of_work():
        ended = await end_credentials(principal.user_id, only=session_id)
        if not ended:
            raise NotFound("There is no such session: use the id of one of yours.", path=("id",))
        await record(principal, "session.ended", f"session:{session_id}", company_id=company_of(principal))


async def end_all_sessions(principal: Principal, *, but_this: bool) -> int:
    """End every log-in of the principal, or every other one; how many."""
    keep = principal.token_id if but_this else None
    async with unit_of_work():
        ended = await end_credentials(principal.user_id, keep=keep)
        await record(
            principal,
            "session.ended_everywhere",
            f"user:{principal.user_id}",
            company_id=company_of(principal),
            detail={"sessions": ended, "kept_this_one": but_this},
        )
    return ended


async def end_credentials(
    user_id: int, *, only: int | None = None, keep: int | None = None, tokens: bool = False
) -> int:
    """End log-ins of a user: one, all, or all but one; with `tokens` the bearer tokens too. How many ended."""
    tag = await execute(
        "UPDATE access_token SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND (kind = 'SESSION' OR $5)"
        " AND ($3::bigint IS NULL OR id = $3) AND id IS DISTINCT FROM $4::bigint",
        user_id,
        clock.now(),
        only,
        keep,
        tokens,
    )
    return int(tag.split()[-1])


def company_of(principal: Principal) -> int | None:
    """The one company of a company's user, under which the audit finds what they do with themselves."""
    companies = principal.company_ids
    return companies[0] if companies is not None and len(companies) == 1 and principal.agent_id is None else None
