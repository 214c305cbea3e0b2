"""What a driver can do, as data: shown to frontends so that they need no knowledge of operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Action(StrEnum):
    """Everything that can be done to a SIM through an operator."""

    LOCK = "LOCK"
    UNLOCK = "UNLOCK"
    CANCEL_LOCATION = "CANCEL_LOCATION"
    SET_LIMIT = "SET_LIMIT"
    CHANGE_PACKAGE = "CHANGE_PACKAGE"
    RECONNECT_PACKAGE = "RECONNECT_PACKAGE"
    SET_ROAMING = "SET_ROAMING"


class Support(StrEnum):
    """`UNCONFIRMED`: the command's name is an assumption until a deployment has seen it work."""

    SUPPORTED = "SUPPORTED"
    UNSUPPORTED = "UNSUPPORTED"
    UNCONFIRMED = "UNCONFIRMED"


class Mode(StrEnum):
    """How a change ends: at once, accepted and confirmed later, or by a person at the operator."""

    SYNC = "SYNC"
    ACCEPTED_THEN_CONFIRMED = "ACCEPTED_THEN_CONFIRMED"
    MANUAL = "MANUAL"


class SideEffect(StrEnum):
    """What else an action may do."""

    RAISES_MSU = "RAISES_MSU"
    LEAVES_NETWORK = "LEAVES_NETWORK"


class ConfirmedBy(StrEnum):
    """By what an accepted change is confirmed."""

    REGISTRATION = "REGISTRATION"
    DATA_SESSION = "DATA_SESSION"
    STATE = "STATE"
    HANDLE = "HANDLE"


class Idempotency(StrEnum):
    """What a repeat does: the operator knows a request key, the repeat is harmless by nature, or it acts twice."""

    NATIVE_KEY = "NATIVE_KEY"
    NATURAL = "NATURAL"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Capability:
    """One action on one SIM: may it be done, how it ends, with what parameters, how long it takes and what else it
    does."""

    action: Action
    support: Support = Support.SUPPORTED
    mode: Mode = Mode.SYNC
    parameters: Mapping[str, object] = field(default_factory=dict)
    typical: timedelta | None = None
    maximum: timedelta | None = None
    side_effects: frozenset[SideEffect] = frozenset()
    idempotency: Idempotency = Idempotency.NATURAL
    confirmed_by: ConfirmedBy | None = None
    once_per: timedelta | None = None

    @property
    def usable(self) -> bool:
        """Whether the host may send it: supported, or assumed and not yet confirmed."""
        return self.support is not Support.UNSUPPORTED


@dataclass(frozen=True, slots=True)
class OperatorLimits:
    """What the operator allows per login: calls a second and calls at once, over all of its interfaces together.
    `documented` is False when the operator publishes none and the figures are our own caution."""

    calls_per_second: float
    max_concurrency: int
    documented: bool = True
    call_timeout: timedelta = timedelta(seconds=10)
