"""A message as a letter: RFC 5322 text, composed again always the same."""

from __future__ import annotations

import mimetypes
from email.message import EmailMessage
from email.utils import format_datetime

from services.notifications.channels.channel import Message


def compose_letter(message: Message, sender: str) -> EmailMessage:
    """The letter; raises `ValueError` or `LookupError` for text that no letter can hold."""
    letter = EmailMessage()
    letter["From"] = sender
    if message.recipient is not None:
        letter["To"] = message.recipient
    if message.reply_to is not None:
        letter["Reply-To"] = message.reply_to
    else:
        letter["Auto-Submitted"] = "auto-generated"
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(message.created_at)
    letter["Message-ID"] = f"<{message.reference}-{int(message.created_at.timestamp())}@novaconnect>"
    letter["Content-Language"] = message.language
    letter.set_content(message.body)
    for name, content in sorted(message.attachments.items()):
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        main, sub = kind.split("/", 1)
        if main == "text":
            letter.add_attachment(content.decode(), subtype=sub, filename=name)
        else:
            letter.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return letter
