"""Credentials: bearer tokens and browser sessions, shown once, stored as a digest, checked at every request."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access.principal import Principal, scopes_of
from domain.clock import clock
from models.database import readers
from models.identity import TokenKind, UserRole
from models.tenancy import as_system

TOKEN_PREFIX = "nct_"  # noqa: S105 - not a secret, only how one begins
"""How our tokens begin, so that a leaked one can be recognised."""

SESSION_PREFIX = "ncs_"
"""How the secret of a browser session begins; it is taken from the cookie alone, and a token never is."""

ACCESS_VERSION = "(SELECT v.version FROM catalogue_version v WHERE v.name = 'access')"
"""SQL: changed by every transaction that changes who may do what, so that what was known before it is known to be old."""

PRINCIPALS = f"""
SELECT t.id AS token_id, t.kind, t.scopes, t.group_ids, t.expires_at, u.id AS user_id, u.name, u.role, u.agent_id,
  CASE WHEN u.role IN ('STAFF', 'ADMIN') THEN NULL
    WHEN u.role = 'AGENT' THEN ARRAY(SELECT a.id FROM company a WHERE a.agent_id = u.agent_id AND a.state <> 'PENDING'
                                     ORDER BY a.id)
    WHEN u.company_id IS NULL THEN '{{}}'::bigint[] ELSE ARRAY[u.company_id] END AS company_ids,
  {ACCESS_VERSION} AS version
FROM access_token t JOIN user_account u ON u.id = t.user_id LEFT JOIN company c ON c.id = u.company_id
WHERE t.revoked_at IS NULL AND u.disabled_at IS NULL AND (c.id IS NULL OR c.state = 'ACTIVE')
"""  # noqa: S608
"""SQL: every credential that is good, with the user behind it; whether it has expired is still to be asked."""

_FIND = f"{PRINCIPALS} AND t.digest = $1 AND t.expires_at > $2"
_STILL_VALID = f"{PRINCIPALS} AND t.id = $1 AND t.expires_at > $2"

MAX_PRESUMED = 10_000


@dataclass(frozen=True, slots=True)
class Presumed:
    """A principal as of a version of access."""

    principal: Principal
    version: int
    expires_at: datetime


_presumed: dict[str, Presumed] = {}


def new_token() -> str:
    """A new secret: 256 random bits behind the prefix."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_session() -> str:
    """A new secret of a browser session."""
    return SESSION_PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored and looked up: SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate(token: str) -> Principal | None:
    """The principal behind a token or session, or None if it is unknown, expired, revoked, or its user or company closed."""
    if not token.startswith((TOKEN_PREFIX, SESSION_PREFIX)) or len(token) > 100:
        return None
    with as_system():  # who asks is not known before the answer
        row = await readers().fetch_row(_FIND, digest_of(token), clock.now())
    if row is None:
        return None
    principal = principal_of_row(row)
    if len(_presumed) >= MAX_PRESUMED:
        _presumed.clear()
    # Only what projections answer is answered on a presumption, and for a token of groups they answer nothing.
    if row["version"] is not None and principal.group_ids is None:
        _presumed[digest_of(token)] = Presumed(principal, row["version"], row["expires_at"])
    return principal


def presume(token: str) -> Presumed | None:
    """Who was behind the token when it was last authenticated here; None when that is not known, or it has expired.

    Nothing may leave the house on this alone: only what a statement read that saw the same `ACCESS_VERSION`.
    """
    found = _presumed.get(digest_of(token))
    return found if found is not None and found.expires_at > clock.now() else None


async def is_still_valid(principal: Principal) -> bool:
    """Whether the credential, the user, the role and the companies of a principal are what they were."""
    with as_system():
        row = await readers().fetch_row(_STILL_VALID, principal.token_id, clock.now())
    return row is not None and principal_of_row(row).permission_class == principal.permission_class


def principal_of_row(row: asyncpg.Record) -> Principal:
    """The principal of a row of `PRINCIPALS`."""
    companies, groups = row["company_ids"], row["group_ids"]
    role = UserRole(row["role"])
    return Principal(
        row["user_id"],
        row["token_id"],
        row["name"],
        role,
        None if companies is None else tuple(companies),
        scopes_of(row["scopes"]),
        None if groups is None else tuple(groups),
        row["kind"] == TokenKind.SESSION.value,
        row["agent_id"] if role is UserRole.AGENT else None,
    )
