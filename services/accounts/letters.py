"""Mail about an account: stored in the transaction that gives the reason, and sent after it."""

from __future__ import annotations

from uuid import uuid4
from zoneinfo import ZoneInfo

from domain.clock import clock
from domain.notifications import AccountMail
from models.database import fetch_row
from models.identity import LinkKind
from services.accounts.links import LASTS
from services.notifications.queue_mail import queue_account_mail
from settings import Settings

_PAGES = {
    AccountMail.CONFIRM_EMAIL: "confirm-email",
    AccountMail.ALREADY_REGISTERED: "forgotten-password",
    AccountMail.RESET_PASSWORD: "reset-password",
    AccountMail.PASSWORD_CHANGED: "forgotten-password",
    AccountMail.INVITATION: "invitation",
    AccountMail.COMPANY_APPROVED: "log-in",
}

_READER = """
SELECT u.email, u.name, u.language, u.time_zone, u.company_id, coalesce(c.name, a.name, 'NovaConnect') AS company
FROM user_account u LEFT JOIN company c ON c.id = u.company_id LEFT JOIN agent a ON a.id = u.agent_id WHERE u.id = $1
"""


class _Portal:
    address = "http://127.0.0.1:8000"


def use_portal(settings: Settings) -> None:
    """Where links lead: the portal that people see, or what is known of this API."""
    _Portal.address = settings.portal_url or settings.public_url or f"http://{settings.host}:{settings.port}"


async def mail_to(user_id: int, mail: AccountMail, secret: str | None = None) -> None:
    """Write to a user; with the secret of a link where the mail has one. Inside a transaction."""
    reader = await fetch_row(_READER, user_id)
    assert reader is not None
    values = {"name": reader["name"], "company": reader["company"], "link": _link(mail, secret)}
    if secret is not None:
        ends = (clock.now() + LASTS[LinkKind(mail.value)]).astimezone(ZoneInfo(reader["time_zone"]))
        values["expires"] = f"{ends:%d.%m.%Y %H:%M} ({reader['time_zone']})"
    await queue_account_mail(
        mail,
        reader["email"],
        reader["language"],
        f"account:{uuid4()}",
        values,
        company_id=reader["company_id"],
        user_id=user_id,
    )


def _link(mail: AccountMail, secret: str | None) -> str:
    """A page of the portal; the secret stands behind `#`, so that no server on the way writes it into a log."""
    return f"{_Portal.address}/{_PAGES[mail]}{f'#{secret}' if secret else ''}"
