"""Fresh information about one SIM: its parts, each with its own age and availability."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

import strawberry

from novaconnect_sdk import Availability, LivePart, SimStatus
from schema.context import Info
from schema.scalars import Bytes
from schema.sim import Sim, SimLock
from services.diagnosis.live_parts import PartView
from services.diagnosis.read_sim_live import SimLiveView


@strawberry.interface(description="One part of fresh information, with its own age.")
class LivePartInfo:
    """How a part was read."""

    availability: Availability = strawberry.field(description="Whether it could be read now.")
    as_of: datetime | None = strawberry.field(description="When the operator said it; null if nothing is known.")
    message: str | None = strawberry.field(description="Why it could not be read; null if it could.")

    @classmethod
    def of(cls, view: PartView) -> Self:
        """The part of a view."""
        return cls(
            availability=view.availability, as_of=view.as_of, message=view.message, **cls._values(view.value or {})
        )

    @classmethod
    def _values(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name: value.get(name) for name in cls._own_fields()}

    @classmethod
    def _own_fields(cls) -> tuple[str, ...]:
        return ()


@strawberry.type(description="The data session of now, or the last one.")
class LiveSession(LivePartInfo):
    """Session."""

    is_active: bool | None = strawberry.field(description="Whether a session is open; null if not known.")
    active_since: datetime | None = strawberry.field(description="Since when it is open; null if none is.")
    last_ended_at: datetime | None = strawberry.field(
        description="When the last one ended; null while one is open, and if the operator knows of none."
    )

    @classmethod
    def _values(cls, value: dict[str, Any]) -> dict[str, Any]:
        active = value.get("active")
        return {
            "is_active": active,
            "active_since": value.get("started_at") if active else None,
            "last_ended_at": None if active else value.get("ended_at"),
        }


@strawberry.type(description="The latest registration in a mobile network.")
class LiveRegistration(LivePartInfo):
    """Registration."""

    since: datetime | None = strawberry.field(description="Since when; null if there never was one.")
    network: str | None = strawberry.field(description="The name of the network.")
    country: str | None = strawberry.field(description="The country, in the operator's spelling.")
    plmn: str | None = strawberry.field(description="The code of the network (MCC and MNC); null if it is not told.")

    @classmethod
    def _own_fields(cls) -> tuple[str, ...]:
        return ("since", "network", "country", "plmn")


@strawberry.type(description="Whether the operator blocks the SIM, and the reasons that we know of.")
class LiveLocks(LivePartInfo):
    """Locks."""

    sim_id: strawberry.Private[int]
    is_blocked: bool | None = strawberry.field(description="Whether the operator blocks it; null if not known.")
    status: SimStatus = strawberry.field(description="The operator's status.")
    native_status: str | None = strawberry.field(description="The operator's own word for it.")

    @classmethod
    def of_sim(cls, view: PartView, sim_id: int) -> Self:
        """The part of a view, with the SIM whose reasons may be asked for."""
        value = view.value or {}
        return cls(
            sim_id=sim_id,
            availability=view.availability,
            as_of=view.as_of,
            message=view.message,
            is_blocked=value.get("blocked"),
            status=SimStatus(value.get("status") or SimStatus.UNKNOWN),
            native_status=value.get("native_status"),
        )

    @strawberry.field(description="The reasons for which it is locked, oldest first.")
    async def reasons(self, info: Info) -> list[SimLock]:
        """As they stand now, a lock that this reading found included."""
        return [SimLock.of(row) for row in await info.context.loaders.locks.load(self.sim_id)]


@strawberry.type(description="The signalling units (MSU) that the operator counted.")
class LiveMsu(LivePartInfo):
    """MSU."""

    count: int | None = strawberry.field(description="How many; null means no data, not none.")
    is_blocked: bool | None = strawberry.field(
        description="Whether the operator blocked the SIM for them, irrevocably; null if not known."
    )

    @classmethod
    def _values(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {"count": value.get("count"), "is_blocked": value.get("blocked")}


@strawberry.type(description="The traffic limit in force.")
class LiveLimit(LivePartInfo):
    """Limit."""

    megabytes: int | None = strawberry.field(description="The limit in MB (1,000,000 bytes); null: there is none.")
    period: str | None = strawberry.field(description="The period that it counts: MONTH is a calendar month.")
    used_bytes: Bytes | None = strawberry.field(description="What is used of it in the running period.")
    reached_at: datetime | None = strawberry.field(description="When it was reached; null if it is not.")

    @classmethod
    def _own_fields(cls) -> tuple[str, ...]:
        return ("megabytes", "period", "used_bytes", "reached_at")


@strawberry.type(description="The data package in force.")
class LivePackage(LivePartInfo):
    """Package."""

    plan: str | None = strawberry.field(description="The plan in the operator's spelling; null: there is none.")
    size_mb: int | None = strawberry.field(description="Its size in MB.")
    remaining_bytes: Bytes | None = strawberry.field(description="What remains of it.")
    auto_reconnect: bool | None = strawberry.field(description="Whether the next one follows by itself.")
    roaming: bool | None = strawberry.field(description="Whether it is the plan with all countries.")
    ends_at: datetime | None = strawberry.field(description="When it ends.")

    @classmethod
    def _own_fields(cls) -> tuple[str, ...]:
        return ("plan", "size_mb", "remaining_bytes", "auto_reconnect", "roaming", "ends_at")


_NOTHING = PartView(Availability.UNSUPPORTED)


@strawberry.type(description="A SIM as its operator tells it now or, if it cannot be asked, as it was last known.")
class SimLive:
    """Fresh information."""

    sim: Sim = strawberry.field(description="The SIM as it was before this reading.")
    as_of: datetime | None = strawberry.field(description="When the operator was last read in full; null if never.")
    is_fresh: bool = strawberry.field(description="Whether that is not longer ago than was asked for.")
    reason: str | None = strawberry.field(description="Why there is nothing fresher; null if it is fresh.")
    session: LiveSession = strawberry.field(description="The data session.")
    registration: LiveRegistration = strawberry.field(description="The registration in a network.")
    locks: LiveLocks = strawberry.field(description="Block and lock reasons.")
    msu: LiveMsu = strawberry.field(description="Signalling units.")
    limit: LiveLimit = strawberry.field(description="The traffic limit.")
    package: LivePackage = strawberry.field(description="The data package.")

    @classmethod
    def of(cls, view: SimLiveView) -> Self:
        """The reading of a view."""
        part: Callable[[LivePart], PartView] = lambda name: view.parts.get(name, _NOTHING)  # noqa: E731
        return cls(
            sim=Sim.of(view.sim),
            as_of=view.as_of,
            is_fresh=view.is_fresh,
            reason=view.reason,
            session=LiveSession.of(part(LivePart.SESSION)),
            registration=LiveRegistration.of(part(LivePart.REGISTRATION)),
            locks=LiveLocks.of_sim(part(LivePart.OBSERVED), view.sim.id),
            msu=LiveMsu.of(part(LivePart.MSU)),
            limit=LiveLimit.of(part(LivePart.LIMIT)),
            package=LivePackage.of(part(LivePart.PACKAGE)),
        )
