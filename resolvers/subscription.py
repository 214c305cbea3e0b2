"""Root fields that go on telling: each begins with a snapshot, so nothing is lost between a query and it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.sim_filter import Selection
from schema.context import SHARED, Info
from schema.events import OperationProgressEvent, OperationsChangedEvent, SimsChangedEvent
from schema.ids import database_id, database_ids
from schema.inputs import SimFilterInput
from services.streams.watch_operations import watch_operation, watch_operations
from services.streams.watch_sims import watch_sims


@strawberry.type
class LiveSubscription:
    """Live changes."""

    @strawberry.subscription(
        metadata=SHARED,
        description="The progress of one operation. Completes when nothing of it is queued, being called or waiting,"
        " and no SIM whose outcome is unknown will be looked at again.",
    )
    async def operation_progress(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> AsyncGenerator[OperationProgressEvent, None]:
        """One operation."""
        operation_id = database_id(id, "Operation", "id")
        async with aclosing(watch_operation(info.context.audience, info.context.hub, operation_id)) as events:
            async for event in events:
                info.context.delivery = event.delivery
                yield OperationProgressEvent.of(event)

    @strawberry.subscription(
        metadata=SHARED, description="All operations that you may see, as they are started, go on and end."
    )
    async def operations_changed(self, info: Info) -> AsyncGenerator[OperationsChangedEvent, None]:
        """Every visible operation."""
        async with aclosing(watch_operations(info.context.audience, info.context.hub)) as events:
            async for event in events:
                info.context.delivery = event.delivery
                yield OperationsChangedEvent.of(event)

    @strawberry.subscription(
        metadata=SHARED, description="SIMs as they change: those of a filter, or given ones. Not both."
    )
    async def sims_changed(
        self,
        info: Info,
        filter: Annotated[SimFilterInput | None, strawberry.argument(description="All SIMs that it names.")] = None,
        ids: Annotated[list[strawberry.ID] | None, strawberry.argument(description="These SIMs, at most 500.")] = None,
    ) -> AsyncGenerator[SimsChangedEvent, None]:
        """Some SIMs."""
        selection = Selection(
            ids=None if ids is None else database_ids(ids, "Sim", "ids"),
            filter=None if filter is None else filter.to_domain(),
        )
        async with aclosing(watch_sims(info.context.audience, info.context.hub, selection)) as events:
            async for event in events:
                info.context.delivery = event.delivery
                yield SimsChangedEvent.of(event)
