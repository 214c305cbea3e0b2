"""Operations: a change asked for once, on many SIMs, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import orjson
import strawberry

from domain.operations import ItemState, OperationKind, OperationState, RiskCode
from schema.arguments import After, Before, First, Last
from schema.connections import Connection, Node
from schema.context import Info, plan_for
from schema.ids import global_id
from schema.operation_item import OperationItem
from schema.scalars import Json
from services.operations.eta import operation_eta
from services.operations.read_operations import OperationRow
from services.paging import PageRequest

COUNTERS = {
    ItemState.QUEUED: "queued",
    ItemState.CALLING: "calling",
    ItemState.AWAITING_CONFIRMATION: "waiting",
    ItemState.SUCCEEDED: "succeeded",
    ItemState.FAILED: "failed",
    ItemState.REFUSED: "refused",
    ItemState.UNKNOWN: "unknown",
    ItemState.CANCELLED: "cancelled",
}
"""The counter of an operation for each state of its items."""


@strawberry.type(description="Who asked for an operation.")
class OperationStarter:
    """A user, or the system."""

    id: strawberry.ID | None = strawberry.field(description="The global id of the user; null for the system.")
    name: str = strawberry.field(description="The name of the user, or NovaConnect.")

    @classmethod
    def of(cls, row: OperationRow) -> Self:
        """The starter of an operation."""
        if row.started_by_id is None:
            return cls(id=None, name="NovaConnect")
        return cls(id=global_id("User", row.started_by_id), name=row.started_by_name or "")


def parameters_of(text: str) -> dict[str, object]:
    """The stored parameters of a change as clients know them."""
    stored = orjson.loads(text)
    for name in ("add", "remove"):
        if name in stored:
            stored[name] = [global_id("SimGroup", group_id) for group_id in stored[name]]
    if "company_id" in stored:
        stored["companyId"] = global_id("Company", stored.pop("company_id"))
    names = {"size_mb": "sizeMb", "auto_reconnect": "autoReconnect", "create": "createByName"}
    return {names.get(name, name): value for name, value in stored.items()}


@strawberry.type(description="A change asked for once, on one or many SIMs; each SIM of it is an item.")
class Operation(Node):
    """An operation."""

    row: strawberry.Private[OperationRow]
    kind: OperationKind = strawberry.field(description="What is done to each SIM.")
    state: OperationState = strawberry.field(description="Where it stands as a whole.")
    started_by: OperationStarter = strawberry.field(description="Who asked for it.")
    accepted_risks: list[RiskCode] = strawberry.field(description="Risks that were accepted with it.")
    parameters: Json = strawberry.field(
        description="With what: by name the values of the input that asked for it; groups by their global ids."
    )
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When nothing of it was open any more.")
    total: int = strawberry.field(description="How many SIMs it has.")
    processed: int = strawberry.field(
        description="How many have ended: succeeded, failed, refused, unknown or cancelled. Waiting ones have not."
    )
    queued: int = strawberry.field(description="How many wait for their turn.")
    calling: int = strawberry.field(description="How many are being called.")
    waiting: int = strawberry.field(description="How many await their confirmation.")
    succeeded: int = strawberry.field(description="How many are done.")
    failed: int = strawberry.field(description="How many failed and can be retried.")
    refused: int = strawberry.field(description="How many were refused.")
    unknown: int = strawberry.field(description="How many may or may not be done, because an answer was lost.")
    cancelled: int = strawberry.field(description="How many were cancelled before they were sent.")

    @classmethod
    def of(cls, row: OperationRow) -> Self:
        """The operation of a row."""
        return cls(
            row=row,
            id=global_id("Operation", row.id),
            kind=OperationKind(row.kind),
            state=OperationState(row.state),
            started_by=OperationStarter.of(row),
            accepted_risks=[RiskCode(risk) for risk in row.accepted_risks],
            parameters=Json(parameters_of(row.parameters)),
            created_at=row.created_at,
            finished_at=row.finished_at,
            total=row.total,
            processed=row.processed,
            **{counter: getattr(row, counter) for counter in COUNTERS.values()},
        )

    @strawberry.field(
        description="When the last queued SIM is expected to be sent, at the pace the operators allow; null when"
        " none is queued."
    )
    async def eta(self) -> datetime | None:
        """Estimated only while something is queued."""
        return await operation_eta(self.row.id) if self.row.queued else None

    @strawberry.field(description="Its SIMs with what became of each, in a fixed order.")
    async def items(
        self,
        info: Info,
        state: Annotated[
            list[ItemState] | None, strawberry.argument(description="Only items in one of these states.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OperationItem]:
        """Read for all operations of a page at once; the count is the operation's own counter."""
        states = None if state is None else tuple(sorted({member.value for member in state}))
        key = (self.row.id, states, PageRequest(first, after, last, before))
        if plan := plan_for(info):
            records = await info.context.loaders.item_records_of_operation.load((*key, plan))
            return await plan.page(records, await self._count(states) if plan.wants_total else None)
        page = await info.context.loaders.items_of_operation.load(key)
        return Connection(page=page, make=OperationItem.of, count=lambda: self._count(states))

    async def _count(self, states: tuple[str, ...] | None) -> int:
        if states is None:
            return self.row.total
        return sum(int(getattr(self.row, COUNTERS[ItemState(state)])) for state in states)
