"""Locks of a SIM: a set of reasons, not a boolean (guide, "Виды блокировок")."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class LockKind(StrEnum):
    """Why a SIM is locked. The operator-side block is on while at least one reason stands."""

    VOLUNTARY = "VOLUNTARY"
    FINANCIAL = "FINANCIAL"
    PACKAGE = "PACKAGE"
    MSU = "MSU"
    VIOLATION = "VIOLATION"


BIT: dict[LockKind, int] = {kind: 1 << position for position, kind in enumerate(LockKind)}
"""One bit a kind, in order of definition; the set is stored on the SIM as the sum of its bits (`lock_mask`)."""

HOW_TO_LIFT: dict[LockKind, str] = {
    LockKind.VOLUNTARY: "Unlock the SIM.",
    LockKind.FINANCIAL: "Pay all invoices; the lock is then lifted automatically.",
    LockKind.PACKAGE: "Reconnect the package.",
    LockKind.MSU: "This lock is irrevocable: the SIM must be replaced.",
    LockKind.VIOLATION: "Contact technical support.",
}
"""What a customer does about each kind, one sentence."""

_WEIGHT = (LockKind.MSU, LockKind.VIOLATION, LockKind.FINANCIAL, LockKind.PACKAGE, LockKind.VOLUNTARY)


def kinds_of(mask: int) -> tuple[LockKind, ...]:
    """The kinds in a mask, in order of definition."""
    return tuple(kind for kind, bit in BIT.items() if mask & bit)


def mask_of(kinds: Iterable[LockKind]) -> int:
    """The mask of a set of kinds."""
    return sum(BIT[kind] for kind in set(kinds))


def weightiest(mask: int) -> LockKind | None:
    """The reason that is hardest to lift, which is the one to tell first; None for an empty mask."""
    return next((kind for kind in _WEIGHT if mask & BIT[kind]), None)
