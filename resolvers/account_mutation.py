"""Root fields by which users change what is their own: card, password, sessions, views, tokens."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from access import Principal
from domain.errors import DomainError
from schema.context import Info
from schema.ids import database_id, database_ids
from schema.input_json import as_json
from schema.payloads import UserError
from schema.people import AccessToken, Me, SavedView
from schema.people_inputs import (
    AccessTokenPayload,
    ChangePasswordInput,
    CreateAccessTokenInput,
    DonePayload,
    ProfilePayload,
    ReissueAccessTokenInput,
    SavedViewPayload,
    SaveViewInput,
    SessionsPayload,
    UpdateProfileInput,
)
from services.accounts.access_tokens import TokenRow, create_token, delete_token, reissue_token
from services.accounts.profile import update_profile
from services.accounts.reset_password import change_password
from services.accounts.saved_views import ViewRow, delete_view, save_view
from services.accounts.sessions import end_all_sessions, end_session

Id = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]


@strawberry.type
class AccountMutation:
    """Changing what is one's own."""

    @strawberry.mutation(description="Change your name, language, time zone or telephone number.")
    async def update_profile(
        self, info: Info, input: Annotated[UpdateProfileInput, strawberry.argument(description="What.")]
    ) -> ProfilePayload:
        """Change one's own card."""
        given = {"name": input.name, "language": input.language, "time_zone": input.time_zone}
        if input.phone is not strawberry.UNSET:
            given["phone"] = input.phone
        try:
            return ProfilePayload(me=Me.of(await update_profile(info.context.principal, given)), user_errors=[])
        except DomainError as refusal:
            return ProfilePayload(me=None, user_errors=[UserError.of(refusal)])

    @strawberry.mutation(description="Change your password; your other sessions end.")
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, strawberry.argument(description="Both passwords.")]
    ) -> DonePayload:
        """Change it."""
        return await _done(change_password(info.context.principal, input.current_password, input.new_password))

    @strawberry.mutation(description="End one of your sessions.")
    async def end_session(self, info: Info, id: Id) -> DonePayload:
        """End it."""
        return await _done(_end(info.context.principal, id))

    @strawberry.mutation(description="End all your sessions, or all but the one that asks. Tokens stay.")
    async def log_out_everywhere(
        self,
        info: Info,
        but_this: Annotated[bool, strawberry.argument(description="Whether the session that asks stays.")] = False,
    ) -> SessionsPayload:
        """End them."""
        return SessionsPayload(ended=await end_all_sessions(info.context.principal, but_this=but_this), user_errors=[])

    @strawberry.mutation(description="Keep a view of the SIM table; one of the same name is replaced.")
    async def save_view(
        self, info: Info, input: Annotated[SaveViewInput, strawberry.argument(description="The view.")]
    ) -> SavedViewPayload:
        """Keep it."""
        return await _view(
            save_view(
                info.context.principal,
                input.name,
                input.columns,
                as_json(input.filter),
                as_json(input.order_by),
            )
        )

    @strawberry.mutation(description="Delete one of your views.")
    async def delete_view(self, info: Info, id: Id) -> SavedViewPayload:
        """Delete it."""
        return await _view(_delete_view(info.context.principal, id))

    @strawberry.mutation(description="Make a token for programs. Its secret is shown this once.")
    async def create_access_token(
        self, info: Info, input: Annotated[CreateAccessTokenInput, strawberry.argument(description="The token.")]
    ) -> AccessTokenPayload:
        """Make it."""
        return await _token(_create_token(info.context.principal, input))

    @strawberry.mutation(description="Delete one of your tokens; whoever uses it is refused from then on.")
    async def delete_access_token(self, info: Info, id: Id) -> AccessTokenPayload:
        """Delete it."""
        return await _token(_delete_token(info.context.principal, id))

    @strawberry.mutation(
        description="Show a token again: as nobody can read its secret, it gets another one, and the old one ends."
    )
    async def reissue_access_token(
        self, info: Info, input: Annotated[ReissueAccessTokenInput, strawberry.argument(description="Which.")]
    ) -> AccessTokenPayload:
        """Issue it anew."""
        return await _token(_reissue(info.context.principal, input))


async def _done(work: Awaitable[object]) -> DonePayload:
    try:
        await work
    except DomainError as refusal:
        return DonePayload(ok=False, user_errors=[UserError.of(refusal)])
    return DonePayload(ok=True, user_errors=[])


async def _view(work: Awaitable[ViewRow]) -> SavedViewPayload:
    try:
        return SavedViewPayload(view=SavedView.of(await work), user_errors=[])
    except DomainError as refusal:
        return SavedViewPayload(view=None, user_errors=[UserError.of(refusal)])


async def _token(work: Awaitable[tuple[TokenRow, str | None]]) -> AccessTokenPayload:
    try:
        row, secret = await work
    except DomainError as refusal:
        return AccessTokenPayload(access_token=None, secret=None, user_errors=[UserError.of(refusal)])
    return AccessTokenPayload(access_token=AccessToken.of(row), secret=secret, user_errors=[])


async def _end(principal: Principal, id: str) -> None:
    await end_session(principal, database_id(id, "Session", "id"))


async def _delete_view(principal: Principal, id: str) -> ViewRow:
    return await delete_view(principal, database_id(id, "SavedView", "id"))


async def _create_token(principal: Principal, asked: CreateAccessTokenInput) -> tuple[TokenRow, str | None]:
    groups = None if asked.group_ids is None else database_ids(asked.group_ids, "SimGroup", "input", "groupIds")
    return await create_token(principal, asked.name, asked.scopes, groups, asked.expires_at)


async def _delete_token(principal: Principal, id: str) -> tuple[TokenRow, str | None]:
    return await delete_token(principal, database_id(id, "AccessToken", "id")), None


async def _reissue(principal: Principal, asked: ReissueAccessTokenInput) -> tuple[TokenRow, str | None]:
    return await reissue_token(principal, database_id(asked.id, "AccessToken", "input", "id"), asked.password)
