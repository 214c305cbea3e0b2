"""A forgotten password, a changed one, and the first one of somebody who was invited."""

from __future__ import annotations

from access import Principal
from domain.clock import clock
from domain.contact_data import one_line
from domain.errors import NotApproved
from domain.notifications import AccountMail
from models.database import execute, fetch_row
from models.identity import CompanyState, LinkKind
from services.accounts.even_time import even_time
from services.accounts.letters import mail_to
from services.accounts.links import make_link, use_link
from services.accounts.log_in import PASSWORD, require_own_password, store_password
from services.accounts.passwords import checked_password, hash_password, require_bounded
from services.accounts.register import MAILS_PER_ACCOUNT
from services.accounts.throttle import account_key, forget_attempts, note_attempt
from services.audit.record import record_as
from services.unit_of_work import unit_of_work


async def request_password_reset(email: str) -> None:
    """Mail a link to a known address; an unknown one gets the same answer. `TooManyAttempts`.

    Who never confirmed their address gets a link that confirms it, and who was invited another invitation.
    """
    email = email.strip()[:254].lower()
    await note_attempt(account_key("mail", email), per_account=MAILS_PER_ACCOUNT)
    async with even_time(), unit_of_work():
        user = await fetch_row(
            "SELECT id, company_id, email_confirmed_at, password_hash FROM user_account"
            " WHERE lower(email) = $1 AND disabled_at IS NULL",
            email,
        )
        if user is None:
            return
        kind, letter = LinkKind.RESET_PASSWORD, AccountMail.RESET_PASSWORD
        if user["email_confirmed_at"] is None:
            invited = user["password_hash"] is None
            kind = LinkKind.INVITATION if invited else LinkKind.CONFIRM_EMAIL
            letter = AccountMail.INVITATION if invited else AccountMail.CONFIRM_EMAIL
        await mail_to(user["id"], letter, await make_link(user["id"], kind))
        await record_as(user["id"], "password.reset_requested", f"user:{user['id']}", company_id=user["company_id"])


async def reset_password(secret: str, password: str) -> None:
    """Set a new password by a mailed link, which ends all log-ins. `WeakPassword`, `TooManyAttempts`, `LinkNotValid`."""
    await _by_link(secret, LinkKind.RESET_PASSWORD, password)


async def accept_invitation(secret: str, password: str, name: str | None) -> None:
    """Set the first password of somebody invited, which confirms their address. Raises as `reset_password`."""
    plain = None if name is None else one_line(name, 200, "A name", "input", "name")
    await _by_link(secret, LinkKind.INVITATION, password, plain)


async def change_password(principal: Principal, current: str, new: str) -> None:
    """Change the own password; other log-ins end. `WrongCredentials`, `WeakPassword`, `TooManyAttempts`."""
    require_bounded(new, "input", "newPassword")
    user = await require_own_password(principal, current, "input", "currentPassword")
    hashed = await hash_password(checked_password(new, user["email"], "input", "newPassword"))
    async with unit_of_work():
        await store_password(principal.user_id, user["company_id"], hashed, principal)
        await mail_to(principal.user_id, AccountMail.PASSWORD_CHANGED)


async def _by_link(secret: str, kind: LinkKind, password: str, name: str | None = None) -> None:
    require_bounded(password, "input", "password")
    key = account_key("link", secret[:100])
    await note_attempt(key)
    hashed = await hash_password(checked_password(password, "", "input", "password"))
    async with unit_of_work():
        user = await use_link(secret, kind, "input", "token")
        if user.company_state == CompanyState.CLOSED.value:
            raise NotApproved("Your company is closed: write to technical support.", path=("input",))
        checked_password(password, user.email, "input", "password")
        await store_password(user.user_id, user.company_id, hashed, None)
        await execute(
            "UPDATE user_account SET email_confirmed_at = coalesce(email_confirmed_at, $2), name = coalesce($3, name)"
            " WHERE id = $1",
            user.user_id,
            clock.now(),
            name,
        )
        if kind is LinkKind.RESET_PASSWORD:
            await mail_to(user.user_id, AccountMail.PASSWORD_CHANGED)
    await forget_attempts(account_key(PASSWORD, user.email))
    await forget_attempts(key)
