"""WhatsApp messages in the format of the Cloud API: one template message for each notification."""

from __future__ import annotations

from typing import Any

import httpx

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
from settings import Settings

TIMEOUT = 20.0

_OVERLOADED = frozenset({4, 80007, 130429, 131048, 131056, 131016, 133004})
"""Error codes of the Cloud API that mean: too much at the moment, or not available; another time it may work."""

_OUR_ACCESS = frozenset({0, 3, 10, 190, 368, 131031, 131042, 131045})
"""Error codes about our own account: no message goes out until somebody has mended it."""


class WhatsApp:
    """The sender's number of the settings. Templates are named by topic (`invoice_issued`) and exist in ru, kk and en."""

    name = ChannelName.WHATSAPP

    def __init__(self, settings: Settings) -> None:
        assert settings.whatsapp_url is not None
        self._url = f"{settings.whatsapp_url}/{settings.whatsapp_number_id}/messages"
        self._headers = {"Authorization": f"Bearer {settings.whatsapp_token}"}
        self._client: httpx.AsyncClient | None = None

    async def send(self, message: Message, commit: Commit) -> Outcome:
        """Hand a message to the Cloud API."""
        if message.recipient is None:
            return Rejected("no number")
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, headers=self._headers)
        await commit()
        try:
            answer = await self._client.post(self._url, json=self._body(message, message.recipient))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Later(f"WhatsApp cannot be reached ({type(error).__name__})", all_of_them=True)
        except httpx.HTTPError as error:
            return Lost(f"WhatsApp did not answer ({type(error).__name__})")
        return _outcome(answer)

    @staticmethod
    def _body(message: Message, recipient: str) -> dict[str, Any]:
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": recipient,
            "type": "template",
            "template": {
                "name": message.topic,
                "language": {"code": message.language},
                "components": [
                    {"type": "body", "parameters": [{"type": "text", "text": text} for text in message.parameters]}
                ],
            },
            "biz_opaque_callback_data": message.reference,
        }

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _outcome(answer: httpx.Response) -> Outcome:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.is_success:
        try:
            return Sent(ref=str(body["messages"][0]["id"])[:200])
        except (KeyError, IndexError, TypeError):
            return Lost("WhatsApp answered something else than a message id")
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    why = f"WhatsApp refused (HTTP {answer.status_code}{f', code {code}' if code is not None else ''})"
    if answer.status_code == 429 or code in _OVERLOADED:
        return Later(why, all_of_them=True)
    if answer.status_code in (401, 403) or code in _OUR_ACCESS:
        return Later(why, all_of_them=True)
    if answer.status_code >= 500:
        # An error in the Cloud API's own form was decided before sending; anything else came from something before it.
        return Later(why) if code is not None else Lost(why)
    return Rejected(why)


class WhatsAppPlugin:
    """WhatsApp, where the settings name an address."""

    @hookimpl
    def notification_channel(self, settings: Settings) -> Channel | None:
        """The channel of the settings."""
        return WhatsApp(settings) if settings.whatsapp_url else None
