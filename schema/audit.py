"""The audit as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from schema.company import Agent, Company
from schema.context import Info
from schema.ids import database_id, global_id
from schema.scalars import Json
from services.audit.read import AuditFilter, AuditRow


@strawberry.type(description="Who did something; all null: the system.")
class AuditActor:
    """A user, with what they came in by and for whom they acted."""

    row: strawberry.Private[AuditRow]
    user_id: strawberry.ID | None = strawberry.field(description="The user.")
    name: str | None = strawberry.field(description="Their name.")
    token_id: strawberry.ID | None = strawberry.field(
        description="The token or session by which they came in, for comparing with other entries."
    )

    @classmethod
    def of(cls, row: AuditRow) -> Self:
        """The actor of a row."""
        return cls(
            row=row,
            user_id=None if row.user_id is None else global_id("User", row.user_id),
            name=row.user_name,
            token_id=None if row.token_id is None else global_id("AccessToken", row.token_id),
        )

    @strawberry.field(description="The agent for which they acted; null if they did not.")
    async def acting_for(self, info: Info) -> Agent | None:
        """Read for all entries of a page at once."""
        row = await info.context.loaders.agents.load(self.row.agent_id) if self.row.agent_id else None
        return Agent.of(row) if row else None


@strawberry.type(description="One change, or one secret shown. Entries are only ever added.")
class AuditEntry:
    """An entry."""

    row: strawberry.Private[AuditRow]
    id: strawberry.ID = strawberry.field(description="The global id.")
    at: datetime = strawberry.field(description="When.")
    actor: AuditActor = strawberry.field(description="Who.")
    address: str | None = strawberry.field(description="Where the request came from; null if it was the system.")
    action: str = strawberry.field(description="What, as a noun and a past participle, for example `group.renamed`.")
    subject: str = strawberry.field(description="On what: a kind and a number, for example `group:7`.")
    before: Json | None = strawberry.field(description="What was changed, as it was.")
    after: Json | None = strawberry.field(description="What was changed, as it became.")
    detail: Json = strawberry.field(description="What else is to be known; never a secret.")

    @classmethod
    def of(cls, row: AuditRow) -> Self:
        """The entry of a row."""
        return cls(
            row=row,
            id=global_id("AuditEntry", row.id),
            at=row.at,
            actor=AuditActor.of(row),
            address=row.address,
            action=row.action,
            subject=row.subject,
            before=None if row.before is None else Json(row.before),
            after=None if row.after is None else Json(row.after),
            detail=Json(row.detail),
        )

    @strawberry.field(description="The company that it concerns; null if none.")
    async def company(self, info: Info) -> Company | None:
        """Read for all entries of a page at once."""
        row = await info.context.loaders.companies.load(self.row.company_id) if self.row.company_id else None
        return Company.of(row) if row else None


@strawberry.input(name="AuditFilter", description="Only some entries.")
class AuditFilterInput:
    """All that are given hold together."""

    company_id: strawberry.ID | None = strawberry.field(default=None, description="Concerning this company.")
    user_id: strawberry.ID | None = strawberry.field(default=None, description="By this user.")
    action: str | None = strawberry.field(default=None, description="Whose action begins so, for example `token.`.")
    since: datetime | None = strawberry.field(default=None, description="From this moment on.")
    until: datetime | None = strawberry.field(default=None, description="Before this moment.")

    def to_domain(self) -> AuditFilter:
        """The filter in database ids; raises `InvalidId`."""
        return AuditFilter(
            None if self.company_id is None else database_id(self.company_id, "Company", "filter", "companyId"),
            None if self.user_id is None else database_id(self.user_id, "User", "filter", "userId"),
            self.action,
            self.since,
            self.until,
        )
