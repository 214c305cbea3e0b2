"""Mail by SMTP (RFC 5321), over one connection that is kept as long as there is mail."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPRecipientRefused, SMTPResponseException

from domain.notifications import ChannelName
from services.notifications.channels.channel import (
    Channel,
    Commit,
    Later,
    Lost,
    Message,
    Outcome,
    Rejected,
    Sent,
    hookimpl,
)
from services.notifications.channels.letters import compose_letter
from settings import Settings

TIMEOUT = 30.0
"""Seconds that the server has for each answer."""

_log = logging.getLogger("novaconnect.mail")


class Smtp:
    """The mail server of the settings. Whoever it refuses for good (5xx) gets nothing; everything else is tried again."""

    name = ChannelName.EMAIL

    def __init__(self, settings: Settings) -> None:
        assert settings.smtp_host is not None
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, message: Message, commit: Commit) -> Outcome:
        """Hand a mail to the server."""
        if message.recipient is None:
            return Later("SUPPORT_EMAIL is not set")
        try:
            letter = compose_letter(message, self._settings.mail_from)
            content = letter.as_bytes(policy=SMTP_POLICY)
        except (ValueError, LookupError, MessageError) as error:
            return Rejected(f"no letter can be made of it ({type(error).__name__})")
        try:
            client = await self._connected()
        except (SMTPException, OSError) as error:
            await self.close()
            _log.error("the mail server cannot be used: %s", type(error).__name__)
            return Later(f"the mail server cannot be used ({type(error).__name__})", all_of_them=True)
        refused = await self._envelope(client, letter, message.recipient)
        if refused is not None:
            await self._forget()
            return refused
        await commit()
        return await self._content(client, content)

    async def _envelope(self, client: aiosmtplib.SMTP, letter: EmailMessage, recipient: str) -> Outcome | None:
        try:
            await client.mail(parseaddr(letter["From"])[1])
            await client.rcpt(recipient)
        except SMTPResponseException as error:
            why = f"the mail server refused the {'recipient' if isinstance(error, SMTPRecipientRefused) else 'sender'}"
            # A refused sender is our own setting, and no fault of the mail.
            if error.code >= 500 and isinstance(error, SMTPRecipientRefused):
                return Rejected(f"{why} ({error.code})")
            return Later(f"{why} ({error.code})")
        except (SMTPException, OSError, ValueError) as error:
            if isinstance(error, UnicodeEncodeError | ValueError):
                return Rejected(f"the address cannot be used ({type(error).__name__})")
            return Later(f"the mail server went away ({type(error).__name__})")
        return None

    async def _content(self, client: aiosmtplib.SMTP, content: bytes) -> Outcome:
        try:
            _, answer = await client.data(content)
        except SMTPResponseException as error:
            if error.code >= 500:
                return Rejected(f"the mail server refused the mail ({error.code})")
            return Later(f"the mail server put the mail off ({error.code})")
        except (SMTPException, OSError) as error:
            await self.close()
            return Lost(f"the mail server did not answer ({type(error).__name__})")
        return Sent(ref=answer[:200])

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is None or not self._client.is_connected:
            settings = self._settings
            client = aiosmtplib.SMTP(
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                timeout=TIMEOUT,
                use_tls=settings.smtp_security == "tls",
                start_tls=settings.smtp_security == "starttls",
                local_hostname="novaconnect",
            )
            await client.connect()
            self._client = client
            if settings.smtp_username:
                await client.login(settings.smtp_username, settings.smtp_password or "")
        return self._client

    async def _forget(self) -> None:
        """Begin anew after a refused envelope; a server that does not take that is left."""
        await self._quietly(lambda client: client.rset())

    async def _quietly(self, work: Callable[[aiosmtplib.SMTP], Awaitable[object]]) -> None:
        if self._client is None:
            return
        try:
            await work(self._client)
        except (SMTPException, OSError):
            self._client.close()
            self._client = None

    async def close(self) -> None:
        """Say goodbye; a server that is gone is not waited for."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=2)
        if client is not None:
            client.close()


class SmtpPlugin:
    """SMTP, where the settings name a server."""

    @hookimpl
    def notification_channel(self, settings: Settings) -> Channel | None:
        """The channel of the settings."""
        return Smtp(settings) if settings.smtp_host else None
