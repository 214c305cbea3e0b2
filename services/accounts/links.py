"""Links that are mailed: good once and for a time; only a digest is stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from access import digest_of
from domain.clock import clock
from domain.errors import LinkNotValid
from models.database import execute, fetch_row
from models.identity import LinkKind

LASTS = {
    LinkKind.CONFIRM_EMAIL: timedelta(days=3),
    LinkKind.RESET_PASSWORD: timedelta(hours=1),
    LinkKind.INVITATION: timedelta(days=7),
}

_USE = """
UPDATE account_link l SET used_at = $3
FROM user_account u LEFT JOIN company c ON c.id = u.company_id
WHERE l.digest = $1 AND l.kind = $2 AND l.used_at IS NULL AND l.expires_at > $3 AND u.id = l.user_id
  AND u.disabled_at IS NULL
RETURNING u.id AS user_id, u.email, u.company_id, c.state AS company_state
"""


@dataclass(frozen=True, slots=True)
class LinkedUser:
    """Whom a link was mailed to."""

    user_id: int
    email: str
    company_id: int | None
    company_state: str | None


async def make_link(user_id: int, kind: LinkKind) -> str:
    """A new secret for a link; those of the same kind that the user had are good no more. Inside a transaction."""
    secret, now = secrets.token_urlsafe(32), clock.now()
    await execute(
        "UPDATE account_link SET used_at = $3 WHERE user_id = $1 AND kind = $2 AND used_at IS NULL",
        user_id,
        kind.value,
        now,
    )
    await execute(
        "INSERT INTO account_link (user_id, kind, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        user_id,
        kind.value,
        digest_of(secret),
        now,
        now + LASTS[kind],
    )
    return secret


async def use_link(secret: str, kind: LinkKind, *path: str) -> LinkedUser:
    """Whom it was mailed to; it is good no more once the transaction around this is committed. `LinkNotValid`."""
    row = await fetch_row(_USE, digest_of(secret), kind.value, clock.now()) if len(secret) <= 100 else None
    if row is None:
        raise LinkNotValid("This link is used, expired or not ours: ask for a new one.", path=path)
    return LinkedUser(*row)
