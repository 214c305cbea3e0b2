"""Root fields that change companies, their users, and agents."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from access import Principal
from domain.errors import DomainError
from schema.company import Agent, Company
from schema.context import Info
from schema.ids import database_id
from schema.payloads import UserError
from schema.people import User
from schema.people_inputs import (
    AgentPayload,
    AssignAgentInput,
    ChangeUserRoleInput,
    CompanyCardInput,
    CompanyPayload,
    CreateAgentInput,
    CreateCompanyInput,
    InviteUserInput,
    SetCompanyStateInput,
    UpdateCompanyInput,
    UserPayload,
)
from services.accounts.agents import assign_agent, create_agent
from services.accounts.companies import create_company, set_company_state, update_company
from services.accounts.users import Invitation, UserRow, change_role, invite_again, invite_user, set_disabled
from services.fleet.sim_relations import CompanyRow

UserId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the user.")]

_CARD = tuple(CompanyCardInput.__annotations__)


@strawberry.type
class CompanyMutation:
    """Changing companies, their users, and agents."""

    @strawberry.mutation(description="Make a company without users: for staff, and for an agent, whose it then is.")
    async def create_company(
        self, info: Info, input: Annotated[CreateCompanyInput, strawberry.argument(description="Its card.")]
    ) -> CompanyPayload:
        """Make it."""
        return await _company(create_company(info.context.principal, _card(input)))

    @strawberry.mutation(description="Change a company's card: for staff and for the company's agent.")
    async def update_company(
        self, info: Info, input: Annotated[UpdateCompanyInput, strawberry.argument(description="Which, and what.")]
    ) -> CompanyPayload:
        """Change it."""
        return await _company(_update(info.context.principal, input))

    @strawberry.mutation(description="Approve a registration, close a company or open it again: for staff.")
    async def set_company_state(
        self, info: Info, input: Annotated[SetCompanyStateInput, strawberry.argument(description="Which, and how.")]
    ) -> CompanyPayload:
        """Change the state."""
        return await _company(_set_state(info.context.principal, input))

    @strawberry.mutation(description="Give a company to an agent, or take it away: for administrators.")
    async def assign_agent(
        self, info: Info, input: Annotated[AssignAgentInput, strawberry.argument(description="Which to whom.")]
    ) -> CompanyPayload:
        """Assign it."""
        return await _company(_assign(info.context.principal, input))

    @strawberry.mutation(description="Make an agent: for administrators.")
    async def create_agent(
        self, info: Info, input: Annotated[CreateAgentInput, strawberry.argument(description="Its name.")]
    ) -> AgentPayload:
        """Make it."""
        try:
            return AgentPayload(agent=Agent.of(await create_agent(info.context.principal, input.name)), user_errors=[])
        except DomainError as refusal:
            return AgentPayload(agent=None, user_errors=[UserError.of(refusal)])

    @strawberry.mutation(description="Invite somebody by mail: for owners, agents and staff.")
    async def invite_user(
        self, info: Info, input: Annotated[InviteUserInput, strawberry.argument(description="Whom.")]
    ) -> UserPayload:
        """Invite them."""
        return await _user(_invite(info.context.principal, input))

    @strawberry.mutation(description="Mail another invitation to somebody who has not come yet.")
    async def invite_user_again(self, info: Info, id: UserId) -> UserPayload:
        """Invite them again."""
        return await _user(_invite_again(info.context.principal, id))

    @strawberry.mutation(description="Give a user another role; a company keeps at least one owner.")
    async def change_user_role(
        self, info: Info, input: Annotated[ChangeUserRoleInput, strawberry.argument(description="Who, and which.")]
    ) -> UserPayload:
        """Change it."""
        return await _user(_change_role(info.context.principal, input))

    @strawberry.mutation(description="Disable a user: they can do nothing any more, and their sessions end.")
    async def disable_user(self, info: Info, id: UserId) -> UserPayload:
        """Disable them."""
        return await _user(_set_disabled(info.context.principal, id, True))

    @strawberry.mutation(description="Let a disabled user in again.")
    async def enable_user(self, info: Info, id: UserId) -> UserPayload:
        """Enable them."""
        return await _user(_set_disabled(info.context.principal, id, False))


async def _company(work: Awaitable[CompanyRow]) -> CompanyPayload:
    try:
        return CompanyPayload(company=Company.of(await work), user_errors=[])
    except DomainError as refusal:
        return CompanyPayload(company=None, user_errors=[UserError.of(refusal)])


async def _user(work: Awaitable[UserRow]) -> UserPayload:
    try:
        return UserPayload(user=User.of(await work), user_errors=[])
    except DomainError as refusal:
        return UserPayload(user=None, user_errors=[UserError.of(refusal)])


def _card(asked: CompanyCardInput) -> dict[str, object]:
    return {name: getattr(asked, name) for name in _CARD}


async def _update(principal: Principal, asked: UpdateCompanyInput) -> CompanyRow:
    return await update_company(principal, database_id(asked.id, "Company", "input", "id"), _card(asked))


async def _set_state(principal: Principal, asked: SetCompanyStateInput) -> CompanyRow:
    return await set_company_state(principal, database_id(asked.id, "Company", "input", "id"), asked.state)


async def _assign(principal: Principal, asked: AssignAgentInput) -> CompanyRow:
    company_id = database_id(asked.company_id, "Company", "input", "companyId")
    agent_id = None if asked.agent_id is None else database_id(asked.agent_id, "Agent", "input", "agentId")
    return await assign_agent(principal, company_id, agent_id)


async def _invite(principal: Principal, asked: InviteUserInput) -> UserRow:
    invitation = Invitation(
        email=asked.email,
        name=asked.name,
        role=asked.role,
        language=asked.language,
        company_id=None if asked.company_id is None else database_id(asked.company_id, "Company", "input", "companyId"),
        agent_id=None if asked.agent_id is None else database_id(asked.agent_id, "Agent", "input", "agentId"),
    )
    return await invite_user(principal, invitation)


async def _invite_again(principal: Principal, id: str) -> UserRow:
    return await invite_again(principal, database_id(id, "User", "id"))


async def _change_role(principal: Principal, asked: ChangeUserRoleInput) -> UserRow:
    return await change_role(principal, database_id(asked.id, "User", "input", "id"), asked.role)


async def _set_disabled(principal: Principal, id: str, disabled: bool) -> UserRow:
    return await set_disabled(principal, database_id(id, "User", "id"), disabled)
