"""Technical support: how to reach it, and writing to it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from models.mail import MailState
from schema.ids import global_id
from schema.payloads import UserError
from services.support.contact_support import SupportMessage as SupportMessageValue
from services.support.support_contacts import SupportContacts as SupportContactsValue


@strawberry.type(description="How technical support is reached; what is null is not offered.")
class SupportContacts:
    """Contacts."""

    email: str | None = strawberry.field(description="The e-mail address.")
    phone: str | None = strawberry.field(description="The telephone number, as people write it.")
    telegram: str | None = strawberry.field(description="The name in Telegram.")
    hours: str | None = strawberry.field(description="When somebody answers, in words.")

    @classmethod
    def of(cls, value: SupportContactsValue) -> Self:
        """The contacts of the settings."""
        return cls(email=value.email, phone=value.phone, telegram=value.telegram, hours=value.hours)


@strawberry.input(description="A message to technical support.")
class ContactSupportInput:
    """What to write, and about which SIM."""

    text: str = strawberry.field(description="The message: 1 to 5,000 characters.")
    sim_id: strawberry.ID | None = strawberry.field(
        default=None, description="The SIM that it is about; its diagnosis and what is known of it are attached."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Any text of 1 to 200 characters, made anew for each message that is meant: the same key with the"
        " same message sends nothing twice.",
    )


@strawberry.type(description="A message to technical support.")
class SupportMessage:
    """A stored message."""

    id: strawberry.ID = strawberry.field(description="Its id, to name it by in later questions.")
    state: MailState = strawberry.field(description="Where it stands.")
    subject: str = strawberry.field(description="The subject of the mail.")
    attachments: list[str] = strawberry.field(description="The names of the files attached.")
    created_at: datetime = strawberry.field(description="When it was written.")

    @classmethod
    def of(cls, value: SupportMessageValue) -> Self:
        """The message of a service."""
        return cls(
            id=global_id("SupportMessage", value.id),
            state=value.state,
            subject=value.subject,
            attachments=list(value.attachments),
            created_at=value.created_at,
        )


@strawberry.type(description="The message that was stored, or why it was not.")
class ContactSupportPayload:
    """Answer of `contactSupport`."""

    message: SupportMessage | None = strawberry.field(description="The message; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
