"""Notifications, and what a user wants to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import strawberry

from domain.diagnosis_texts import Language
from domain.notifications import NotificationKind
from schema.channels import ChannelName
from schema.company import Company
from schema.connections import Node
from schema.context import Info
from schema.describing import describe
from schema.ids import global_id
from schema.payloads import UserError
from services.notifications.preferences import Preference
from services.notifications.read_notifications import NotificationRow
from services.streams.watch_notifications import NotificationsEvent

describe(
    NotificationKind,
    "What a notification is about.",
    {
        "INVOICE_ISSUED": "An invoice was issued.",
        "REMINDER_DAY_3": "An invoice is not paid on the third working day.",
        "REMINDER_DAY_5": "An invoice is not paid on the fifth working day, the last one to pay.",
        "LOCKED": "The company's SIMs and operations are locked for non-payment.",
        "UNLOCKED": "The financial lock was lifted.",
        "PAYMENT_CREDITED": "A payment was credited.",
        "REPORT_READY": "A report can be downloaded.",
        "OPERATION_FINISHED": "An operation of more than one SIM that the user started has ended.",
        "LOW_DEPOSIT": "The deposit fell below a level of warning.",
    },
)

InLanguage = Annotated[
    Language | None, strawberry.argument(description="The language of the text; that of the user if not given.")
]


@strawberry.type(description="Something that a user was told. Everybody sees their own only.")
class Notification(Node):
    """A notification."""

    row: strawberry.Private[NotificationRow]
    kind: NotificationKind = strawberry.field(description="What it is about.")
    about_id: strawberry.ID | None = strawberry.field(
        description="The global id of the thing it is about, such as an invoice or an operation; null if there is none."
    )
    created_at: datetime = strawberry.field(description="When it was told.")
    read_at: datetime | None = strawberry.field(description="When it was marked as read; null while it is unread.")

    @classmethod
    def of(cls, row: NotificationRow) -> Self:
        """The notification of a row."""
        about = global_id(row.about_type, row.about_id) if row.about_type and row.about_id else None
        return cls(
            id=global_id("Notification", row.id),
            row=row,
            kind=row.kind,
            about_id=about,
            created_at=row.created_at,
            read_at=row.read_at,
        )

    @strawberry.field(description="One line that says it.")
    def title(self, language: InLanguage = None) -> str:
        """From the template."""
        return self.row.text(language.value.lower() if language else None).title

    @strawberry.field(description="The whole text, several lines without mark-up.")
    def body(self, language: InLanguage = None) -> str:
        """From the template."""
        return self.row.text(language.value.lower() if language else None).body

    @strawberry.field(description="The company that it concerns; null if it concerns none.")
    async def company(self, info: Info) -> Company | None:
        """Read for all notifications of a page at once."""
        if self.row.company_id is None or not info.context.principal.sees(self.row.company_id):
            return None
        found = await info.context.loaders.companies.load(self.row.company_id)
        return Company.of(found) if found else None


@strawberry.type(description="Whether a kind of notification is told by a channel.")
class NotificationPreference:
    """A preference."""

    kind: NotificationKind = strawberry.field(description="What is told.")
    channel: ChannelName = strawberry.field(description="By which way.")
    enabled: bool = strawberry.field(description="Whether it is told.")
    is_default: bool = strawberry.field(description="Whether this is so because the user has said nothing.")

    @classmethod
    def of(cls, value: Preference) -> Self:
        """The preference of a service."""
        return cls(kind=value.kind, channel=value.channel, enabled=value.enabled, is_default=value.is_default)


@strawberry.input(description="Whether a kind of notification is to be told by a channel.")
class NotificationPreferenceInput:
    """One of `setNotificationPreferences`."""

    kind: NotificationKind = strawberry.field(description="What is told.")
    channel: ChannelName = strawberry.field(description="By which way.")
    enabled: bool = strawberry.field(description="Whether it is to be told.")


@strawberry.input(description="What a user wants to be told.")
class SetNotificationPreferencesInput:
    """Input of `setNotificationPreferences`."""

    preferences: list[NotificationPreferenceInput] = strawberry.field(
        description="Those to change, each pair of kind and channel once; the others stay."
    )


@strawberry.type(description="The user's preferences, or why they were not changed.")
class NotificationPreferencesPayload:
    """Answer of `setNotificationPreferences`."""

    preferences: list[NotificationPreference] | None = strawberry.field(
        description="All preferences as they stand now; null on a refusal."
    )
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.input(description="Notifications to mark as read.")
class MarkReadInput:
    """Input of `markRead`."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Their global ids, at most 500; without them all of the user's are marked."
    )


@strawberry.type(description="What was marked as read, or why nothing was.")
class MarkReadPayload:
    """Answer of `markRead`."""

    marked: int = strawberry.field(description="How many were unread and are marked now.")
    unread: int = strawberry.field(description="How many are still unread.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="New notifications of the user.")
class NotificationReceivedEvent:
    """An event of `notificationReceived`."""

    snapshot: bool = strawberry.field(description="Whether this is the beginning: up to 20 unread ones, newest first.")
    notifications: list[Notification] = strawberry.field(
        description="Those that are new, oldest first; empty when only the number of unread ones changed."
    )
    unread: int = strawberry.field(description="How many are unread now.")

    @classmethod
    def of(cls, event: NotificationsEvent) -> Self:
        """The event of a stream."""
        return cls(
            snapshot=event.snapshot,
            notifications=[Notification.of(row) for row in event.notifications],
            unread=event.unread,
        )
