"""A driver that answers at once, in process: what remains is the cost of our own engine."""

from __future__ import annotations

from collections.abc import Sequence

from novaconnect_sdk import (
    Action,
    Capability,
    Done,
    DriverContext,
    DriverFactory,
    ObservedState,
    OperatorLimits,
    Settings,
    SimRef,
    SimStatus,
    WriteResult,
    hookimpl,
)


class InstantDriver:
    """Locks and unlocks without leaving the process."""

    name = "instant"
    account_key = "instant:benchmark"
    limits = OperatorLimits(calls_per_second=100_000, max_concurrency=256, documented=False)

    def __init__(self, context: DriverContext) -> None:
        self._context = context

    def capabilities(self, sim: SimRef | None = None) -> tuple[Capability, ...]:
        """Lock and unlock."""
        return (Capability(Action.LOCK), Capability(Action.UNLOCK))

    async def close(self) -> None:
        """Nothing to give back."""

    async def lock(self, sim: SimRef, key: str) -> WriteResult:
        """Done."""
        return Done(ObservedState(self._context.now(), True, SimStatus.BLOCKED, "blocked"))

    async def unlock(self, sim: SimRef, key: str) -> WriteResult:
        """Done."""
        return Done(ObservedState(self._context.now(), False, SimStatus.ACTIVE, "active"))


def _create(settings: Settings, context: DriverContext) -> InstantDriver:
    return InstantDriver(context)


@hookimpl
def register_drivers() -> Sequence[DriverFactory]:
    """One driver."""
    return [DriverFactory("instant", ">=1,<2", _create)]
