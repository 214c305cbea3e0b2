"""Profiles and what can be done with their SIMs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

import strawberry

from domain.operations import RiskCode
from domain.outcomes import OutcomeCode
from drivers.registry import registry
from novaconnect_sdk import Action, ConfirmedBy, Idempotency, Mode, SideEffect, Support
from novaconnect_sdk import Capability as CapabilityValue
from schema.connections import Node
from schema.ids import global_id
from schema.scalars import Json
from services.fleet.sim_capabilities import JudgedCapability
from services.fleet.sim_relations import ProfileRow


@strawberry.type(description="One action on a SIM: whether it can be used, how it ends and what else it does.")
class Capability:
    """What a driver declares for one action."""

    action: Action = strawberry.field(description="The action.")
    support: Support = strawberry.field(description="Whether it can be used.")
    mode: Mode = strawberry.field(description="How it ends.")
    parameters: Json = strawberry.field(
        description="What it takes, by name: for example units and periods of limits, or packages to choose from."
    )
    side_effects: list[SideEffect] = strawberry.field(description="What else it may do.")
    typical_seconds: int | None = strawberry.field(description="How long it usually takes; null when not known.")
    maximum_seconds: int | None = strawberry.field(description="After how long it is given up; null when not known.")
    confirmed_by: ConfirmedBy | None = strawberry.field(description="By what it is confirmed once accepted.")
    idempotency: Idempotency = strawberry.field(description="What a repeat of it does.")

    @classmethod
    def of(cls, value: CapabilityValue, **more: Any) -> Self:
        """The capability as a driver declares it."""
        return cls(
            action=value.action,
            support=value.support,
            mode=value.mode,
            parameters=Json(dict(value.parameters)),
            side_effects=sorted(value.side_effects),
            typical_seconds=_seconds(value.typical),
            maximum_seconds=_seconds(value.maximum),
            confirmed_by=value.confirmed_by,
            idempotency=value.idempotency,
            **more,
        )


@strawberry.type(description="Why an action cannot be done now, or only with a risk.")
class CapabilityReason:
    """Code and sentence."""

    code: OutcomeCode = strawberry.field(description="The reason.")
    message: str = strawberry.field(description="The same in a sentence that says what can be done.")


@strawberry.type(
    description="One action on a SIM as it stands: can I, why not, what will happen, and how long it takes."
)
class SimCapability(Capability):
    """A capability, judged for one SIM and the one who asks."""

    available: bool = strawberry.field(description="Whether you can do it now, if need be by accepting `risk`.")
    reason: CapabilityReason | None = strawberry.field(description="Why not, or why it is a risk; null otherwise.")
    risk: RiskCode | None = strawberry.field(description="The risk that must be accepted for it; null for none.")

    @classmethod
    def judged(cls, value: JudgedCapability) -> Self:
        """The capability of a SIM."""
        reason = CapabilityReason(code=value.code, message=value.message) if value.code else None
        return cls.of(value.capability, available=value.available, reason=reason, risk=value.risk)


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else round(duration.total_seconds())


@strawberry.type(description="A kind of SIM: operator, access point and what can be done with it.")
class Profile(Node):
    """A profile."""

    code: str = strawberry.field(description="Its code in Latin capitals, such as TC.")
    title: str = strawberry.field(description="Its title.")
    apn: str = strawberry.field(description="The access point name that devices use.")
    number_prefix: str = strawberry.field(description="How its numbers begin, without a plus sign.")

    @classmethod
    def of(cls, row: ProfileRow) -> Self:
        """The profile of a row."""
        return cls(
            id=global_id("Profile", row.id),
            code=row.code,
            title=row.title,
            apn=row.apn,
            number_prefix=row.number_prefix,
        )

    @strawberry.field(description="What can be done with SIMs of this profile: one entry for every action.")
    def capabilities(self) -> list[Capability]:
        """As the profile's driver declares them."""
        return [Capability.of(value) for value in registry().capabilities(self.code)]
