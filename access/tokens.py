"""Bearer tokens: made once, shown once, stored as a digest, checked at every request."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from access.principal import Principal
from domain.clock import clock
from models.database import readers
from models.identity import UserRole
from models.tenancy import as_system

TOKEN_PREFIX = "nct_"  # noqa: S105 - not a secret, only how one begins
"""How our tokens begin, so that a leaked one can be recognised."""

ACCESS_VERSION = "(SELECT v.version FROM catalogue_version v WHERE v.name = 'access')"
"""SQL: changed by every transaction that changes a token or a user, so that what was known before it is known to be old."""

_FIND = f"""
SELECT t.id AS token_id, u.id AS user_id, u.name, u.role, u.company_id, t.expires_at, {ACCESS_VERSION} AS version
FROM access_token t JOIN user_account u ON u.id = t.user_id
WHERE t.digest = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND u.disabled_at IS NULL
"""  # noqa: S608

_STILL_VALID = """
SELECT u.role, u.company_id
FROM access_token t JOIN user_account u ON u.id = t.user_id
WHERE t.id = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND u.disabled_at IS NULL
"""


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


def digest_of(token: str) -> str:
    """What is stored and looked up: SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate(token: str) -> Principal | None:
    """The principal behind a token, or None if it is unknown, expired, revoked or its user disabled."""
    if not token.startswith(TOKEN_PREFIX) or len(token) > 100:
        return None
    with as_system():  # who asks is not known before the answer
        row = await readers().fetch_row(_FIND, digest_of(token), clock.now())
    if row is None:
        return None
    role = UserRole(row["role"])
    principal = Principal(row["user_id"], row["token_id"], row["name"], role, companies_of(role, row["company_id"]))
    if len(_presumed) >= MAX_PRESUMED:
        _presumed.clear()
    if row["version"] is not None:
        _presumed[digest_of(token)] = Presumed(principal, row["version"], row["expires_at"])
    return principal


def presume(token: str) -> Presumed | None:
    """Who was behind the token when it was last authenticated here; None when that is not known, or it has expired.

    Nothing may leave the house on this alone: only what a statement read that saw the same `ACCESS_VERSION`.
    """
    found = _presumed.get(digest_of(token))
    return found if found is not None and found.expires_at > clock.now() else None


async def is_still_valid(principal: Principal) -> bool:
    """Whether the token, the user, the role and the company behind a principal are what they were: asked before every event."""
    with as_system():
        row = await readers().fetch_row(_STILL_VALID, principal.token_id, clock.now())
    if row is None or row["role"] != principal.role.value:
        return False
    return companies_of(principal.role, row["company_id"]) == principal.company_ids


def companies_of(role: UserRole, company_id: int | None) -> tuple[int, ...] | None:
    """The companies that a user of this role and company sees; None for all."""
    if role is UserRole.STAFF:
        return None
    return () if company_id is None else (company_id,)
