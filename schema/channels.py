"""By which ways people are told something."""

from __future__ import annotations

from domain.notifications import ChannelName
from schema.describing import describe

__all__ = ["ChannelName"]

describe(
    ChannelName,
    "A way by which something is told.",
    {
        "API": "Here: in `notifications` and `notificationReceived`.",
        "EMAIL": "By e-mail to the user's address.",
        "WHATSAPP": "By WhatsApp to the user's number.",
    },
    name="NotificationChannel",
)
