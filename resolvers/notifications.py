"""Root fields about notifications: reading them, marking them read, and saying what one wants to be told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.errors import DomainError
from domain.notifications import NotificationKind
from models.mail import MailState
from schema.arguments import After, Before, First, Last
from schema.connections import Connection
from schema.context import Info
from schema.ids import database_id, database_ids
from schema.message import OutgoingMessage, OutgoingMessagePayload, SendMessageAgainInput, SettleMessageInput
from schema.notification import (
    MarkReadInput,
    MarkReadPayload,
    Notification,
    NotificationPreference,
    NotificationPreferencesPayload,
    NotificationReceivedEvent,
    SetNotificationPreferencesInput,
)
from schema.payloads import UserError
from services.notifications.messages import (
    TROUBLED,
    count_messages,
    list_messages,
    send_again,
    settle_message,
)
from services.notifications.preferences import list_preferences, set_preferences
from services.notifications.read_notifications import count_notifications, list_notifications, mark_read
from services.paging import PageRequest
from services.streams.watch_notifications import watch_notifications


@strawberry.type
class NotificationQuery:
    """Reading notifications."""

    @strawberry.field(description="What the user was told, newest first. Everybody sees their own only.")
    async def notifications(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        unread: Annotated[
            bool | None, strawberry.argument(description="Only unread ones (true), or only read ones (false).")
        ] = None,
        kinds: Annotated[list[NotificationKind] | None, strawberry.argument(description="Only of these kinds.")] = None,
    ) -> Connection[Notification]:
        """A page of notifications."""
        principal = info.context.principal
        page = await list_notifications(principal, PageRequest(first, after, last, before), unread=unread, kinds=kinds)
        return Connection(
            page=page,
            make=Notification.of,
            count=lambda: count_notifications(principal, unread=unread, kinds=kinds),
        )

    @strawberry.field(
        description="Mails and WhatsApp messages on their way out, newest first; without `state` those that failed or may not"
        " have arrived. For NovaConnect's own staff."
    )
    async def messages(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[
            list[MailState] | None, strawberry.argument(description="Only those in one of these states.")
        ] = None,
        settled: Annotated[bool, strawberry.argument(description="Those that staff has settled instead.")] = False,
    ) -> Connection[OutgoingMessage]:
        """A page of messages."""
        principal, states = info.context.principal, TROUBLED if state is None else state
        page = await list_messages(principal, PageRequest(first, after, last, before), states=states, settled=settled)
        return Connection(
            page=page,
            make=OutgoingMessage.of,
            count=lambda: count_messages(principal, states=states, settled=settled),
        )

    @strawberry.field(description="How many of the user's notifications are unread.")
    async def unread_notifications(self, info: Info) -> int:
        """For the bell in the corner."""
        return await count_notifications(info.context.principal, unread=True)

    @strawberry.field(description="What the user wants to be told: every kind by every channel.")
    async def notification_preferences(self, info: Info) -> list[NotificationPreference]:
        """As they stand, defaults included."""
        return [NotificationPreference.of(value) for value in await list_preferences(info.context.principal)]


@strawberry.type
class NotificationMutation:
    """Changing what concerns nobody but the user; every role may."""

    @strawberry.mutation(description="Mark notifications as read: given ones, or all. Every role may, for its own.")
    async def mark_read(
        self, info: Info, input: Annotated[MarkReadInput, strawberry.argument(description="Which.")]
    ) -> MarkReadPayload:
        """Mark them."""
        principal = info.context.principal
        try:
            ids = None if input.ids is None else database_ids(input.ids, "Notification", "input", "ids")
            marked = await mark_read(principal, ids)
        except DomainError as refusal:
            unread = await count_notifications(principal, unread=True)
            return MarkReadPayload(marked=0, unread=unread, user_errors=[UserError.of(refusal)])
        return MarkReadPayload(marked=marked, unread=await count_notifications(principal, unread=True), user_errors=[])

    @strawberry.mutation(description="Say what is to be told by which channel. Every role may, for itself.")
    async def set_notification_preferences(
        self,
        info: Info,
        input: Annotated[SetNotificationPreferencesInput, strawberry.argument(description="What to change.")],
    ) -> NotificationPreferencesPayload:
        """Store them."""
        wanted = [(each.kind, each.channel, each.enabled) for each in input.preferences]
        try:
            values = await set_preferences(info.context.principal, wanted)
        except DomainError as refusal:
            return NotificationPreferencesPayload(preferences=None, user_errors=[UserError.of(refusal)])
        return NotificationPreferencesPayload(
            preferences=[NotificationPreference.of(value) for value in values], user_errors=[]
        )


@strawberry.type
class MessageMutation:
    """Looking after messages that did not go out."""

    @strawberry.mutation(
        description="Have a message sent again that failed or may not have arrived. For NovaConnect's own staff."
    )
    async def send_message_again(
        self, info: Info, input: Annotated[SendMessageAgainInput, strawberry.argument(description="Which.")]
    ) -> OutgoingMessagePayload:
        """Queue it."""
        try:
            message_id = database_id(input.id, "OutgoingMessage", "input", "id")
            row = await send_again(info.context.principal, message_id, input.attempts)
        except DomainError as refusal:
            return OutgoingMessagePayload(message=None, user_errors=[UserError.of(refusal)])
        return OutgoingMessagePayload(message=OutgoingMessage.of(row), user_errors=[])

    @strawberry.mutation(
        description="Say that nothing more is to be done about a message that failed. For NovaConnect's own staff."
    )
    async def settle_message(
        self, info: Info, input: Annotated[SettleMessageInput, strawberry.argument(description="Which.")]
    ) -> OutgoingMessagePayload:
        """Settle it."""
        try:
            row = await settle_message(info.context.principal, database_id(input.id, "OutgoingMessage", "input", "id"))
        except DomainError as refusal:
            return OutgoingMessagePayload(message=None, user_errors=[UserError.of(refusal)])
        return OutgoingMessagePayload(message=OutgoingMessage.of(row), user_errors=[])


@strawberry.type
class NotificationSubscription:
    """Hearing of notifications."""

    @strawberry.subscription(
        description="The user's notifications as they come; begins with a snapshot of the unread ones."
    )
    async def notification_received(self, info: Info) -> AsyncGenerator[NotificationReceivedEvent, None]:
        """Without end."""
        async with aclosing(watch_notifications(info.context.audience, info.context.hub)) as events:
            async for event in events:
                yield NotificationReceivedEvent.of(event)
