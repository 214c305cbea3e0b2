"""What a user was told: the list, how many are unread, and marking them read. Everybody sees their own only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from access import Principal
from domain.clock import clock
from domain.errors import NotFound
from domain.notifications import NotificationKind
from eventstream import UserNotified
from models.database import fetch, fetch_value
from models.where import Where
from services.keyset import keyset_page
from services.notifications.texts import Text, text_of
from services.paging import ListOrder, Page, PageRequest
from services.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification; `language` is that of the user it was told to, `details` fill its template."""

    id: int
    company_id: int | None
    kind: NotificationKind
    details: Mapping[str, Any]
    about_type: str | None
    about_id: int | None
    created_at: datetime
    read_at: datetime | None
    language: str

    def text(self, language: str | None = None) -> Text:
        """In words, in a language or in the user's own."""
        return text_of(self.kind, language or self.language, self.details)


_NEWEST = ListOrder("NOTIFICATIONS", "n.id", descending=True)
_COLUMNS = """n.id, n.company_id, n.kind, n.details, n.about_type, n.about_id, n.created_at, n.read_at,
  (SELECT u.language FROM user_account u WHERE u.id = n.user_id) AS language"""

_READ = """
UPDATE notification n SET read_at = $2
WHERE n.user_id = $1 AND n.read_at IS NULL AND ($3::bigint[] IS NULL OR n.id = ANY($3::bigint[]))
RETURNING n.id
"""

_HOME = "SELECT coalesce(company_id, 0) FROM user_account WHERE id = $1"


async def list_notifications(
    principal: Principal,
    request: PageRequest,
    *,
    unread: bool | None = None,
    kinds: Sequence[NotificationKind] | None = None,
) -> Page[NotificationRow]:
    """One page of the user's own, newest first."""
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM notification n WHERE {conditions} {tail}",  # noqa: S608
        _own(principal, unread, kinds),
        _NEWEST,
        request,
        _row,
    )


async def count_notifications(
    principal: Principal, *, unread: bool | None = None, kinds: Sequence[NotificationKind] | None = None
) -> int:
    """How many there are."""
    where = _own(principal, unread, kinds)
    return int(await fetch_value(f"SELECT count(*) FROM notification n WHERE {where.sql}", *where.arguments))  # noqa: S608


async def get_notification(principal: Principal, row_id: int) -> NotificationRow | None:
    """One of the user's own, or None."""
    where = _own(principal, None, None)
    where.add(f"n.id = {where.bind(row_id)}")
    rows = await fetch(f"SELECT {_COLUMNS} FROM notification n WHERE {where.sql}", *where.arguments)  # noqa: S608
    return _row(rows[0]) if rows else None


async def mark_read(principal: Principal, ids: Sequence[int] | None) -> int:
    """Mark these, or with None all, as read; returns how many were unread. Raises `NotFound` and then marks none."""
    async with unit_of_work() as uow:
        if ids is not None:
            where = _own(principal, None, None)
            where.add(f"n.id = ANY({where.bind(list(set(ids)))}::bigint[])")
            found = await fetch_value(f"SELECT count(*) FROM notification n WHERE {where.sql}", *where.arguments)  # noqa: S608
            if found < len(set(ids)):
                raise NotFound(
                    "At least one of these notifications does not exist: check the ids.", path=("input", "ids")
                )
        marked = await fetch(_READ, principal.user_id, clock.now(), None if ids is None else list(set(ids)))
        if marked:
            uow.publish(UserNotified(await fetch_value(_HOME, principal.user_id), principal.user_id))
    return len(marked)


def _own(principal: Principal, unread: bool | None, kinds: Sequence[NotificationKind] | None) -> Where:
    """What a user switched off for the API is stored all the same, and is not shown."""
    where = Where()
    where.add(f"n.user_id = {where.bind(principal.user_id)}")
    where.add(
        "NOT EXISTS (SELECT FROM notification_preference p WHERE p.user_id = n.user_id AND p.kind = n.kind"
        " AND p.channel = 'API' AND NOT p.enabled)"
    )
    if unread is not None:
        where.add(f"n.read_at IS {'NULL' if unread else 'NOT NULL'}")
    if kinds is not None:
        where.add(f"n.kind = ANY({where.bind([kind.value for kind in kinds])}::text[])")
    return where


def _row(record: asyncpg.Record) -> NotificationRow:
    return NotificationRow(
        id=record["id"],
        company_id=record["company_id"],
        kind=NotificationKind(record["kind"]),
        details=orjson.loads(record["details"]),
        about_type=record["about_type"],
        about_id=record["about_id"],
        created_at=record["created_at"],
        read_at=record["read_at"],
        language=record["language"],
    )
