"""Live operations: a snapshot, then every change, coalesced to the latest state."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from access import Principal
from domain.errors import NotFound
from domain.operations import OperationState
from eventstream import EventHub
from services.operations.read_operations import (
    OperationRow,
    get_operation,
    has_unsettled_items,
    list_operations,
    operations_by_id,
)
from services.paging import MAX_SIZE, PageRequest
from services.streams.audience import Audience, Delivery
from services.streams.live_pace import IDLE_SECONDS, LivePace

_RECENT = 50
_OPEN = (OperationState.QUEUED, OperationState.RUNNING)


@dataclass(frozen=True, slots=True)
class OperationProgress:
    """The operation as it stands; `snapshot` at the beginning and when changes may have been missed."""

    snapshot: bool
    operation: OperationRow
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class OperationsEvent:
    """Operations that are new or changed, newest first, or a `snapshot`: the most recent ones and all open ones."""

    snapshot: bool
    operations: list[OperationRow]
    delivery: Delivery


async def watch_operation(
    audience: Audience, hub: EventHub, operation_id: int
) -> AsyncGenerator[OperationProgress, None]:
    """The progress of one operation until nothing of it is open and no unknown item will be looked at again.

    Raises `NotFound` when it is not visible and `AccessEnded` when access ends.
    """
    principal = audience.principal
    with hub.listen(principal.company_ids) as listener:
        pace = LivePace(audience, listener)
        row = await _require(principal, operation_id)
        yield OperationProgress(True, row, Delivery.SNAPSHOT)
        while row.is_open or (row.unknown and await has_unsettled_items(operation_id)):
            look = await pace.look()
            if not (look.missed or look.idle or look.newcomers or operation_id in look.operations):
                continue
            before, row = row, await _require(principal, operation_id)
            if row != before:
                yield OperationProgress(look.missed, row, Delivery.SNAPSHOT if look.missed else Delivery.STATE)
            if look.newcomers:
                yield OperationProgress(True, row, Delivery.CATCH_UP)
        # The last item may have been settled between the reading of the row and the question whether any is left.
        last = await _require(principal, operation_id)
        if last != row:
            await pace.authorise()
            yield OperationProgress(False, last, Delivery.STATE)


async def watch_operations(audience: Audience, hub: EventHub) -> AsyncGenerator[OperationsEvent, None]:
    """All visible operations, without end. Raises `AccessEnded` when access ends."""
    principal = audience.principal
    with hub.listen(principal.company_ids) as listener:
        pace = LivePace(audience, listener)
        yield OperationsEvent(True, await _snapshot(principal), Delivery.SNAPSHOT)
        waiting: set[int] = set()
        while True:
            look = await pace.look(0 if waiting else IDLE_SECONDS)
            waiting |= look.operations
            if look.missed:
                waiting = set()
                yield OperationsEvent(True, await _snapshot(principal), Delivery.SNAPSHOT)
                continue
            if waiting:
                newest = sorted(waiting, reverse=True)[:MAX_SIZE]
                waiting.difference_update(newest)
                found = await operations_by_id(principal, newest)
                if rows := [found[row_id] for row_id in newest if row_id in found]:
                    yield OperationsEvent(False, rows, Delivery.CHANGE)
            if look.newcomers:
                yield OperationsEvent(True, await _snapshot(principal), Delivery.CATCH_UP)


async def _require(principal: Principal, operation_id: int) -> OperationRow:
    row = await get_operation(principal, operation_id)
    if row is None:
        raise NotFound("There is no such operation.", path=("id",))
    return row


async def _snapshot(principal: Principal) -> list[OperationRow]:
    recent = await list_operations(principal, PageRequest(first=_RECENT))
    open_ones = await list_operations(principal, PageRequest(first=MAX_SIZE - _RECENT), _OPEN)
    rows = {row.id: row for row in (*open_ones.rows, *recent.rows)}
    return [rows[row_id] for row_id in sorted(rows, reverse=True)]
