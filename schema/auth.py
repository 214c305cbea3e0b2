"""The small schema of `/auth/graphql`: what those ask who have no credential yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import strawberry

from domain.diagnosis_texts import Language
from domain.errors import DomainError, TooManyAttempts
from models.identity import UserRole
from schema.enums import ErrorCode
from services.accounts.sessions import OpenedSession


@dataclass
class AuthContext:
    """One anonymous request: the secret in its cookie, if any, and what is to become of that cookie."""

    user_agent: str | None
    session_secret: str | None
    opened: OpenedSession | None = None
    closed: bool = False


AuthInfo = strawberry.Info[AuthContext, None]
"""What Strawberry hands to a resolver of this schema."""


@strawberry.type(description="Why a request was refused; nothing was changed.")
class AuthError:
    """A refusal that the user can act on."""

    code: ErrorCode = strawberry.field(description="The reason.")
    message: str = strawberry.field(description="A sentence that says what to do next.")
    path: list[str] = strawberry.field(description="The place in the arguments that it is about; empty for the whole.")
    retry_after: int | None = strawberry.field(description="Seconds to wait, where waiting helps.")

    @classmethod
    def of(cls, refusal: DomainError) -> Self:
        """The refusal as clients see it."""
        wait = refusal.retry_after if isinstance(refusal, TooManyAttempts) else None
        return cls(
            code=ErrorCode(str(refusal.code)), message=refusal.message, path=list(refusal.path), retry_after=wait
        )


@strawberry.type(description="Whether it was done.")
class AuthPayload:
    """Answer of the mutations that open no session."""

    ok: bool = strawberry.field(
        description="True when it was done, or, where that must not be told, when it was taken."
    )
    user_errors: list[AuthError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="Who is logged in.")
class SessionUser:
    """The user of a session."""

    name: str = strawberry.field(description="Their name.")
    role: UserRole = strawberry.field(description="What they may do.")


@strawberry.type(description="The user who was logged in, or why not. The session is in the cookie that comes with it.")
class LogInPayload:
    """Answer of `logIn`."""

    user: SessionUser | None = strawberry.field(description="Who came in; null on a refusal.")
    user_errors: list[AuthError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="Whether an address was confirmed, and what comes next.")
class ConfirmEmailPayload:
    """Answer of `confirmEmail`."""

    ok: bool = strawberry.field(description="True when the address is confirmed.")
    awaits_approval: bool = strawberry.field(
        description="Whether NovaConnect's staff still have to approve the company."
    )
    user_errors: list[AuthError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="What a new password has to be.")
class PasswordPolicy:
    """For a form, before it is sent."""

    min_characters: int = strawberry.field(description="At least so many characters.")
    max_bytes: int = strawberry.field(description="At most so many bytes in UTF-8.")


@strawberry.input(description="A company and its first owner.")
class RegisterInput:
    """As typed."""

    company_name: str = strawberry.field(description="The company's name, up to 200 characters.")
    country: str = strawberry.field(description="Its country, ISO 3166 alpha-2, for example KZ.")
    tax_number: str = strawberry.field(description="Its tax number, up to 40 characters.")
    name: str = strawberry.field(description="The owner's own name, up to 200 characters.")
    email: str = strawberry.field(description="The owner's address, with which they log in; a link is mailed there.")
    password: str = strawberry.field(description="See `passwordPolicy`.")
    language: Language = strawberry.field(default=Language.RU, description="The language of mails.")
    phone: str | None = strawberry.field(default=None, description="The owner's number, international.")


@strawberry.input(description="Who wants in.")
class LogInInput:
    """The form of the log-in page (guide, "Начало работы")."""

    email: str = strawberry.field(description="The address that the account was made with.")
    password: str = strawberry.field(description="The password.")
    remember_me: bool = strawberry.field(
        default=False, description="Stay logged in for 30 days; else until the browser is closed, at most 12 hours."
    )


@strawberry.input(description="A new password by a mailed link.")
class ResetPasswordInput:
    """From the page that the link opens."""

    token: str = strawberry.field(description="What stands behind # in the link.")
    password: str = strawberry.field(description="The new password; see `passwordPolicy`.")


@strawberry.input(description="The first password of somebody who was invited.")
class AcceptInvitationInput:
    """From the page that the link opens."""

    token: str = strawberry.field(description="What stands behind # in the link.")
    password: str = strawberry.field(description="The password; see `passwordPolicy`.")
    name: str | None = strawberry.field(default=None, description="The own name, when another one was written.")


LinkToken = Annotated[str, strawberry.argument(description="What stands behind # in the link.")]
