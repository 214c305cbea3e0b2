"""Making, renaming and deleting groups; their SIMs stay whatever becomes of a group."""

from __future__ import annotations

import asyncpg

from access import Principal, limit_to_visible_groups
from domain.changes import group_name
from domain.clock import clock
from domain.errors import InvalidValue, NameTaken, NotFound
from eventstream import SimsChanged
from models.database import execute, fetch, fetch_row
from models.where import Where
from services.audit.record import record
from services.fleet.list_groups import GroupRow
from services.unit_of_work import UnitOfWork, unit_of_work

_ENSURE = """
INSERT INTO sim_group (company_id, name, created_at) VALUES ($1, $2, $3)
ON CONFLICT (company_id, lower(name COLLATE pg_c_utf8)) DO UPDATE SET name = sim_group.name
RETURNING id
"""


async def create_group(principal: Principal, name: str, company_id: int | None) -> GroupRow:
    """Make an empty group; `company_id` may be left out by those who belong to one company.

    Raises `Forbidden`, `InvalidValue`, `NameTaken`, and `NotFound` for a company the principal cannot see.
    """
    principal.require_write()
    principal.require_whole_company()
    plain = group_name(name, "name")
    owner = await _owner(principal, company_id)
    try:
        async with unit_of_work():
            row = await fetch_row(
                "INSERT INTO sim_group (company_id, name, created_at) VALUES ($1, $2, $3)"
                " RETURNING id, company_id, name, created_at",
                owner,
                plain,
                clock.now(),
            )
            assert row is not None
            await _record(principal, "group.created", row, after=row["name"])
    except asyncpg.UniqueViolationError:
        raise _taken() from None
    return GroupRow(*row)


async def rename_group(principal: Principal, group_id: int, name: str) -> GroupRow:
    """Give a group another name. Raises as `create_group`; `NotFound` for a group the principal cannot see."""
    principal.require_write()
    principal.require_whole_company()
    plain = group_name(name, "name")
    try:
        async with unit_of_work() as uow:
            old = await _require(principal, group_id)
            row = await fetch_row(
                "UPDATE sim_group SET name = $2 WHERE id = $1 RETURNING id, company_id, name, created_at",
                group_id,
                plain,
            )
            assert row is not None
            await _record(principal, "group.renamed", row, before=old["name"], after=row["name"])
            await _tell(uow, row)
    except asyncpg.UniqueViolationError:
        raise _taken() from None
    return GroupRow(*row)


async def delete_group(principal: Principal, group_id: int) -> GroupRow:
    """Delete a group and return it as it was; its SIMs stay. Raises `Forbidden` and `NotFound`."""
    principal.require_write()
    principal.require_whole_company()
    async with unit_of_work() as uow:
        row = await _require(principal, group_id)
        await _tell(uow, row)
        await execute("DELETE FROM sim_group WHERE id = $1", group_id)
        await _record(principal, "group.deleted", row, before=row["name"])
    return GroupRow(*row)


async def group_ids_by_name(company_id: int, names: tuple[str, ...]) -> list[int]:
    """The company's groups with these names (valid ones, whatever their case); those it does not have are made."""
    ids: list[int] = []
    for name in dict.fromkeys(group_name(name, "createByName") for name in names):
        row = await fetch_row(_ENSURE, company_id, name, clock.now())
        assert row is not None
        ids.append(row["id"])
    return ids


async def _owner(principal: Principal, company_id: int | None) -> int:
    if company_id is None:
        if principal.company_ids is None or len(principal.company_ids) != 1:
            raise InvalidValue("You see several companies: say whose group it shall be.", path=("companyId",))
        return principal.company_ids[0]
    row = await fetch_row("SELECT id FROM company WHERE id = $1", company_id)
    if row is None or not principal.sees(company_id):
        raise NotFound("There is no such company.", path=("companyId",))
    return company_id


async def _require(principal: Principal, group_id: int) -> asyncpg.Record:
    where = Where()
    limit_to_visible_groups(principal, where, "g")
    where.add(f"g.id = {where.bind(group_id)}")
    row = await fetch_row(
        f"SELECT g.id, g.company_id, g.name, g.created_at FROM sim_group g WHERE {where.sql} FOR UPDATE",  # noqa: S608
        *where.arguments,
    )
    if row is None:
        raise NotFound("There is no such group.", path=("id",))
    return row


async def _tell(uow: UnitOfWork, row: asyncpg.Record) -> None:
    members = await fetch("SELECT sim_id FROM sim_group_member WHERE group_id = $1", row["id"])
    if members:
        uow.publish(SimsChanged(row["company_id"], tuple(member["sim_id"] for member in members)))


async def _record(
    principal: Principal, action: str, row: asyncpg.Record, *, before: str | None = None, after: str | None = None
) -> None:
    await record(
        principal,
        action,
        f"group:{row['id']}",
        company_id=row["company_id"],
        before=None if before is None else {"name": before},
        after=None if after is None else {"name": after},
    )


def _taken() -> NameTaken:
    return NameTaken("The company has a group of this name already: choose another one.", path=("name",))
