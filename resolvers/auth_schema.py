"""Root fields of `/auth/graphql`, and the schema: log-in, registration and passwords, for those who are not logged in."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import lru_cache
from typing import Annotated, Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from access import authenticate
from domain.errors import DomainError
from resolvers.error_policy import NovaSchema
from schema.auth import (
    AcceptInvitationInput,
    AuthError,
    AuthInfo,
    AuthPayload,
    ConfirmEmailPayload,
    LinkToken,
    LogInInput,
    LogInPayload,
    PasswordPolicy,
    RegisterInput,
    ResetPasswordInput,
    SessionUser,
)
from services.accounts.log_in import log_in, log_out
from services.accounts.passwords import MAX_BYTES, MIN_CHARACTERS
from services.accounts.register import Registration, confirm_email, register
from services.accounts.reset_password import accept_invitation, request_password_reset, reset_password


@strawberry.type(description="What those may ask who are not logged in.")
class AuthQuery:
    """Reading."""

    @strawberry.field(description="What a new password has to be.")
    def password_policy(self) -> PasswordPolicy:
        """The rules."""
        return PasswordPolicy(min_characters=MIN_CHARACTERS, max_bytes=MAX_BYTES)

    @strawberry.field(description="The user of the session in the cookie; null when nobody is logged in.")
    async def session(self, info: AuthInfo) -> SessionUser | None:
        """For a page that does not know yet whether to show the log-in."""
        secret = info.context.session_secret
        principal = await authenticate(secret) if secret else None
        return SessionUser(name=principal.user_name, role=principal.role) if principal else None


@strawberry.type(description="Coming in. Answers do not tell which addresses are known.")
class AuthMutation:
    """Changing."""

    @strawberry.mutation(description="Register a company and its first owner. A link is mailed; then staff approve.")
    async def register(self, input: Annotated[RegisterInput, strawberry.argument(description="Both.")]) -> AuthPayload:
        """Take a registration."""
        return await _done(register(Registration(**{name: getattr(input, name) for name in _REGISTRATION})))

    @strawberry.mutation(description="Confirm an e-mail address by the mailed link.")
    async def confirm_email(self, token: LinkToken) -> ConfirmEmailPayload:
        """Confirm it."""
        try:
            awaits = await confirm_email(token)
        except DomainError as refusal:
            return ConfirmEmailPayload(ok=False, awaits_approval=False, user_errors=[AuthError.of(refusal)])
        return ConfirmEmailPayload(ok=True, awaits_approval=awaits, user_errors=[])

    @strawberry.mutation(description="Log in. The answer sets the cookie that /graphql takes instead of a token.")
    async def log_in(
        self, info: AuthInfo, input: Annotated[LogInInput, strawberry.argument(description="Who.")]
    ) -> LogInPayload:
        """Open a session."""
        context = info.context
        try:
            who = await log_in(input.email, input.password, remember=input.remember_me, user_agent=context.user_agent)
        except DomainError as refusal:
            return LogInPayload(user=None, user_errors=[AuthError.of(refusal)])
        context.opened = who.session
        return LogInPayload(user=SessionUser(name=who.name, role=who.role), user_errors=[])

    @strawberry.mutation(description="End the session of the cookie, and remove the cookie.")
    async def log_out(self, info: AuthInfo) -> AuthPayload:
        """End it; a second time does no harm."""
        if info.context.session_secret:
            await log_out(info.context.session_secret)
        info.context.closed = True
        return AuthPayload(ok=True, user_errors=[])

    @strawberry.mutation(
        description="Mail a link for a new password, if the address is known; the answer does not tell."
    )
    async def request_password_reset(
        self, email: Annotated[str, strawberry.argument(description="The address of the account.")]
    ) -> AuthPayload:
        """Take the request."""
        return await _done(request_password_reset(email))

    @strawberry.mutation(description="Set a new password by a mailed link. All sessions of the user end.")
    async def reset_password(
        self, input: Annotated[ResetPasswordInput, strawberry.argument(description="Link and password.")]
    ) -> AuthPayload:
        """Set it."""
        return await _done(reset_password(input.token, input.password))

    @strawberry.mutation(description="Set the first password of somebody invited; then they can log in.")
    async def accept_invitation(
        self, input: Annotated[AcceptInvitationInput, strawberry.argument(description="Link, password, name.")]
    ) -> AuthPayload:
        """Set it."""
        return await _done(accept_invitation(input.token, input.password, input.name))


_REGISTRATION = tuple(Registration.__dataclass_fields__)


async def _done(work: Awaitable[Any]) -> AuthPayload:
    try:
        await work
    except DomainError as refusal:
        return AuthPayload(ok=False, user_errors=[AuthError.of(refusal)])
    return AuthPayload(ok=True, user_errors=[])


@lru_cache(maxsize=1)
def build_auth_schema() -> NovaSchema:
    """The schema; made once a process."""
    return NovaSchema(
        query=AuthQuery,
        mutation=AuthMutation,
        config=StrawberryConfig(),
    )
