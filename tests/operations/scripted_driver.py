"""A driver plugin whose operator lives in this process and does what the story says; for walks that need no wire.

`OPERATOR.answers` holds how the next calls go; an empty list means that all goes well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from novaconnect_sdk import (
    Accepted,
    Action,
    Capability,
    Confirmation,
    Done,
    DriverContext,
    DriverFactory,
    ErrorCode,
    Mode,
    ObservedState,
    OperatorLimits,
    Refused,
    Settings,
    SimPage,
    SimRecord,
    SimRef,
    SimStatus,
    TryLater,
    Unknown,
    WriteResult,
    hookimpl,
)


class Fate(StrEnum):
    """How a call goes at the operator and on its way back."""

    WELL = "WELL"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    THROTTLED = "THROTTLED"
    LOST_AFTER = "LOST_AFTER"
    LOST_BEFORE = "LOST_BEFORE"


@dataclass
class Operator:
    """What the operator knows: which SIMs are blocked, how often each was reset, and which resets were confirmed."""

    answers: list[Fate] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    resets: Counter[str] = field(default_factory=Counter)
    back: set[str] = field(default_factory=set)

    def forget(self) -> None:
        """A newborn operator."""
        self.answers.clear()
        self.blocked.clear()
        self.resets.clear()
        self.back.clear()


OPERATOR = Operator()


class ScriptedDriver:
    """Locks, cancels locations, confirms and reads, all in memory."""

    name = "scripted"
    account_key = "scripted:account"
    limits = OperatorLimits(calls_per_second=10_000, max_concurrency=100)

    def __init__(self, context: DriverContext) -> None:
        self._now = context.now

    def capabilities(self, sim: SimRef | None = None) -> tuple[Capability, ...]:
        window = timedelta(hours=10)
        return (
            Capability(Action.LOCK),
            Capability(Action.UNLOCK),
            Capability(Action.CANCEL_LOCATION, mode=Mode.ACCEPTED_THEN_CONFIRMED, maximum=window, once_per=window),
        )

    async def close(self) -> None:
        pass

    async def lock(self, sim: SimRef, key: str) -> WriteResult:
        return self._change(sim, True)

    async def unlock(self, sim: SimRef, key: str) -> WriteResult:
        return self._change(sim, False)

    async def cancel_location(self, sim: SimRef, key: str) -> WriteResult:
        fate = OPERATOR.answers.pop(0) if OPERATOR.answers else Fate.WELL
        if fate in (Fate.WELL, Fate.ACCEPTED, Fate.LOST_AFTER):
            OPERATOR.resets[sim.iccid] += 1
            OPERATOR.back.discard(sim.iccid)
        if fate in (Fate.WELL, Fate.ACCEPTED):
            return Accepted(timedelta(minutes=2), timedelta(hours=10))
        return _failure(fate)

    async def confirm(self, sim: SimRef, action: Action, since: datetime) -> Confirmation:
        done = sim.iccid in OPERATOR.back
        if action is not Action.CANCEL_LOCATION:
            done = (sim.iccid in OPERATOR.blocked) is (action is Action.LOCK)
        return Confirmation.CONFIRMED if done else Confirmation.NOT_YET

    async def poll(self, handle: str) -> Confirmation:
        return Confirmation.IMPOSSIBLE

    async def list_sims(self, cursor: str | None, changed_since: datetime | None) -> SimPage:
        return SimPage((), None, complete=True)

    async def read_sim(self, sim: SimRef) -> SimRecord:
        return SimRecord(sim, self._observed(sim))

    def _change(self, sim: SimRef, blocked: bool) -> WriteResult:
        fate = OPERATOR.answers.pop(0) if OPERATOR.answers else Fate.WELL
        if fate in (Fate.WELL, Fate.ACCEPTED, Fate.LOST_AFTER):
            (OPERATOR.blocked.add if blocked else OPERATOR.blocked.discard)(sim.iccid)
        if fate is Fate.WELL:
            return Done(self._observed(sim))
        if fate is Fate.ACCEPTED:
            return Accepted(timedelta(seconds=5), timedelta(minutes=10))
        return _failure(fate)

    def _observed(self, sim: SimRef) -> ObservedState:
        blocked = sim.iccid in OPERATOR.blocked
        return ObservedState(self._now(), blocked, SimStatus.BLOCKED if blocked else SimStatus.ACTIVE, str(blocked))


def _failure(fate: Fate) -> WriteResult:
    if fate is Fate.REFUSED:
        return Refused(ErrorCode.TRANSITION_REFUSED, "The operator will not do it.")
    if fate is Fate.FAILED:
        return Refused(ErrorCode.UNAVAILABLE, "The operator is closed today.", permanent=False)
    if fate is Fate.THROTTLED:
        return TryLater(timedelta(seconds=5))
    return Unknown(ErrorCode.TIMEOUT, "The operator did not answer in time.")


def _create(settings: Settings, context: DriverContext) -> ScriptedDriver:
    return ScriptedDriver(context)


@hookimpl
def register_drivers() -> Sequence[DriverFactory]:
    """The one driver of this plugin."""
    return [DriverFactory(name="scripted", sdk_versions=">=1.0,<2", create=_create)]
