"""What subscriptions send."""

from __future__ import annotations

from typing import Self

import strawberry

from projection import LIST_SIZE
from schema.ids import global_id
from schema.operation import Operation
from schema.sim import Sim
from services.streams.watch_operations import OperationProgress, OperationsEvent
from services.streams.watch_sims import SimsEvent


@strawberry.type(description="One operation as it stands now.")
class OperationProgressEvent:
    """Progress."""

    snapshot: bool = strawberry.field(description="Whether this is the state at the beginning, or after a gap.")
    operation: Operation = strawberry.field(description="The operation.")

    @classmethod
    def of(cls, event: OperationProgress) -> Self:
        """The event of a stream."""
        return cls(snapshot=event.snapshot, operation=Operation.of(event.operation))


@strawberry.type(description="Operations that are new or changed, or a snapshot.")
class OperationsChangedEvent:
    """Operations."""

    snapshot: bool = strawberry.field(
        description="Whether these are the 50 most recent and all open ones, at the beginning or after a gap, instead of"
        " those that changed."
    )
    operations: list[Operation] = strawberry.field(
        description="The operations, newest first, each as it stands now.", metadata={LIST_SIZE: 500}
    )

    @classmethod
    def of(cls, event: OperationsEvent) -> Self:
        """The event of a stream."""
        return cls(snapshot=event.snapshot, operations=[Operation.of(row) for row in event.operations])


@strawberry.type(description="SIMs that match and are new or changed, or a snapshot of all that match.")
class SimsChangedEvent:
    """SIMs."""

    snapshot: bool = strawberry.field(
        description="Whether this replaces everything sent before: at the beginning, and after a gap."
    )
    sims: list[Sim] = strawberry.field(
        description="The SIMs, newest first, at most 500, each as it stands now.", metadata={LIST_SIZE: 500}
    )
    no_longer_matching: list[strawberry.ID] = strawberry.field(
        description="Ids of SIMs that do not match any more. Ids that this subscription never sent may be among them:"
        " they mean nothing to it."
    )
    truncated: bool = strawberry.field(description="Whether more SIMs match than a snapshot holds.")

    @classmethod
    def of(cls, event: SimsEvent) -> Self:
        """The event of a stream."""
        return cls(
            snapshot=event.snapshot,
            sims=[Sim.of(row) for row in event.sims],
            no_longer_matching=[global_id("Sim", sim_id) for sim_id in event.no_longer_matching],
            truncated=event.truncated,
        )
