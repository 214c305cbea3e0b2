"""Reading the audit: owners and agents that of their companies, staff all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from access import Principal
from domain.errors import Forbidden
from models.database import fetch_value
from models.identity import UserRole
from models.where import Where
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest

_NEWEST = ListOrder("AUDIT", "e.id", descending=True)
_COLUMNS = """e.id, e.at, e.company_id, e.user_id, u.name AS user_name, e.agent_id, e.token_id, e.address, e.action,
  e.subject, e.before, e.after, e.detail"""
_FROM = "audit_entry e LEFT JOIN visible_person u ON u.id = e.user_id"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: of a company, by a user, with an action that begins so, within a span of time."""

    company_id: int | None = None
    user_id: int | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry; `user_id` None: the system, or somebody unknown who tried to log in."""

    id: int
    at: datetime
    company_id: int | None
    user_id: int | None
    user_name: str | None
    agent_id: int | None
    token_id: int | None
    address: str | None
    action: str
    subject: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    detail: dict[str, object]


async def list_audit(principal: Principal, wanted: AuditFilter, request: PageRequest) -> Page[AuditRow]:
    """One page, newest first; `Forbidden` for managers and viewers."""
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM {_FROM} WHERE {conditions} {tail}",  # noqa: S608
        _conditions(principal, wanted),
        _NEWEST,
        request,
        _row,
    )


async def count_audit(principal: Principal, wanted: AuditFilter) -> int:
    """How many there are."""
    where = _conditions(principal, wanted)
    return int(await fetch_value(f"SELECT count(*) FROM audit_entry e WHERE {where.sql}", *where.arguments))  # noqa: S608


def _conditions(principal: Principal, wanted: AuditFilter) -> Where:
    if principal.role not in (UserRole.OWNER, UserRole.AGENT) and not principal.is_staff:
        raise Forbidden("Only owners see the audit of their company: ask one of them.")
    where = Where()
    if principal.company_ids is not None:
        mine = f"e.company_id = ANY({where.bind(list(principal.company_ids))}::bigint[])"
        if principal.agent_id is not None:
            mine += f" OR (e.company_id IS NULL AND e.agent_id = {where.bind(principal.agent_id)})"
        where.add(mine)
    if wanted.company_id is not None:
        where.add(f"e.company_id = {where.bind(wanted.company_id)}")
    if wanted.user_id is not None:
        where.add(f"e.user_id = {where.bind(wanted.user_id)}")
    if wanted.action:
        where.add(f"starts_with(e.action, {where.bind(wanted.action)})")
    if wanted.since is not None:
        where.add(f"e.at >= {where.bind(wanted.since)}")
    if wanted.until is not None:
        where.add(f"e.at < {where.bind(wanted.until)}")
    return where


def _row(row: asyncpg.Record) -> AuditRow:
    values = {name: row[name] for name in AuditRow.__dataclass_fields__}
    for name in ("before", "after", "detail"):
        values[name] = None if values[name] is None else orjson.loads(values[name])
    return AuditRow(**values)
