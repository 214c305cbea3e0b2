"""A run of synchronisation with an operator."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

import strawberry

from schema.context import Info
from schema.profile import Profile
from services.inventory.list_sync_runs import SyncRunRow
from services.inventory.sync_runs import SyncKind, SyncPhase


@strawberry.type(description="One synchronisation of a profile with its operator: how far it came and what it found.")
class SyncRun:
    """A run."""

    row: strawberry.Private[SyncRunRow]
    kind: SyncKind = strawberry.field(description="How much of the inventory it reads.")
    phase: SyncPhase = strawberry.field(description="What it is at, or was at when it ended.")
    window_on: date | None = strawberry.field(
        description="The day (UTC+05:00) whose night it belongs to; null if it was started by hand."
    )
    started_at: datetime = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null while it is under way.")
    changed_since: datetime | None = strawberry.field(
        description="An incremental run reads what changed since then; null for a full one."
    )
    complete: bool = strawberry.field(description="Whether the inventory was read to its end without a gap.")
    attempts: int = strawberry.field(description="How many processes worked on it, one after the other.")
    seen: int = strawberry.field(description="SIMs that the operator listed.")
    added: int = strawberry.field(description="SIMs that were new.")
    changed: int = strawberry.field(description="SIMs of which something had changed.")
    drifted: int = strawberry.field(description="SIMs whose block is not what our lock reasons ask for.")
    left_operator: int = strawberry.field(
        description="SIMs that were missing from a complete inventory and were marked."
    )
    returned: int = strawberry.field(description="Marked SIMs that were listed again.")
    records: int = strawberry.field(description="Usage records that were read.")
    records_changed: int = strawberry.field(description="Those of them that were new or corrected.")
    error: str | None = strawberry.field(description="What stopped it, or what it could not do; null if nothing.")

    @classmethod
    def of(cls, row: SyncRunRow) -> Self:
        """The run of a row."""
        return cls(
            row=row,
            kind=SyncKind(row.kind),
            phase=SyncPhase(row.phase),
            window_on=row.window_on,
            started_at=row.started_at,
            finished_at=row.finished_at,
            changed_since=row.changed_since,
            complete=row.complete,
            attempts=row.attempts,
            seen=row.seen,
            added=row.added,
            changed=row.changed,
            drifted=row.drifted,
            left_operator=row.left_operator,
            returned=row.returned,
            records=row.records,
            records_changed=row.records_changed,
            error=row.error,
        )

    @strawberry.field(description="The profile.")
    async def profile(self, info: Info) -> Profile:
        """Read for all runs of a page at once."""
        row = await info.context.loaders.profiles.load(self.row.profile_id)
        assert row is not None
        return Profile.of(row)
