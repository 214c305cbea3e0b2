"""Whether many principals at once still are what they were, asked often: cheap while nobody's access has changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import asyncpg

from access.principal import Principal
from access.tokens import ACCESS_VERSION, PRINCIPALS, principal_of_row
from domain.clock import clock
from models.database import readers
from models.tenancy import as_system

_VERSION = f"SELECT {ACCESS_VERSION}"

_STILL_VALID = f"{PRINCIPALS} AND t.id = ANY($1::bigint[]) AND t.expires_at > $2"


class Revalidation:
    """What was found the last time, and until when it holds if no token and no user changes."""

    def __init__(self) -> None:
        self._valid: dict[int, Principal] = {}
        self._version: int | None = None
        self._expires_at: datetime | None = None

    async def ended(self, principals: Collection[Principal]) -> set[Principal]:
        """Those whose access ended, or is not what it was. One statement, however many they are."""
        if await self._still_holds(principals):
            return set()
        with as_system():  # asked for many of different companies at once
            found = await readers().fetch(_STILL_VALID, [each.token_id for each in principals], clock.now())
        rows = {row["token_id"]: row for row in found}
        ended = {each for each in principals if each.token_id not in rows or not _is_same(each, rows[each.token_id])}
        self._valid = {each.token_id: each for each in principals if each not in ended}
        self._version = found[0]["version"] if found else None
        self._expires_at = min((row["expires_at"] for row in found), default=None)
        return ended

    async def _still_holds(self, principals: Collection[Principal]) -> bool:
        if self._version is None or self._expires_at is None or self._expires_at <= clock.now():
            return False
        # By identity, because comparing thousands of them at every look would cost more than the statement.
        if not all(self._valid.get(each.token_id) is each for each in principals):
            return False
        with as_system():
            row = await readers().fetch_row(_VERSION)
        return row is not None and row["version"] == self._version


def _is_same(principal: Principal, row: asyncpg.Record) -> bool:
    return principal_of_row(row).permission_class == principal.permission_class
