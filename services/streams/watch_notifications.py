"""Live notifications of one user: a snapshot of what is unread, then each as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from eventstream import EventHub
from services.notifications.read_notifications import (
    NotificationRow,
    count_notifications,
    list_notifications,
)
from services.paging import PageRequest
from services.streams.audience import Audience
from services.streams.live_pace import LivePace

_SNAPSHOT = 20
_WINDOW = 200
"""The newest so many are compared at each look: transactions commit in another order than they take their ids."""


@dataclass(frozen=True, slots=True)
class NotificationsEvent:
    """New notifications, oldest first (in a `snapshot` the unread ones, newest first), and how many are unread now."""

    snapshot: bool
    notifications: list[NotificationRow]
    unread: int


async def watch_notifications(audience: Audience, hub: EventHub) -> AsyncGenerator[NotificationsEvent, None]:
    """The user's notifications, without end. Raises `AccessEnded` when access ends."""
    principal = audience.principal
    with hub.listen(principal.company_ids, principal.user_id) as listener:
        pace = LivePace(audience, listener)
        recent = await list_notifications(principal, PageRequest(first=_WINDOW))
        seen = {row.id for row in recent.rows}
        unread = await count_notifications(principal, unread=True)
        waiting = await list_notifications(principal, PageRequest(first=_SNAPSHOT), unread=True)
        seen.update(row.id for row in waiting.rows)
        yield NotificationsEvent(True, list(waiting.rows), unread)
        while True:
            await pace.look()
            recent = await list_notifications(principal, PageRequest(first=_WINDOW))
            new = [row for row in reversed(recent.rows) if row.id not in seen]
            seen = {row.id for row in recent.rows}
            before, unread = unread, await count_notifications(principal, unread=True)
            if new or unread != before:
                yield NotificationsEvent(False, new, unread)
