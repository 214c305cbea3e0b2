"""Groups of SIMs."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from schema.connections import Node
from schema.context import Info
from schema.ids import global_id
from services.fleet.list_groups import GroupRow


@strawberry.type(description="A customer's own grouping of SIMs; a SIM may be in several.")
class SimGroup(Node):
    """A group."""

    row_id: strawberry.Private[int]
    name: str = strawberry.field(description="Its name, unique in the company.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: GroupRow) -> Self:
        """The group of a row."""
        return cls(id=global_id("SimGroup", row.id), row_id=row.id, name=row.name, created_at=row.created_at)

    @strawberry.field(description="How many SIMs are in it.")
    async def size(self, info: Info) -> int:
        """Counted for all groups of a page at once."""
        return await info.context.loaders.group_sizes.load(self.row_id)
