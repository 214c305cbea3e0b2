"""Writing down when credentials were last used: in one statement for all, now and then."""

from __future__ import annotations

import asyncio
import logging

from access.token_use import take_uses
from models.database import DATABASE_AWAY, execute
from models.tenancy import as_system

SECONDS = 5.0
"""How far the written moment may lag behind."""

_log = logging.getLogger("novaconnect.accounts")

# Another process may have seen a later use; a credential may have been deleted meanwhile.
_WRITE = """
INSERT INTO token_use AS u (token_id, last_used_at, last_used_from)
SELECT n.token_id, n.at, n.address FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS n (token_id, at, address)
JOIN access_token t ON t.id = n.token_id ORDER BY n.token_id
ON CONFLICT (token_id) DO UPDATE SET last_used_at = excluded.last_used_at, last_used_from = excluded.last_used_from
WHERE u.last_used_at < excluded.last_used_at
"""


async def record_uses() -> int:
    """Write down what was noted in this process; how many credentials."""
    uses = take_uses()
    if uses:
        moments, addresses = zip(*uses.values(), strict=True)
        await execute(_WRITE, list(uses), list(moments), list(addresses))
    return len(uses)


async def keep_recording_uses() -> None:
    """Do so every few seconds, until cancelled, and once more then."""
    try:
        while True:
            await asyncio.sleep(SECONDS)
            await _try()
    finally:
        await _try()


async def _try() -> None:
    try:
        with as_system():
            await record_uses()
    except DATABASE_AWAY:
        _log.warning("the last use of some credentials could not be written")
