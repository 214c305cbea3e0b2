"""Who there is: companies, and the user who asks."""

from __future__ import annotations

from typing import Self

import strawberry

from access import Principal
from models.identity import UserRole
from schema.connections import Node
from schema.context import Info
from schema.ids import global_id
from schema.legal_entity import LegalEntity
from services.fleet.sim_relations import CompanyRow


@strawberry.type(description="A customer of NovaConnect.")
class Company(Node):
    """A company."""

    row: strawberry.Private[CompanyRow]
    name: str = strawberry.field(description="Its name.")
    country: str = strawberry.field(description="Its country, ISO 3166 alpha-2.")

    @classmethod
    def of(cls, row: CompanyRow) -> Self:
        """The company of a row."""
        return cls(id=global_id("Company", row.id), row=row, name=row.name, country=row.country)

    @strawberry.field(description="Who bills it, by its country; null as long as no legal entity is set up.")
    async def legal_entity(self, info: Info) -> LegalEntity | None:
        """Read for all companies of a page at once."""
        entity = await info.context.loaders.entities_of_companies.load(self.row.id)
        return LegalEntity.of(entity) if entity else None


@strawberry.type(description="The user behind the access token.")
class Viewer:
    """Who asks."""

    principal: strawberry.Private[Principal]
    id: strawberry.ID = strawberry.field(description="The global id of the user.")
    name: str = strawberry.field(description="Their name.")
    role: UserRole = strawberry.field(description="What they may do.")

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """The viewer of a principal."""
        user_id = global_id("User", principal.user_id)
        return cls(principal=principal, id=user_id, name=principal.user_name, role=principal.role)

    @strawberry.field(description="Their company; null for NovaConnect's own staff.")
    async def company(self, info: Info) -> Company | None:
        """The one company of a company user."""
        if not self.principal.company_ids:
            return None
        row = await info.context.loaders.companies.load(self.principal.company_ids[0])
        return Company.of(row) if row else None
