"""Handing stored messages on: each once, whatever stops in between, and ever more slowly where it does not work."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import asyncpg
import orjson

from domain.clock import clock
from models.database import DATABASE_AWAY, execute, fetch, fetch_row
from services.files.file_store import STORE_AWAY, BadKey, FileKey, file_store
from services.notifications.channels.channel import (
    Channel,
    Later,
    Lost,
    Message,
    Outcome,
    Rejected,
    Sent,
    Superseded,
    open_channels,
)
from services.notifications.channels.folder import FolderPlugin
from services.notifications.channels.smtp import SmtpPlugin
from services.notifications.channels.whatsapp import WhatsAppPlugin
from settings import Settings

CLAIM_SECONDS = 300
"""How long a message belongs to the process that took it; then it is another's, unless it may have gone out already."""

GIVE_UP_SECONDS = 72 * 3600
"""How long a message is tried, counted from its first attempt's turn; then it has failed."""

PAUSE_SECONDS = 5.0
"""How long a channel rests that cannot be used at all."""

_log = logging.getLogger("novaconnect.deliver")

# `attempts` only grows and is the fence: a process that was frozen finds another number and sends nothing.
_CLAIM = """
UPDATE delivery d SET attempts = d.attempts + 1, first_attempt_at = coalesce(d.first_attempt_at, clock_timestamp()),
  next_attempt_at = clock_timestamp() + make_interval(secs => $2)
FROM (SELECT id FROM delivery WHERE channel = $1 AND state = 'QUEUED'
        AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp())
      ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) due
WHERE d.id = due.id RETURNING d.*
"""

_ABOUT_TO_SEND = """
UPDATE delivery SET state = 'SENDING', sending_since = clock_timestamp()
WHERE id = $1 AND attempts = $2 AND state = 'QUEUED' RETURNING id
"""

_HANDED_ON = """
UPDATE delivery SET state = $3, written_at = $4, provider_ref = $5, error = NULL, sending_since = NULL,
  body = CASE WHEN is_secret THEN '' ELSE body END
WHERE id = $1 AND attempts = $2
"""

# 2 seconds, 4, 8 … an hour.
_AGAIN = """
UPDATE delivery SET error = $3, sending_since = NULL,
  state = CASE WHEN first_attempt_at < clock_timestamp() - make_interval(secs => $5) THEN 'FAILED' ELSE 'QUEUED' END,
  next_attempt_at = clock_timestamp() + make_interval(secs => greatest($4::float8, least(3600, 2 ^ least(attempts, 12))))
WHERE id = $1 AND attempts = $2
"""

_ENDED = "UPDATE delivery SET state = $3, error = $4, sending_since = NULL WHERE id = $1 AND attempts = $2"

_ABANDONED = """
UPDATE delivery SET state = 'UNKNOWN', error = 'the process that sent it stopped before the answer'
WHERE state = 'SENDING' AND sending_since < clock_timestamp() - make_interval(secs => $1)
"""


def channels_of(settings: Settings) -> list[Channel]:
    """The channels that the settings ask for, with those of installed packages."""
    return open_channels(settings, WhatsAppPlugin(), SmtpPlugin(), FolderPlugin())


class Deliverer:
    """Hands on what is due, by all channels at once. Any number of processes may do so at a time."""

    def __init__(self, channels: Sequence[Channel], support_address: str | None = None) -> None:
        self.channels = list(channels)
        self._support_address = support_address
        self._rests_until: dict[str, float] = {}

    async def deliver(self) -> int:
        """Hand on everything that is due; returns how many messages went out."""
        await execute(_ABANDONED, CLAIM_SECONDS)
        return sum(await asyncio.gather(*(self._drain(channel) for channel in self.channels)))

    async def keep_delivering(self, period: float = 1.0) -> None:
        """Deliver until cancelled; a database that is away is asked again."""
        while True:
            try:
                await self.deliver()
            except DATABASE_AWAY as error:
                _log.error("messages wait: %s", type(error).__name__)
            await asyncio.sleep(period)

    async def close(self) -> None:
        """Let the channels go."""
        for channel in self.channels:
            await channel.close()

    async def _drain(self, channel: Channel) -> int:
        sent = 0
        try:
            while self._rests_until.get(channel.name, 0.0) <= time.monotonic():
                row = await fetch_row(_CLAIM, channel.name.value, CLAIM_SECONDS)
                if row is None:
                    break
                sent += await self._deliver_one(channel, row)
        finally:
            await channel.close()
        return sent

    async def _deliver_one(self, channel: Channel, row: asyncpg.Record) -> bool:
        fence = (row["id"], row["attempts"])
        committed = False

        async def commit() -> None:
            nonlocal committed
            if not await fetch(_ABOUT_TO_SEND, *fence):
                raise Superseded
            committed = True

        try:
            outcome = await channel.send(await self._message(row), commit)
        except Superseded:
            return False
        except (*STORE_AWAY, BadKey) as error:
            outcome = Later(f"an attachment cannot be read ({type(error).__name__})")
        except DATABASE_AWAY:
            raise
        except Exception as error:  # a channel may be foreign code: whatever it raises, the others go on
            _log.exception("channel %s failed: %s", channel.name.value, type(error).__name__)
            why = f"the channel failed ({type(error).__name__})"
            outcome = Lost(why) if committed else Later(why)
        await self._note(channel, fence, outcome)
        return isinstance(outcome, Sent)

    async def _note(self, channel: Channel, fence: tuple[int, int], outcome: Outcome) -> None:
        match outcome:
            case Sent():
                state = "WRITTEN" if outcome.to_folder else "SENT"
                await execute(_HANDED_ON, *fence, state, clock.now(), outcome.ref)
                return
            case Later():
                after = outcome.after.total_seconds() if outcome.after else 0.0
                await execute(_AGAIN, *fence, outcome.why[:300], after, GIVE_UP_SECONDS)
                if outcome.all_of_them:
                    self._rests_until[channel.name] = time.monotonic() + PAUSE_SECONDS
            case Rejected():
                await execute(_ENDED, *fence, "FAILED", outcome.why[:300])
            case Lost():
                await execute(_ENDED, *fence, "UNKNOWN", outcome.why[:300])
        _log.warning("message %s by %s: %s", fence[0], channel.name.value, outcome.why)

    async def _message(self, row: asyncpg.Record) -> Message:
        attachments = {name: text.encode() for name, text in orjson.loads(row["attachments"]).items()}
        for file in orjson.loads(row["files"]):
            content = await file_store().read(FileKey.parse(file["key"]))
            if content is None:
                raise BadKey("the file is gone")
            attachments[file["name"]] = content
        return Message(
            reference=f"message-{row['id']}",
            recipient=row["recipient"] or self._support_address,
            subject=row["subject"],
            body=row["body"],
            language=row["language"],
            created_at=row["created_at"],
            topic=row["topic"],
            reply_to=row["reply_to"],
            attachments=attachments,
            parameters=orjson.loads(row["parameters"]),
        )
