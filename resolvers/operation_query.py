"""Root fields that read operations and preview them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.operations import OperationKind, OperationState, RiskCode
from schema.arguments import After, Before, First, Last
from schema.change_inputs import ChangeInput
from schema.connections import Connection
from schema.context import Info, plan_for
from schema.ids import database_id
from schema.inputs import SimSelection
from schema.operation import Operation
from schema.preview import OperationPreview
from services.operations.preview_operation import preview_operation
from services.operations.preview_page import preview_page
from services.operations.read_operations import (
    count_operations,
    get_operation,
    get_operation_record,
    list_operation_records,
    list_operations,
)
from services.paging import PageRequest


@strawberry.type
class OperationQuery:
    """Reading operations."""

    @strawberry.field(description="One operation; null if there is none or it is not yours.")
    async def operation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> Operation | None:
        """One operation."""
        principal, row_id = info.context.principal, database_id(id, "Operation", "id")
        if plan := plan_for(info):
            return await plan.one(await get_operation_record(principal, row_id, plan.columns))
        row = await get_operation(principal, row_id)
        return Operation.of(row) if row else None

    @strawberry.field(description="The operations that you may see, newest first.")
    async def operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[
            list[OperationState] | None, strawberry.argument(description="Only those in one of these states.")
        ] = None,
        kind: Annotated[
            list[OperationKind] | None, strawberry.argument(description="Only those of one of these kinds.")
        ] = None,
    ) -> Connection[Operation]:
        """A page of operations."""
        principal = info.context.principal
        request = PageRequest(first, after, last, before)
        if plan := plan_for(info):
            records = await list_operation_records(principal, request, state, kind, plan)
            return await plan.page(
                records, await count_operations(principal, state, kind) if plan.wants_total else None
            )
        page = await list_operations(principal, request, state, kind)
        return Connection(page=page, make=Operation.of, count=lambda: count_operations(principal, state, kind))

    @strawberry.field(description="What a change would do to each SIM; nothing is stored and no operator is called.")
    async def preview_operation(
        self,
        info: Info,
        change: Annotated[ChangeInput, strawberry.argument(description="What would be done.")],
        selection: Annotated[SimSelection, strawberry.argument(description="To which SIMs.")],
        accept_risks: Annotated[
            list[RiskCode] | None, strawberry.argument(description="Risks that would be accepted.")
        ] = None,
    ) -> OperationPreview:
        """A preview."""
        asked = (info.context.principal, change.to_domain(), selection.to_domain(), frozenset(accept_risks or ()))
        preview = await preview_operation(*asked)
        return OperationPreview.of(preview, lambda request: preview_page(*asked, request))
