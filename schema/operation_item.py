"""One SIM of an operation, which is one action in the history of that SIM."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from domain.operations import ItemState, OperationKind
from domain.outcomes import OutcomeCode
from schema.context import Info
from schema.ids import global_id
from services.operations.read_items import ItemRow

if TYPE_CHECKING:
    from schema.operation import Operation, OperationStarter
    from schema.sim import Sim


@strawberry.type(description="Why an item stands where it stands.")
class ItemOutcome:
    """Code and sentence."""

    code: OutcomeCode = strawberry.field(description="The reason.")
    message: str = strawberry.field(description="The same in a sentence that says what can be done.")


@strawberry.type(description="One SIM of an operation: one action on that SIM.")
class OperationItem:
    """An item."""

    row: strawberry.Private[ItemRow]
    id: strawberry.ID = strawberry.field(description="The global id.")
    kind: OperationKind = strawberry.field(description="What is done.")
    state: ItemState = strawberry.field(description="Where it stands.")
    outcome: ItemOutcome | None = strawberry.field(description="Why; null while there is nothing to say.")
    attempts: int = strawberry.field(description="How often the operator was called for it.")
    started_at: datetime | None = strawberry.field(description="When the operator was first called.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    deadline_at: datetime | None = strawberry.field(description="Until when a confirmation is waited for.")

    @classmethod
    def of(cls, row: ItemRow) -> Self:
        """The item of a row."""
        outcome = None
        if row.outcome_code is not None:
            outcome = ItemOutcome(code=OutcomeCode(row.outcome_code), message=row.outcome_message or "")
        return cls(
            row=row,
            id=global_id("OperationItem", row.id),
            kind=OperationKind(row.kind),
            state=ItemState(row.state),
            outcome=outcome,
            attempts=row.attempt,
            started_at=row.started_at,
            finished_at=row.finished_at,
            deadline_at=row.deadline_at,
        )

    @strawberry.field(description="The SIM; null if it is no longer yours to see.")
    async def sim(self, info: Info) -> Annotated[Sim, strawberry.lazy("schema.sim")] | None:
        """Read for all items of a page at once."""
        from schema.sim import Sim

        row = await info.context.loaders.sims.load(self.row.sim_id)
        return Sim.of(row) if row else None

    @strawberry.field(description="The operation that it belongs to; null if that is not yours to see.")
    async def operation(self, info: Info) -> Annotated[Operation, strawberry.lazy("schema.operation")] | None:
        """Read for all items of a page at once."""
        from schema.operation import Operation

        row = await info.context.loaders.operations.load(self.row.operation_id)
        return Operation.of(row) if row else None

    @strawberry.field(description="Who asked for it; null if that is not yours to see.")
    async def started_by(self, info: Info) -> Annotated[OperationStarter, strawberry.lazy("schema.operation")] | None:
        """From the operation."""
        from schema.operation import OperationStarter

        row = await info.context.loaders.operations.load(self.row.operation_id)
        return OperationStarter.of(row) if row else None

    @strawberry.field(description="When it was asked for; null if that is not yours to see.")
    async def created_at(self, info: Info) -> datetime | None:
        """From the operation."""
        row = await info.context.loaders.operations.load(self.row.operation_id)
        return row.created_at if row else None
