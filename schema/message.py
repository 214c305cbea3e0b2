"""Messages on their way out, for staff."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from models.mail import MailState
from schema.channels import ChannelName
from schema.company import Company
from schema.connections import Node
from schema.context import Info
from schema.ids import global_id
from schema.payloads import UserError
from services.notifications.messages import MessageRow


@strawberry.type(description="A mail or WhatsApp message on its way out, without its text.")
class OutgoingMessage(Node):
    """A message."""

    row: strawberry.Private[MessageRow]
    channel: ChannelName = strawberry.field(description="By which way: EMAIL or WHATSAPP.")
    topic: str = strawberry.field(description="What it is about, such as invoice_issued, account or support.")
    language: str = strawberry.field(description="Its language, ISO 639-1.")
    recipient: str | None = strawberry.field(
        description="Enough of the address or number to recognise it by; null for technical support."
    )
    state: MailState = strawberry.field(description="Where it stands.")
    error: str | None = strawberry.field(
        description="What the mail server or WhatsApp said; null where nothing is wrong."
    )
    attempts: int = strawberry.field(description="How often it was tried; `sendMessageAgain` asks for it.")
    created_at: datetime = strawberry.field(description="When it was written.")
    sent_at: datetime | None = strawberry.field(description="When it was handed on; null if it was not.")
    settled_at: datetime | None = strawberry.field(
        description="When staff said that nothing more is to be done about it; null if nobody did."
    )

    @classmethod
    def of(cls, row: MessageRow) -> Self:
        """The message of a row."""
        return cls(
            id=global_id("OutgoingMessage", row.id),
            row=row,
            channel=ChannelName(row.channel),
            topic=row.topic,
            language=row.language,
            recipient=row.recipient,
            state=row.state,
            error=row.error,
            attempts=row.attempts,
            created_at=row.created_at,
            sent_at=row.written_at,
            settled_at=row.settled_at,
        )

    @strawberry.field(description="The company that it concerns; null if it concerns none.")
    async def company(self, info: Info) -> Company | None:
        """Read for all messages of a page at once."""
        if self.row.company_id is None:
            return None
        found = await info.context.loaders.companies.load(self.row.company_id)
        return Company.of(found) if found else None


@strawberry.input(description="A message to send again.")
class SendMessageAgainInput:
    """Input of `sendMessageAgain`."""

    id: strawberry.ID = strawberry.field(description="The message.")
    attempts: int = strawberry.field(
        description="Its `attempts` as you saw them: if it was tried since, nothing is done, so asking twice sends once."
    )


@strawberry.input(description="A message about which nothing more is to be done.")
class SettleMessageInput:
    """Input of `settleMessage`."""

    id: strawberry.ID = strawberry.field(description="The message.")


@strawberry.type(description="The message as it stands now, or why nothing was done.")
class OutgoingMessagePayload:
    """Answer of `sendMessageAgain` and `settleMessage`."""

    message: OutgoingMessage | None = strawberry.field(description="The message; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
