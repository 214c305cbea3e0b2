"""Operations: the kinds, the states of an operation and of its items, and which step may follow which."""

from __future__ import annotations

from enum import StrEnum

from novaconnect_sdk import Action

MAX_SIMS = 100_000
"""The largest selection that one operation takes."""

INTERACTIVE_MAX = 20
"""An operation of at most so many SIMs goes before bulk ones: somebody is looking at the row."""


class OperationKind(StrEnum):
    """What is done to each SIM of an operation."""

    LOCK = "LOCK"
    UNLOCK = "UNLOCK"
    CANCEL_LOCATION = "CANCEL_LOCATION"
    SET_LIMIT = "SET_LIMIT"
    CHANGE_PACKAGE = "CHANGE_PACKAGE"
    RECONNECT_PACKAGE = "RECONNECT_PACKAGE"
    SET_ROAMING = "SET_ROAMING"
    RENAME = "RENAME"
    ASSIGN_GROUPS = "ASSIGN_GROUPS"
    MOVE = "MOVE"
    SET_VIOLATION_LOCK = "SET_VIOLATION_LOCK"
    LIFT_VIOLATION_LOCK = "LIFT_VIOLATION_LOCK"
    SET_FINANCIAL_LOCK = "SET_FINANCIAL_LOCK"
    LIFT_FINANCIAL_LOCK = "LIFT_FINANCIAL_LOCK"


ACTION_OF: dict[OperationKind, Action] = {
    **{OperationKind(action.value): action for action in Action},
    OperationKind.SET_VIOLATION_LOCK: Action.LOCK,
    OperationKind.LIFT_VIOLATION_LOCK: Action.UNLOCK,
    OperationKind.SET_FINANCIAL_LOCK: Action.LOCK,
    OperationKind.LIFT_FINANCIAL_LOCK: Action.UNLOCK,
}
"""What a kind asks of the operator; the kinds that are not here end in the database."""

BLOCKING = frozenset({OperationKind.LOCK, OperationKind.SET_VIOLATION_LOCK, OperationKind.SET_FINANCIAL_LOCK})
UNBLOCKING = frozenset({OperationKind.UNLOCK, OperationKind.LIFT_VIOLATION_LOCK, OperationKind.LIFT_FINANCIAL_LOCK})
"""The kinds that set and lift the operator's block."""

LOCK_KINDS = f"({', '.join(repr(kind.value) for kind in sorted(BLOCKING | UNBLOCKING))})"
"""SQL: both, as the right side of IN."""


class OperationState(StrEnum):
    """Where an operation stands as a whole."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class ItemState(StrEnum):
    """Where one SIM of an operation stands."""

    QUEUED = "QUEUED"
    CALLING = "CALLING"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"


class RiskCode(StrEnum):
    """A danger that must be accepted by name before an item that carries it runs."""

    MSU_LOCK = "MSU_LOCK"
    RESET_UNDER_WAY = "RESET_UNDER_WAY"
    LIMIT_BELOW_USED = "LIMIT_BELOW_USED"
    PACKAGE_LEFT = "PACKAGE_LEFT"


_NEXT: dict[ItemState, frozenset[ItemState]] = {
    ItemState.QUEUED: frozenset({ItemState.CALLING, ItemState.CANCELLED}),
    ItemState.CALLING: frozenset(
        {
            ItemState.QUEUED,
            ItemState.AWAITING_CONFIRMATION,
            ItemState.SUCCEEDED,
            ItemState.FAILED,
            ItemState.REFUSED,
            ItemState.UNKNOWN,
        }
    ),
    ItemState.AWAITING_CONFIRMATION: frozenset({ItemState.SUCCEEDED, ItemState.FAILED, ItemState.UNKNOWN}),
    ItemState.UNKNOWN: frozenset({ItemState.SUCCEEDED, ItemState.FAILED, ItemState.UNKNOWN}),
    ItemState.FAILED: frozenset({ItemState.QUEUED}),
    ItemState.SUCCEEDED: frozenset(),
    ItemState.REFUSED: frozenset(),
    ItemState.CANCELLED: frozenset(),
}


def may_follow(before: ItemState, after: ItemState) -> bool:
    """Whether an item may go from one state to the other. CALLING → QUEUED is for calls
    that certainly changed nothing, UNKNOWN → UNKNOWN for a new reason."""
    return after in _NEXT[before]


def sources_of(after: ItemState) -> tuple[ItemState, ...]:
    """The states from which an item may come to `after`; the database refuses any other by these."""
    return tuple(before for before in ItemState if after in _NEXT[before])
