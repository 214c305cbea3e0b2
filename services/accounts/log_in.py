"""Logging in with e-mail and password: known and unknown addresses are answered alike, in words and in time."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from access import Principal, digest_of
from domain.clock import clock
from domain.errors import NotApproved, NotConfirmed, WrongCredentials
from models.database import execute, fetch_row
from models.identity import CompanyState, UserRole
from services.accounts.passwords import hash_password, is_password, needs_rehash, require_bounded
from services.accounts.sessions import OpenedSession, end_credentials, open_session
from services.accounts.throttle import account_key, forget_attempts, note_attempt
from services.audit.record import record, record_as
from services.unit_of_work import unit_of_work

PASSWORD = "password"  # noqa: S105 - what attempts are counted under

_FIND = """
SELECT u.id, u.email, u.name, u.role, u.company_id, u.password_hash, u.email_confirmed_at, u.disabled_at,
  c.state AS company_state
FROM user_account u LEFT JOIN company c ON c.id = u.company_id WHERE lower(u.email) = $1
"""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who came in, and the session that was opened for them."""

    user_id: int
    name: str
    role: UserRole
    session: OpenedSession


async def log_in(email: str, password: str, *, remember: bool, user_agent: str | None) -> LoggedIn:
    """Open a session. Raises `WeakPassword` (over 4 KB), `TooManyAttempts`, `WrongCredentials`; and to those who gave
    the right password `NotConfirmed` and `NotApproved`.
    """
    require_bounded(password, "input", "password")
    key = account_key(PASSWORD, email.strip()[:254])
    await note_attempt(key)
    row = await fetch_row(_FIND, email.strip()[:254].lower())
    is_right = await is_password(row["password_hash"] if row else None, password)
    if row is None or not is_right or row["disabled_at"] is not None:
        # Written for unknown addresses too: it takes its time.
        user_id, company_id = (row["id"], row["company_id"]) if row is not None else (None, None)
        await record_as(user_id, "login.failed", f"user:{user_id or 'unknown'}", company_id=company_id)
        raise WrongCredentials("The e-mail address or the password is wrong.", path=("input",))
    await forget_attempts(key)
    _require_ready(row)
    # Hashed before the transaction: whoever changes a user waits for nobody's hash.
    rehashed = await hash_password(password) if needs_rehash(row["password_hash"]) else None
    async with unit_of_work():
        if rehashed is not None:
            await execute(
                "UPDATE user_account SET password_hash = $2 WHERE id = $1 AND password_hash = $3",
                row["id"],
                rehashed,
                row["password_hash"],
            )
        session = await open_session(row["id"], row["company_id"], remember=remember, user_agent=user_agent)
    return LoggedIn(row["id"], row["name"], UserRole(row["role"]), session)


async def require_own_password(principal: Principal, password: str, *path: str) -> asyncpg.Record:
    """The user's row when the password is theirs; else `WrongCredentials` or `TooManyAttempts`, counted like a log-in."""
    require_bounded(password, *path)
    row = await fetch_row(
        "SELECT id, email, company_id, password_hash FROM user_account WHERE id = $1", principal.user_id
    )
    assert row is not None
    key = account_key(PASSWORD, row["email"])
    await note_attempt(key)
    if not await is_password(row["password_hash"], password):
        raise WrongCredentials("This is not your password.", path=path)
    await forget_attempts(key)
    return row


async def log_out(secret: str) -> bool:
    """End the session of a cookie; False when there is none any more."""
    async with unit_of_work():
        row = await fetch_row(
            "UPDATE access_token t SET revoked_at = $2 FROM user_account u WHERE t.digest = $1 AND t.kind = 'SESSION'"
            " AND t.revoked_at IS NULL AND u.id = t.user_id RETURNING t.id, u.id AS user_id, u.company_id",
            digest_of(secret),
            clock.now(),
        )
        if row is not None:
            await record_as(
                row["user_id"],
                "session.ended",
                f"session:{row['id']}",
                company_id=row["company_id"],
                token_id=row["id"],
            )
    return row is not None


async def store_password(user_id: int, company_id: int | None, hashed: str, principal: Principal | None) -> None:
    """Set a password and end every log-in but the one it was changed with; inside a transaction.

    Who can read somebody's mail can set a password; so open links for it end with it.
    """
    await execute(
        "UPDATE user_account SET password_hash = $2, password_changed_at = $3 WHERE id = $1",
        user_id,
        hashed,
        clock.now(),
    )
    await execute(
        "UPDATE account_link SET used_at = $2 WHERE user_id = $1 AND kind = 'RESET_PASSWORD' AND used_at IS NULL",
        user_id,
        clock.now(),
    )
    await end_credentials(user_id, keep=principal.token_id if principal else None)
    if principal is not None:
        await record(principal, "password.changed", f"user:{user_id}", company_id=company_id)
    else:
        await record_as(user_id, "password.changed", f"user:{user_id}", company_id=company_id)


def _require_ready(row: asyncpg.Record) -> None:
    if row["email_confirmed_at"] is None:
        message = (
            "Confirm your e-mail address first: open the link in the mail, or ask for a new password to get another."
        )
        raise NotConfirmed(message, path=("input",))
    if row["company_state"] == CompanyState.PENDING.value:
        raise NotApproved(
            "NovaConnect has not approved your company yet: we write to you when it has.", path=("input",)
        )
    if row["company_state"] == CompanyState.CLOSED.value:
        raise NotApproved("Your company is closed: write to technical support.", path=("input",))
