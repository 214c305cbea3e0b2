"""How often a password, a registration or a mail may be tried: counted in PostgreSQL, for all processes together."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from access.origin import request_address
from domain.clock import clock
from domain.errors import TooManyAttempts
from models.database import execute, fetch_row, fetch_value
from models.tenancy import as_system

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 100
ALTOGETHER = 2_000
"""Attempts that were not found right, within the window."""

# What is older than the window tells nothing any more.
_NOTE = """
WITH old AS (DELETE FROM login_attempt WHERE at <= $1::timestamptz - $2::interval)
INSERT INTO login_attempt (at, account_key, address) VALUES ($1, $3, $4) RETURNING id
"""

# Whoever comes first counts first, so that of many at one moment no more than the limit get through.
_BEFORE = """
SELECT count(*) FILTER (WHERE a.account_key = $3) AS of_account, count(*) FILTER (WHERE a.address = $4) AS of_address,
  count(*) AS altogether, min(a.at) FILTER (WHERE a.account_key = $3) AS first_of_account, min(a.at) AS first
FROM login_attempt a WHERE a.at > $1 AND a.id <= $2
"""


def account_key(kind: str, email: str) -> str:
    """What an account is counted under, whether it exists or not; not the address itself."""
    return hashlib.sha256(f"{kind}:{email.casefold()}".encode()).hexdigest()


async def note_attempt(key: str, *, per_account: int = PER_ACCOUNT) -> int:
    """Note an attempt before it is made, and give its id; `TooManyAttempts` when there were too many, and it is not noted."""
    now, address = clock.now(), request_address() or ""
    with as_system():  # attempts belong to no company
        attempt: int = await fetch_value(_NOTE, now, WINDOW, key, address)
        row = await fetch_row(_BEFORE, now - WINDOW, attempt, key, address)
    assert row is not None
    over_account = row["of_account"] > per_account
    # Without an address (a Unix socket) everybody would share one.
    if over_account or (address and row["of_address"] > PER_ADDRESS) or row["altogether"] > ALTOGETHER:
        with as_system():
            await execute("DELETE FROM login_attempt WHERE id = $1", attempt)
        first = row["first_of_account"] if over_account else row["first"]
        raise TooManyAttempts(max(1, round((first + WINDOW - now).total_seconds())))
    return attempt


async def forget_attempts(key: str) -> None:
    """The account is known to be in the right hands: its wrong attempts count no more."""
    with as_system():
        await execute("DELETE FROM login_attempt WHERE account_key = $1", key)
