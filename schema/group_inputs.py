"""Inputs and answers of mutations about groups."""

from __future__ import annotations

import strawberry

from schema.group import SimGroup
from schema.payloads import UserError


@strawberry.input(description="A group to make.")
class CreateGroupInput:
    """Input of `createGroup`."""

    name: str = strawberry.field(
        description="1 to 60 characters, unique in the company whatever their case; blanks around it are left out."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose group; only needed by those who see several companies."
    )


@strawberry.input(description="Another name for a group.")
class RenameGroupInput:
    """Input of `renameGroup`."""

    id: strawberry.ID = strawberry.field(description="The global id of the group.")
    name: str = strawberry.field(description="As in `createGroup`.")


@strawberry.input(description="A group to delete.")
class DeleteGroupInput:
    """Input of `deleteGroup`."""

    id: strawberry.ID = strawberry.field(description="The global id of the group; its SIMs stay.")


@strawberry.type(description="The group that was made, changed or deleted, or why it was not.")
class GroupPayload:
    """Answer of mutations about groups."""

    group: SimGroup | None = strawberry.field(
        description="The group as it stands now (a deleted one as it was); null on a refusal."
    )
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
