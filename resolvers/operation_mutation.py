"""Root fields that change SIMs: each starts, cancels or retries an operation."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Protocol

import strawberry

from access import Principal
from domain.changes import CANCEL_LOCATION, LIFT_VIOLATION_LOCK, LOCK, RECONNECT_PACKAGE, UNLOCK, Change
from domain.errors import DomainError
from domain.operations import RiskCode
from domain.sim_filter import Selection
from schema.change_inputs import (
    AssignGroupsInput,
    CancelLocationInput,
    ChangePackageInput,
    LiftViolationLockInput,
    LockSimsInput,
    MoveSimsInput,
    ReconnectPackageInput,
    RenameSimInput,
    RenameSimsInput,
    SetLimitInput,
    SetRoamingInput,
    SetViolationLockInput,
    UnlockSimsInput,
)
from schema.context import Info
from schema.ids import database_id
from schema.inputs import SimSelection
from schema.operation import Operation
from schema.payloads import OperationPayload, UserError
from services.operations.accept_operation import accept_operation
from services.operations.cancel_operation import cancel_operation
from services.operations.read_operations import get_operation
from services.operations.rename_sims import rename_sims
from services.operations.retry_failed_items import retry_failed_items

OperationId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the operation.")]


class _Asked(Protocol):
    selection: SimSelection
    idempotency_key: str
    accept_risks: list[RiskCode]


class _AskedWithValues(_Asked, Protocol):
    def to_change(self) -> Change: ...


@strawberry.type
class OperationMutation:
    """Changing SIMs."""

    @strawberry.mutation(description="Lock SIMs: set the voluntary lock on each.")
    async def lock_sims(
        self, info: Info, input: Annotated[LockSimsInput, strawberry.argument(description="What to lock.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, LOCK, input))

    @strawberry.mutation(description="Unlock SIMs: remove the voluntary lock of each; other reasons stay.")
    async def unlock_sims(
        self, info: Info, input: Annotated[UnlockSimsInput, strawberry.argument(description="What to unlock.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, UNLOCK, input))

    @strawberry.mutation(description="Reset SIMs: make the network forget where each is, so that it registers anew.")
    async def cancel_location(
        self, info: Info, input: Annotated[CancelLocationInput, strawberry.argument(description="What to reset.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, CANCEL_LOCATION, input))

    @strawberry.mutation(description="Set or remove the traffic limit of the calendar month.")
    async def set_limit(
        self, info: Info, input: Annotated[SetLimitInput, strawberry.argument(description="On which SIMs, how much.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _change(info.context.principal, input))

    @strawberry.mutation(description="Change the size of the packages that follow, and whether they do by themselves.")
    async def change_package(
        self, info: Info, input: Annotated[ChangePackageInput, strawberry.argument(description="Which packages.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _change(info.context.principal, input))

    @strawberry.mutation(description="Begin the package of SIMs anew, which lifts their package lock and is charged.")
    async def reconnect_package(
        self, info: Info, input: Annotated[ReconnectPackageInput, strawberry.argument(description="On which SIMs.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, RECONNECT_PACKAGE, input))

    @strawberry.mutation(
        description="Switch roaming in all available countries on or off. It takes up to 3 working days, during which"
        " packages cannot be changed."
    )
    async def set_roaming(
        self, info: Info, input: Annotated[SetRoamingInput, strawberry.argument(description="On which SIMs.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _change(info.context.principal, input))

    @strawberry.mutation(description="Give a SIM another name; its work is not touched.")
    async def rename_sim(
        self, info: Info, input: Annotated[RenameSimInput, strawberry.argument(description="Which SIM, what name.")]
    ) -> OperationPayload:
        """Start an operation, which is done at once."""
        return await _answer(info, _rename(info.context.principal, input))

    @strawberry.mutation(description="Rename many SIMs by a table.")
    async def rename_sims(
        self, info: Info, input: Annotated[RenameSimsInput, strawberry.argument(description="The table.")]
    ) -> OperationPayload:
        """Start an operation, which is done at once."""
        work = rename_sims(info.context.principal, input.csv, idempotency_key=input.idempotency_key)
        return await _answer(info, work)

    @strawberry.mutation(description="Put SIMs into groups and take them out of others.")
    async def assign_groups(
        self, info: Info, input: Annotated[AssignGroupsInput, strawberry.argument(description="Which, and whither.")]
    ) -> OperationPayload:
        """Start an operation, which is done at once."""
        return await _answer(info, _change(info.context.principal, input))

    @strawberry.mutation(
        description="Give SIMs to another company: for staff, and for an agent between its own companies. They leave their"
        " groups; what was done with them and what they used stays with the company that had them."
    )
    async def move_sims(
        self, info: Info, input: Annotated[MoveSimsInput, strawberry.argument(description="Which, and whither.")]
    ) -> OperationPayload:
        """Start an operation, which is done at once."""
        return await _answer(info, _change(info.context.principal, input))

    @strawberry.mutation(description="Lock SIMs for a violation; only NovaConnect's staff may, and only they lift it.")
    async def set_violation_lock(
        self, info: Info, input: Annotated[SetViolationLockInput, strawberry.argument(description="Which, and why.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _change(info.context.principal, input))

    @strawberry.mutation(description="Lift the lock for a violation; only NovaConnect's staff may.")
    async def lift_violation_lock(
        self, info: Info, input: Annotated[LiftViolationLockInput, strawberry.argument(description="On which SIMs.")]
    ) -> OperationPayload:
        """Start an operation."""
        return await _answer(info, _accept(info.context.principal, LIFT_VIOLATION_LOCK, input))

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


async def _change(principal: Principal, asked: _AskedWithValues) -> int:
    return await _accept(principal, asked.to_change(), asked)


async def _accept(principal: Principal, change: Change, asked: _Asked) -> int:
    return await accept_operation(
        principal,
        change,
        asked.selection.to_domain(),
        idempotency_key=asked.idempotency_key,
        accept_risks=frozenset(asked.accept_risks or ()),
    )


async def _rename(principal: Principal, asked: RenameSimInput) -> int:
    return await accept_operation(
        principal,
        asked.to_change(),
        Selection(ids=(database_id(asked.id, "Sim", "id"),)),
        idempotency_key=asked.idempotency_key,
        accept_risks=frozenset(),
    )


async def _cancel(principal: Principal, id: str) -> int:
    operation_id = database_id(id, "Operation", "id")
    await cancel_operation(principal, operation_id)
    return operation_id


async def _retry(principal: Principal, id: str) -> int:
    operation_id = database_id(id, "Operation", "id")
    await retry_failed_items(principal, operation_id)
    return operation_id
