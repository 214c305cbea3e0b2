"""Root fields that read people, companies and the audit."""

from __future__ import annotations

from typing import Annotated

import strawberry

from models.identity import CompanyState
from schema.arguments import After, Before, First, Last
from schema.audit import AuditEntry, AuditFilterInput
from schema.company import Agent, Company
from schema.connections import Connection
from schema.context import Info
from schema.ids import database_id
from schema.people import AccessToken, Me, SavedView, User
from services.accounts.access_tokens import list_tokens
from services.accounts.agents import list_agents
from services.accounts.companies import CompanyFilter, count_companies, get_company, list_companies
from services.accounts.profile import own_profile
from services.accounts.saved_views import list_views
from services.accounts.users import count_users, list_users
from services.audit.read import AuditFilter, count_audit, list_audit
from services.paging import PageRequest


@strawberry.type
class AccountQuery:
    """Reading people and companies."""

    @strawberry.field(description="The user who asks, with their sessions, tokens and views.")
    async def me(self, info: Info) -> Me:
        """One's own card."""
        return Me.of(await own_profile(info.context.principal))

    @strawberry.field(description="Your views of the SIM table, by name.")
    async def saved_views(self, info: Info) -> list[SavedView]:
        """One's own views."""
        return [SavedView.of(row) for row in await list_views(info.context.principal)]

    @strawberry.field(description="Your tokens, the newest first, without their secrets.")
    async def access_tokens(self, info: Info) -> list[AccessToken]:
        """One's own tokens."""
        return [AccessToken.of(row) for row in await list_tokens(info.context.principal)]

    @strawberry.field(description="One company; null if there is none or it is not yours to see.")
    async def company(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> Company | None:
        """One company."""
        row = await get_company(info.context.principal, database_id(id, "Company", "id"))
        return Company.of(row) if row else None

    @strawberry.field(
        description="The companies that you may see, by name: an agent's panel, and the registrations that staff approve."
    )
    async def companies(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[
            str | None, strawberry.argument(description="Part of the name, or the whole tax number.")
        ] = None,
        states: Annotated[
            list[CompanyState] | None, strawberry.argument(description="Only companies in these states.")
        ] = None,
        agent_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only those that this agent looks after.")
        ] = None,
    ) -> Connection[Company]:
        """A page of companies."""
        principal = info.context.principal
        agent = None if agent_id is None else database_id(agent_id, "Agent", "agentId")
        wanted = CompanyFilter(search, states, agent)
        page = await list_companies(principal, wanted, PageRequest(first, after, last, before))
        return Connection(page=page, make=Company.of, count=lambda: count_companies(principal, wanted))

    @strawberry.field(description="The users that you may see, by name.")
    async def users(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        company_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only users of this company.")
        ] = None,
    ) -> Connection[User]:
        """A page of users."""
        company = None if company_id is None else database_id(company_id, "Company", "companyId")
        page, counted = await list_users(info.context.principal, PageRequest(first, after, last, before), company)
        return Connection(page=page, make=User.of, count=lambda: count_users(counted))

    @strawberry.field(description="All agents for staff, your own one for an agent's users, else none; by name.")
    async def agents(self, info: Info) -> list[Agent]:
        """Agents."""
        return [Agent.of(row) for row in await list_agents(info.context.principal)]

    @strawberry.field(description="Who did what, the newest first: for owners and agents that of their companies.")
    async def audit_log(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[AuditFilterInput | None, strawberry.argument(description="Only some of it.")] = None,
    ) -> Connection[AuditEntry]:
        """A page of the audit."""
        principal, wanted = info.context.principal, filter.to_domain() if filter else AuditFilter()
        page = await list_audit(principal, wanted, PageRequest(first, after, last, before))
        return Connection(page=page, make=AuditEntry.of, count=lambda: count_audit(principal, wanted))
