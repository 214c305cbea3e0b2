"""Who there is: companies, and the user who asks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from access import Principal
from models.identity import CompanyState, PaymentSystem, UserRole
from schema.connections import Node
from schema.context import Info
from schema.ids import global_id
from schema.legal_entity import LegalEntity
from services.accounts.agents import AgentRow
from services.fleet.sim_relations import CompanyRow


@strawberry.type(description="A reseller who looks after several companies.")
class Agent:
    """An agent."""

    id: strawberry.ID = strawberry.field(description="The global id, for comparing and for `assignAgent`.")
    name: str = strawberry.field(description="Its name.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: AgentRow) -> Self:
        """The agent of a row."""
        return cls(id=global_id("Agent", row.id), name=row.name, created_at=row.created_at)


@strawberry.type(description="What a company owes in one currency.")
class Debt:
    """An amount."""

    currency: str = strawberry.field(description="The currency, ISO 4217.")
    amount: Decimal = strawberry.field(description="How much.")


@strawberry.type(description="A customer of NovaConnect.")
class Company(Node):
    """A company."""

    row: strawberry.Private[CompanyRow]
    name: str = strawberry.field(description="Its name.")
    country: str = strawberry.field(description="Its country, ISO 3166 alpha-2.")
    tax_number: str | None = strawberry.field(description="Its tax number; null if it is not known.")
    contract_number: str | None = strawberry.field(description="The number of its contract with NovaConnect.")
    responsible_person: str | None = strawberry.field(description="Who is responsible there.")
    payment_system: PaymentSystem = strawberry.field(description="When it pays.")
    email: str | None = strawberry.field(description="Where invoices and reminders go, besides its users.")
    whatsapp: str | None = strawberry.field(description="The number to which news of invoices go by WhatsApp, E.164.")
    state: CompanyState = strawberry.field(description="Whether its users can come in.")
    created_at: datetime = strawberry.field(description="When it was registered.")

    @classmethod
    def of(cls, row: CompanyRow) -> Self:
        """The company of a row."""
        return cls(
            id=global_id("Company", row.id),
            row=row,
            name=row.name,
            country=row.country,
            tax_number=row.tax_number,
            contract_number=row.contract_number,
            responsible_person=row.responsible_person,
            payment_system=PaymentSystem(row.payment_system),
            email=row.email,
            whatsapp=row.whatsapp,
            state=CompanyState(row.state),
            created_at=row.created_at,
        )

    @strawberry.field(description="The agent who looks after it; null if nobody does.")
    async def agent(self, info: Info) -> Agent | None:
        """Read for all companies of a page at once."""
        if self.row.agent_id is None:
            return None
        row = await info.context.loaders.agents.load(self.row.agent_id)
        return Agent.of(row) if row else None

    @strawberry.field(description="How many SIMs it has.")
    async def sim_count(self, info: Info) -> int:
        """Read for all companies of a page at once."""
        return await info.context.loaders.company_sims.load(self.row.id)

    @strawberry.field(description="How many of its SIMs are locked, for whatever reason.")
    async def locked_sim_count(self, info: Info) -> int:
        """Read for all companies of a page at once."""
        return await info.context.loaders.company_locked.load(self.row.id)

    @strawberry.field(
        description="What it owes, by currency: the unpaid part of its issued invoices; empty if nothing."
    )
    async def debts(self, info: Info) -> list[Debt]:
        """Read for all companies of a page at once."""
        owed = await info.context.loaders.company_debts.load(self.row.id)
        return [Debt(currency=currency, amount=amount) for currency, amount in sorted(owed.items())]

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
