"""Sending letters about accounts: stored in the transaction that gives the reason, and sent after it."""

from __future__ import annotations

from uuid import uuid4

from domain.account_letters import AccountLetter, account_letter
from domain.diagnosis_texts import Language
from models.database import fetch_row
from services.notifications.queue_mail import queue_mail
from settings import Settings

_PAGES = {
    AccountLetter.CONFIRM: "confirm-email",
    AccountLetter.ALREADY_REGISTERED: "forgotten-password",
    AccountLetter.RESET: "reset-password",
    AccountLetter.PASSWORD_CHANGED: "forgotten-password",
    AccountLetter.INVITATION: "invitation",
    AccountLetter.APPROVED: "log-in",
}

_READER = """
SELECT u.email, u.name, u.language, u.company_id, coalesce(c.name, a.name, 'NovaConnect') AS company
FROM user_account u LEFT JOIN company c ON c.id = u.company_id LEFT JOIN agent a ON a.id = u.agent_id WHERE u.id = $1
"""


class _Portal:
    address = "http://127.0.0.1:8000"


def use_portal(settings: Settings) -> None:
    """Where links lead: the portal that people see, or what is known of this API."""
    _Portal.address = settings.portal_url or settings.public_url or f"http://{settings.host}:{settings.port}"


def link_to(letter: AccountLetter, secret: str | None = None) -> str:
    """The page of the portal; the secret stands behind `#`, so that no server on the way writes it into a log."""
    return f"{_Portal.address}/{_PAGES[letter]}{f'#{secret}' if secret else ''}"


async def send_letter(letter: AccountLetter, user_id: int, secret: str | None = None) -> None:
    """Write to a user; with the secret of a link where the letter has one. Inside a transaction."""
    reader = await fetch_row(_READER, user_id)
    assert reader is not None
    text = account_letter(
        letter,
        Language(reader["language"].upper()),
        name=reader["name"],
        link=link_to(letter, secret),
        company=reader["company"],
    )
    await queue_mail(
        reader["email"],
        text.subject,
        text.body,
        reader["language"],
        f"account:{uuid4()}",
        company_id=reader["company_id"],
        user_id=user_id,
        is_secret=secret is not None,
    )
