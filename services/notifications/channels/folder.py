"""Mail as `.eml` files in a folder, for as long as no mail server is configured."""

from __future__ import annotations

import asyncio
import os
from email.errors import MessageError
from pathlib import Path

from domain.notifications import ChannelName
from services.notifications.channels.channel import Channel, Commit, Later, Message, Outcome, Sent, hookimpl
from services.notifications.channels.letters import compose_letter
from settings import Settings


class OutboxFolder:
    """One file for each mail, whole or not at all; writing one again changes nothing, so nothing is ever lost or doubled."""

    name = ChannelName.EMAIL

    def __init__(self, folder: Path, sender: str) -> None:
        self.folder = folder
        self._sender = sender

    async def send(self, message: Message, commit: Commit) -> Outcome:
        """Write the file."""
        try:
            content = bytes(compose_letter(message, self._sender))
            await asyncio.to_thread(_write, self.folder / f"{message.reference}.eml", content)
        except (OSError, ValueError, LookupError, MessageError) as error:
            return Later(f"the file cannot be written ({type(error).__name__})")
        return Sent(to_folder=True)

    async def close(self) -> None:
        """Nothing is held."""


def _write(path: Path, content: bytes) -> None:
    """For nobody else's eyes, and a reader of the folder never sees half a mail."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".tmp")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class FolderPlugin:
    """The folder, where no mail server is configured."""

    @hookimpl
    def notification_channel(self, settings: Settings) -> Channel | None:
        """The channel of the settings."""
        return None if settings.smtp_host else OutboxFolder(settings.var_dir / "outbox", settings.mail_from)
