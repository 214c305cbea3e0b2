"""What a home page shows."""

from __future__ import annotations

from typing import Self

import strawberry

from domain.locks import LockKind
from novaconnect_sdk import SimStatus
from schema.context import Info
from schema.profile import Profile
from services.billing.open_invoices import count_unpaid
from services.fleet.summarise_fleet import FleetSummary as FleetSummaryValue


@strawberry.type(description="How many SIMs a profile has.")
class SimsOfProfile:
    """A count."""

    profile: Profile = strawberry.field(description="The profile.")
    sims: int = strawberry.field(description="How many SIMs.")


@strawberry.type(description="How many SIMs have a status.")
class SimsOfStatus:
    """A count."""

    status: SimStatus = strawberry.field(description="The status as the operators last said.")
    sims: int = strawberry.field(description="How many SIMs.")


@strawberry.type(description="How many SIMs are locked for a reason.")
class SimsOfLock:
    """A count."""

    kind: LockKind = strawberry.field(description="The reason.")
    sims: int = strawberry.field(description="How many SIMs; one with several reasons counts under each.")


@strawberry.type(description="The fleet in numbers: of the SIMs and operations that you may see.")
class FleetSummary:
    """The summary."""

    total: int = strawberry.field(description="How many SIMs there are.")
    by_profile: list[SimsOfProfile] = strawberry.field(
        description="By profile, by code; profiles in use without SIMs too."
    )
    by_status: list[SimsOfStatus] = strawberry.field(description="By status: one entry for each.")
    by_lock: list[SimsOfLock] = strawberry.field(description="By lock reason: one entry for each.")
    locked: int = strawberry.field(description="How many have at least one lock reason.")
    in_session: int = strawberry.field(description="How many are in a data session now, as far as is known.")
    session_unknown: int = strawberry.field(description="Of how many it is not known whether they are in a session.")
    drifting: int = strawberry.field(
        description="How many the operator blocks against our lock reasons, or not in spite of them."
    )
    left_operator: int = strawberry.field(description="How many the operator's inventory no longer has.")
    running_operations: int = strawberry.field(description="How many operations are queued or under way.")

    @classmethod
    def of(cls, value: FleetSummaryValue) -> Self:
        """The summary of a service."""
        return cls(
            total=value.total,
            by_profile=[SimsOfProfile(profile=Profile.of(row), sims=sims) for row, sims in value.by_profile],
            by_status=[SimsOfStatus(status=status, sims=sims) for status, sims in value.by_status.items()],
            by_lock=[SimsOfLock(kind=kind, sims=sims) for kind, sims in value.by_lock.items()],
            locked=value.locked,
            in_session=value.in_session,
            session_unknown=value.session_unknown,
            drifting=value.drifting,
            left_operator=value.left_operator,
            running_operations=value.running_operations,
        )

    @strawberry.field(description="How many invoices are not paid, or not in full.")
    async def unpaid_invoices(self, info: Info) -> int:
        """Counted only when asked for."""
        return await count_unpaid(info.context.principal)
