"""Agents: resellers who look after several companies; NovaConnect's administrators make them and give them companies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import Principal
from domain.clock import clock
from domain.contact_data import one_line
from domain.errors import AlreadyExists, Forbidden, NotFound
from models.database import execute, fetch, fetch_row, fetch_value
from services.accounts.companies import require_changeable
from services.audit.record import record
from services.fleet.sim_relations import CompanyRow
from services.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent."""

    id: int
    name: str
    created_at: datetime


async def list_agents(principal: Principal) -> Sequence[AgentRow]:
    """All agents for staff, the own one for an agent's user, none for others; by name."""
    if not principal.is_staff and principal.agent_id is None:
        return []
    rows = await fetch(
        "SELECT id, name, created_at FROM agent WHERE $1::bigint IS NULL OR id = $1 ORDER BY lower(name), id",
        None if principal.is_staff else principal.agent_id,
    )
    return [AgentRow(*row) for row in rows]


async def agents_by_id(ids: list[int]) -> dict[int, AgentRow]:
    """Agents by id."""
    rows = await fetch("SELECT id, name, created_at FROM agent WHERE id = ANY($1::bigint[])", ids)
    return {row["id"]: AgentRow(*row) for row in rows}


async def create_agent(principal: Principal, name: str) -> AgentRow:
    """Make an agent. `Forbidden`, `InvalidValue`, `AlreadyExists`."""
    _require_admin(principal)
    plain = one_line(name, 200, "The name of an agent", "input", "name")
    try:
        async with unit_of_work():
            row = await fetch_row(
                "INSERT INTO agent (name, created_at) VALUES ($1, $2) RETURNING id, name, created_at",
                plain,
                clock.now(),
            )
            assert row is not None
            await record(principal, "agent.created", f"agent:{row['id']}", company_id=None, after={"name": plain})
    except asyncpg.UniqueViolationError:
        raise AlreadyExists("There is an agent of this name already.", path=("input", "name")) from None
    return AgentRow(*row)


async def assign_agent(principal: Principal, company_id: int, agent_id: int | None) -> CompanyRow:
    """Give a company to an agent, whose users see it from then on, or take it away. `Forbidden`, `NotFound`."""
    _require_admin(principal)
    async with unit_of_work():
        old = await require_changeable(principal, company_id)
        if agent_id is not None and not await fetch_value("SELECT id FROM agent WHERE id = $1", agent_id):
            raise NotFound("There is no such agent.", path=("input", "agentId"))
        if old.agent_id != agent_id:
            await execute("UPDATE company SET agent_id = $2 WHERE id = $1", company_id, agent_id)
            await record(
                principal,
                "company.agent_changed",
                f"company:{company_id}",
                company_id=company_id,
                before={"agent": old.agent_id},
                after={"agent": agent_id},
            )
        return await require_changeable(principal, company_id)


def _require_admin(principal: Principal) -> None:
    if not principal.is_admin:
        raise Forbidden("Only NovaConnect's administrators do this.")
