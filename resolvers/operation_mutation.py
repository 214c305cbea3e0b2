"""Root fields that change SIMs: each starts, cancels or retries an operation."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from access import Principal
from domain.errors import DomainError
from domain.operations import OperationKind
from schema.context import Info
from schema.ids import database_id
from schema.inputs import CancelLocationInput, LockSimsInput, UnlockSimsInput
from schema.operation import Operation
from schema.payloads import OperationPayload, UserError
from services.accept_operation import accept_operation
from services.cancel_operation import cancel_operation
from services.read_operations import get_operation
from services.retry_failed_items import retry_failed_items

OperationId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the operation.")]


@strawberry.type
class OperationMutation:
    """Changing SIMs."""

    @strawberry.mutation(description="Lock SIMs: set the voluntary lock on each.")
    async def lock_sims(
        self, info: Info, input: Annotated[LockSimsInput, strawberry.argument(description="What to lock.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, OperationKind.LOCK, input))

    @strawberry.mutation(description="Unlock SIMs: remove the voluntary lock of each; other reasons stay.")
    async def unlock_sims(
        self, info: Info, input: Annotated[UnlockSimsInput, strawberry.argument(description="What to unlock.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, OperationKind.UNLOCK, input))

    @strawberry.mutation(description="Reset SIMs: make the network forget where each is, so that it registers anew.")
    async def cancel_location(
        self, info: Info, input: Annotated[CancelLocationInput, strawberry.argument(description="What to reset.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, OperationKind.CANCEL_LOCATION, input))

    @strawberry.mutation(description="Cancel what is still queued of an operation; what was sent stays as it is.")
    async def cancel_operation(self, info: Info, id: OperationId) -> OperationPayload:
        """Cancel queued items."""
        return await _answer(info, _cancel(info.context.principal, id))

    @strawberry.mutation(description="Queue the failed SIMs of an operation again; unknown ones are never repeated.")
    async def retry_failed_items(self, info: Info, id: OperationId) -> OperationPayload:
        """Retry failed items."""
        return await _answer(info, _retry(info.context.principal, id))


async def _answer(info: Info, work: Awaitable[int]) -> OperationPayload:
    """The operation that `work` names, or why it was refused."""
    try:
        row = await get_operation(info.context.principal, await work)
    except DomainError as refusal:
        return OperationPayload(operation=None, user_errors=[UserError.of(refusal)])
    return OperationPayload(operation=Operation.of(row) if row else None, user_errors=[])


async def _accept(
    principal: Principal, kind: OperationKind, asked: LockSimsInput | UnlockSimsInput | CancelLocationInput
) -> int:
    return await accept_operation(
        principal,
        kind,
        asked.selection.to_domain(),
        idempotency_key=asked.idempotency_key,
        accept_risks=frozenset(asked.accept_risks or ()),
    )


async def _cancel(principal: Principal, id: str) -> int:
    operation_id = database_id(id, "Operation", "id")
    await cancel_operation(principal, operation_id)
    return operation_id


async def _retry(principal: Principal, id: str) -> int:
    operation_id = database_id(id, "Operation", "id")
    await retry_failed_items(principal, operation_id)
    return operation_id
