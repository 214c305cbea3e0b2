"""What a customer filters the fleet by; the same selection serves lists, operations and subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import AmbiguousSelection, EmptySelection, TooManySims
from domain.operations import MAX_SIMS


class LockFilter(StrEnum):
    """The guide's choice of locks: none of any kind, any kind, or locked for MSU."""

    UNLOCKED = "UNLOCKED"
    LOCKED = "LOCKED"
    MSU_LOCKED = "MSU_LOCKED"


@dataclass(frozen=True, slots=True)
class SimFilter:
    """Conditions that a SIM must all meet; None means no condition. Ids are database ids."""

    search: str | None = None
    profiles: tuple[str, ...] | None = None
    lock: LockFilter | None = None
    group_id: int | None = None
    empty_name_only: bool = False
    csv: str | None = None
    ids: tuple[int, ...] | None = None
    drift: bool | None = None
    left_operator: bool | None = None
    company_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The SIMs an operation is asked for: either ids or a filter."""

    ids: tuple[int, ...] | None = None
    filter: SimFilter | None = None

    def require_clear(self) -> None:
        """Raise when it is empty, too large, or both ids and a filter."""
        if (self.ids is None) == (self.filter is None):
            raise AmbiguousSelection("Give either ids or a filter, not both and not neither.", path=("selection",))
        if self.ids is not None and not self.ids:
            raise EmptySelection("The selection names no SIM: give at least one id.", path=("selection", "ids"))
        if self.ids is not None and len(set(self.ids)) > MAX_SIMS:
            raise TooManySims(f"An operation takes at most {MAX_SIMS} SIMs: split it.", path=("selection", "ids"))
