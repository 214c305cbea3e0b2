"""Mail to one address: stored in the caller's transaction, sent by the scheduler, once for a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.clock import clock
from domain.notifications import AccountMail
from models.database import fetch_value
from services.notifications.texts import language_of, text_of

_INSERT = """
INSERT INTO delivery (company_id, user_id, message_key, channel, topic, language, recipient, state, reply_to, subject, body,
                      is_secret, created_at)
VALUES ($1, $2, $3, 'EMAIL', $4, $5, $6, 'QUEUED', $7, $8, $9, $10, $11)
ON CONFLICT (message_key) DO NOTHING
RETURNING id
"""


async def queue_mail(
    to: str,
    subject: str,
    body: str,
    language: str,
    key: str,
    *,
    topic: str = "account",
    company_id: int | None = None,
    user_id: int | None = None,
    reply_to: str | None = None,
    is_secret: bool = False,
) -> bool:
    """Store a plain-text mail; False when one with this key was stored before, which is then the only one.

    Call it inside the transaction that gives the reason for the mail. `is_secret` is for what grants access, a link for
    example: the body is forgotten once it is sent, and never logged anyway.
    """
    made = await fetch_value(
        _INSERT,
        company_id,
        user_id,
        key,
        topic,
        language_of(language),
        to,
        reply_to,
        " ".join(subject.split())[:200],
        body,
        is_secret,
        clock.now(),
    )
    return made is not None


async def queue_account_mail(
    mail: AccountMail,
    to: str,
    language: str,
    key: str,
    values: Mapping[str, Any],
    *,
    company_id: int | None = None,
    user_id: int | None = None,
) -> bool:
    """Store a mail about an account, from its template: `name`, and for all but PASSWORD_CHANGED `link` and `expires`.

    INVITATION needs `company` too. The body is forgotten once it is sent.
    """
    text = text_of(mail, language, values)
    return await queue_mail(
        to,
        text.title,
        text.body,
        language,
        key,
        topic=mail.value.lower(),
        company_id=company_id,
        user_id=user_id,
        is_secret=True,
    )
