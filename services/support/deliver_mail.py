"""Handing stored mail on: as `.eml` files in a folder, for as long as no mail server is configured."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import asyncpg
import orjson

from domain.clock import clock
from models.database import execute, fetch_row
from services.unit_of_work import unit_of_work

_log = logging.getLogger("novaconnect.mail")

# One at a time: a mail that cannot be written holds back only itself, and two schedulers never write the same.
_NEXT = """
SELECT id, reply_to, subject, body, attachments, created_at FROM mail_outbox
WHERE state = 'QUEUED' AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp())
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_WRITTEN = "UPDATE mail_outbox SET state = 'WRITTEN', written_at = $2, attempts = attempts + 1 WHERE id = $1"
_AGAIN = """
UPDATE mail_outbox SET attempts = attempts + 1,
  next_attempt_at = clock_timestamp() + make_interval(secs => least(300, 2 ^ least(attempts, 10)))
WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Where mail goes: the folder, the recipient (None while support has no address) and the sender."""

    folder: Path
    recipient: str | None
    sender: str


async def deliver_mail(outbox: Outbox) -> int:
    """Write every mail that is due; returns how many. A file that cannot be written is tried again later, ever slower."""
    written = 0
    while (done := await _deliver_next(outbox)) is not None:
        written += done
    return written


async def _deliver_next(outbox: Outbox) -> bool | None:
    """Whether the next mail could be written; None when none is due."""
    async with unit_of_work():
        record = await fetch_row(_NEXT)
        if record is None:
            return None
        try:
            message = compose_message(outbox, record)
            await asyncio.to_thread(_write, outbox.folder / f"mail-{record['id']}.eml", bytes(message))
        except (OSError, ValueError, LookupError, MessageError) as error:
            _log.error("mail %s is not written: %s", record["id"], type(error).__name__)
            await execute(_AGAIN, record["id"])
            return False
        await execute(_WRITTEN, record["id"], clock.now())
        return True


def compose_message(outbox: Outbox, record: asyncpg.Record) -> EmailMessage:
    """The message of a row of `mail_outbox`; composed again, it has the same Message-ID."""
    message = EmailMessage()
    message["From"] = outbox.sender
    if outbox.recipient is not None:
        message["To"] = outbox.recipient
    message["Reply-To"] = record["reply_to"]
    message["Subject"] = record["subject"]
    message["Date"] = format_datetime(record["created_at"])
    message["Message-ID"] = f"<support-{record['id']}-{int(record['created_at'].timestamp())}@novaconnect>"
    message.set_content(record["body"])
    for name, text in sorted(orjson.loads(record["attachments"]).items()):
        if name.endswith(".json"):
            message.add_attachment(text.encode(), maintype="application", subtype="json", filename=name)
        else:
            message.add_attachment(text, filename=name)
    return message


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for nobody else's eyes: a reader of the folder never sees half a mail."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".tmp")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
