"""Root fields that change groups."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from access import Principal
from domain.errors import DomainError
from schema.context import Info
from schema.group import SimGroup
from schema.group_inputs import CreateGroupInput, DeleteGroupInput, GroupPayload, RenameGroupInput
from schema.ids import database_id
from schema.payloads import UserError
from services.fleet.group_rows import create_group, delete_group, rename_group
from services.fleet.list_groups import GroupRow


@strawberry.type
class GroupMutation:
    """Making, renaming and deleting groups."""

    @strawberry.mutation(description="Make an empty group.")
    async def create_group(
        self, info: Info, input: Annotated[CreateGroupInput, strawberry.argument(description="The group.")]
    ) -> GroupPayload:
        """Make it."""
        return await _answer(_create(info.context.principal, input))

    @strawberry.mutation(description="Give a group another name.")
    async def rename_group(
        self, info: Info, input: Annotated[RenameGroupInput, strawberry.argument(description="Which, and the name.")]
    ) -> GroupPayload:
        """Rename it."""
        return await _answer(_rename(info.context.principal, input))

    @strawberry.mutation(description="Delete a group; its SIMs stay.")
    async def delete_group(
        self, info: Info, input: Annotated[DeleteGroupInput, strawberry.argument(description="Which.")]
    ) -> GroupPayload:
        """Delete it."""
        return await _answer(_delete(info.context.principal, input))


async def _answer(work: Awaitable[GroupRow]) -> GroupPayload:
    try:
        return GroupPayload(group=SimGroup.of(await work), user_errors=[])
    except DomainError as refusal:
        return GroupPayload(group=None, user_errors=[UserError.of(refusal)])


async def _create(principal: Principal, asked: CreateGroupInput) -> GroupRow:
    company_id = None if asked.company_id is None else database_id(asked.company_id, "Company", "companyId")
    return await create_group(principal, asked.name, company_id)


async def _rename(principal: Principal, asked: RenameGroupInput) -> GroupRow:
    return await rename_group(principal, database_id(asked.id, "SimGroup", "id"), asked.name)


async def _delete(principal: Principal, asked: DeleteGroupInput) -> GroupRow:
    return await delete_group(principal, database_id(asked.id, "SimGroup", "id"))
