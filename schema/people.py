"""People as the API shows them: the one who asks, their sessions, tokens and views, and the users of a company."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from domain.diagnosis_texts import Language
from domain.scopes import Scope
from models.identity import UserRole
from schema.company import Agent, Company
from schema.context import Info
from schema.ids import global_id
from schema.scalars import Json
from services.accounts.access_tokens import TokenRow, list_tokens
from services.accounts.profile import ProfileRow
from services.accounts.saved_views import ViewRow, list_views
from services.accounts.sessions import SessionRow, list_sessions
from services.accounts.users import UserRow


@strawberry.type(description="A log-in of a browser that lasts.")
class Session:
    """A session."""

    id: strawberry.ID = strawberry.field(description="The global id, for `endSession`.")
    is_current: bool = strawberry.field(description="Whether it is the one that asks.")
    created_at: datetime = strawberry.field(description="When somebody logged in.")
    expires_at: datetime = strawberry.field(description="Until when it lasts.")
    user_agent: str | None = strawberry.field(description="What the browser said it is.")
    address: str | None = strawberry.field(description="The address from which somebody logged in.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used; behind by some seconds.")
    last_used_from: str | None = strawberry.field(description="The address from which it was last used.")

    @classmethod
    def of(cls, row: SessionRow, current: int) -> Self:
        """The session of a row."""
        return cls(
            id=global_id("Session", row.id),
            is_current=row.id == current,
            created_at=row.created_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            address=row.address,
            last_used_at=row.last_used_at,
            last_used_from=row.last_used_from,
        )


@strawberry.type(description="A token for programs, without its secret.")
class AccessToken:
    """A token."""

    id: strawberry.ID = strawberry.field(description="The global id.")
    name: str = strawberry.field(description="The name that it was given.")
    prefix: str = strawberry.field(description="How the secret begins.")
    scopes: list[Scope] = strawberry.field(description="What it is good for.")
    group_ids: list[strawberry.ID] | None = strawberry.field(
        description="The only groups whose SIMs it reaches; null if it is not restricted."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="Until when it is good.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used; behind by some seconds.")
    last_used_from: str | None = strawberry.field(description="The address from which it was last used.")

    @classmethod
    def of(cls, row: TokenRow) -> Self:
        """The token of a row."""
        return cls(
            id=global_id("AccessToken", row.id),
            name=row.name,
            prefix=row.prefix,
            scopes=list(row.scopes),
            group_ids=None if row.group_ids is None else [global_id("SimGroup", each) for each in row.group_ids],
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            last_used_from=row.last_used_from,
        )


@strawberry.type(description="A view of the SIM table that a user keeps.")
class SavedView:
    """A view."""

    id: strawberry.ID = strawberry.field(description="The global id.")
    name: str = strawberry.field(description="Its name, unique for the user.")
    columns: list[str] = strawberry.field(description="Fields of a SIM, in their order.")
    filter: Json | None = strawberry.field(description="A `SimFilter`, to be given to `sims` as it is.")
    order_by: Json | None = strawberry.field(description="A `SimOrder`, to be given to `sims` as it is.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last saved.")

    @classmethod
    def of(cls, row: ViewRow) -> Self:
        """The view of a row."""
        return cls(
            id=global_id("SavedView", row.id),
            name=row.name,
            columns=list(row.columns),
            filter=None if row.filter is None else Json(dict(row.filter)),
            order_by=None if row.order_by is None else Json(dict(row.order_by)),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type(description="The user who asks, as they see themselves.")
class Me:
    """One's own card."""

    row: strawberry.Private[ProfileRow]
    id: strawberry.ID = strawberry.field(description="The global id.")
    name: str = strawberry.field(description="The name.")
    email: str = strawberry.field(description="The address to log in with.")
    role: UserRole = strawberry.field(description="What they may do.")
    language: Language = strawberry.field(description="The language of mails and documents.")
    time_zone: str = strawberry.field(description="The zone of the IANA database that moments are shown in.")
    phone: str | None = strawberry.field(description="The telephone number, E.164 without the plus.")
    created_at: datetime = strawberry.field(description="When the user was made.")
    password_changed_at: datetime | None = strawberry.field(description="When the password was last set.")

    @classmethod
    def of(cls, row: ProfileRow) -> Self:
        """The card of a row."""
        return cls(
            row=row,
            id=global_id("User", row.id),
            name=row.name,
            email=row.email,
            role=UserRole(row.role),
            language=Language(row.language.upper()),
            time_zone=row.time_zone,
            phone=row.phone,
            created_at=row.created_at,
            password_changed_at=row.password_changed_at,
        )

    @strawberry.field(description="The user's company; null for staff and for an agent's users.")
    async def company(self, info: Info) -> Company | None:
        """The company."""
        if self.row.company_id is None:
            return None
        row = await info.context.loaders.companies.load(self.row.company_id)
        return Company.of(row) if row else None

    @strawberry.field(description="The user's agent; null for all but an agent's users.")
    async def agent(self, info: Info) -> Agent | None:
        """The agent."""
        row = await info.context.loaders.agents.load(self.row.agent_id) if self.row.agent_id else None
        return Agent.of(row) if row else None

    @strawberry.field(description="The user's log-ins that last, the newest first.")
    async def sessions(self, info: Info) -> list[Session]:
        """One's own sessions."""
        principal = info.context.principal
        return [Session.of(row, principal.token_id) for row in await list_sessions(principal)]

    @strawberry.field(description="The user's tokens, the newest first.")
    async def access_tokens(self, info: Info) -> list[AccessToken]:
        """One's own tokens."""
        return [AccessToken.of(row) for row in await list_tokens(info.context.principal)]

    @strawberry.field(description="The user's views of the SIM table, by name.")
    async def saved_views(self, info: Info) -> list[SavedView]:
        """One's own views."""
        return [SavedView.of(row) for row in await list_views(info.context.principal)]


@strawberry.type(description="A user, as those see them who manage users.")
class User:
    """A user."""

    row: strawberry.Private[UserRow]
    id: strawberry.ID = strawberry.field(description="The global id.")
    name: str = strawberry.field(description="The name.")
    email: str = strawberry.field(description="The address to log in with.")
    role: UserRole = strawberry.field(description="What they may do.")
    is_disabled: bool = strawberry.field(description="Whether they can do nothing any more.")
    is_invited: bool = strawberry.field(description="Whether they were invited and have not come yet.")
    created_at: datetime = strawberry.field(description="When they were made.")
    last_seen_at: datetime | None = strawberry.field(description="When a session or token of theirs was last used.")

    @classmethod
    def of(cls, row: UserRow) -> Self:
        """The user of a row."""
        return cls(
            row=row,
            id=global_id("User", row.id),
            name=row.name,
            email=row.email,
            role=row.role,
            is_disabled=row.disabled_at is not None,
            is_invited=row.is_invited,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
        )

    @strawberry.field(description="Their company; null for staff and for an agent's users.")
    async def company(self, info: Info) -> Company | None:
        """Read for all users of a page at once."""
        if self.row.company_id is None:
            return None
        row = await info.context.loaders.companies.load(self.row.company_id)
        return Company.of(row) if row else None
