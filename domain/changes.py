"""What may be asked of SIMs: a kind with its parameters, valid by itself; whether it fits a SIM is for `domain.decisions`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from domain.errors import InvalidValue, LimitOutOfRange, NothingToDo, SizeNotOffered
from domain.operations import OperationKind

LONGEST_NAME = 100
LONGEST_GROUP_NAME = 60
LONGEST_REASON = 500
MOST_GROUPS = 100
"""How many groups one operation adds, removes or creates."""

K = OperationKind


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of operation; those that take parameters are the classes below. Values are checked by `require_valid`."""

    kind: OperationKind

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything besides the kind, as JSON."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name != "kind"}

    def require_valid(self) -> None:
        """Raise a typed error for values that fit no SIM at all."""


@dataclass(frozen=True, slots=True)
class SetLimit(Change):
    """A monthly traffic limit in MB; None takes it away."""

    kind: OperationKind = field(default=K.SET_LIMIT, init=False)
    megabytes: int | None

    def require_valid(self) -> None:
        """At least 1 MB."""
        if self.megabytes is not None and self.megabytes < 1:
            raise LimitOutOfRange(
                "A limit is at least 1 MB: give a larger one, or null to remove it.", path=("megabytes",)
            )


@dataclass(frozen=True, slots=True)
class ChangePackage(Change):
    """The size of the packages that follow, and whether they follow each other by themselves."""

    kind: OperationKind = field(default=K.CHANGE_PACKAGE, init=False)
    size_mb: int
    auto_reconnect: bool = True

    def require_valid(self) -> None:
        """A size; which sizes there are is for the operator to say."""
        if self.size_mb < 1:
            raise SizeNotOffered("A package has at least 1 MB: see packageOptions.", path=("sizeMb",))


@dataclass(frozen=True, slots=True)
class SetRoaming(Change):
    """Roaming in all available countries, on or off."""

    kind: OperationKind = field(default=K.SET_ROAMING, init=False)
    enabled: bool


@dataclass(frozen=True, slots=True)
class Rename(Change):
    """One name for every SIM; empty takes the name away."""

    kind: OperationKind = field(default=K.RENAME, init=False)
    name: str

    def require_valid(self) -> None:
        """Fits on a line."""
        require_text(self.name, "A name", 0, LONGEST_NAME, "name")


@dataclass(frozen=True, slots=True)
class RenameEach(Change):
    """A name for each SIM, by database id; valid names only (see `domain.rename_csv`)."""

    kind: OperationKind = field(default=K.RENAME, init=False)
    names: Mapping[int, str]

    @property
    def parameters(self) -> dict[str, Any]:
        """None: each item has its own name."""
        return {}


@dataclass(frozen=True, slots=True)
class AssignGroups(Change):
    """Groups to put the SIMs into and to take them out of, by database id, and names of groups to make for it."""

    kind: OperationKind = field(default=K.ASSIGN_GROUPS, init=False)
    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()
    create: tuple[str, ...] = ()

    def require_valid(self) -> None:
        """Something to do, nothing against itself, usable names."""
        if not (self.add or self.remove or self.create):
            raise NothingToDo("Name at least one group to add, remove or create.", path=("add",))
        if both := set(self.add) & set(self.remove):
            raise InvalidValue(f"A group cannot be added and removed at once ({len(both)} are).", path=("remove",))
        if len(self.add) + len(self.remove) + len(self.create) > MOST_GROUPS:
            raise InvalidValue(f"An operation takes at most {MOST_GROUPS} groups: split it.", path=("add",))
        for position, name in enumerate(self.create):
            group_name(name, "createByName", str(position))


@dataclass(frozen=True, slots=True)
class MoveSims(Change):
    """Another company to have the SIMs, by database id."""

    kind: OperationKind = field(default=K.MOVE, init=False)
    company_id: int


@dataclass(frozen=True, slots=True)
class SetViolationLock(Change):
    """A lock for a violation; customers read the reason."""

    kind: OperationKind = field(default=K.SET_VIOLATION_LOCK, init=False)
    reason: str

    def require_valid(self) -> None:
        """A reason that can be read."""
        require_text(self.reason, "A reason", 1, LONGEST_REASON, "reason")


LOCK, UNLOCK, CANCEL_LOCATION = Change(K.LOCK), Change(K.UNLOCK), Change(K.CANCEL_LOCATION)
RECONNECT_PACKAGE, LIFT_VIOLATION_LOCK = Change(K.RECONNECT_PACKAGE), Change(K.LIFT_VIOLATION_LOCK)
SET_FINANCIAL_LOCK, LIFT_FINANCIAL_LOCK = Change(K.SET_FINANCIAL_LOCK), Change(K.LIFT_FINANCIAL_LOCK)

IN_DATABASE = frozenset({K.RENAME, K.ASSIGN_GROUPS, K.MOVE})
"""Kinds that end in our database, in the transaction that accepts them."""

STAFF_ONLY = frozenset({K.SET_VIOLATION_LOCK, K.LIFT_VIOLATION_LOCK})
"""Kinds that customers cannot ask for."""

SYSTEM_ONLY = frozenset({K.SET_FINANCIAL_LOCK, K.LIFT_FINANCIAL_LOCK})
"""Kinds that nobody asks for: they follow from what is paid."""

PACKAGE_KINDS = frozenset({K.CHANGE_PACKAGE, K.RECONNECT_PACKAGE, K.SET_ROAMING})
"""Kinds that wait for the end of a change of the roaming plan."""

_CLASSES: dict[OperationKind, type[Change]] = {
    K.SET_LIMIT: SetLimit,
    K.CHANGE_PACKAGE: ChangePackage,
    K.SET_ROAMING: SetRoaming,
    K.SET_VIOLATION_LOCK: SetViolationLock,
}


def change_of(kind: OperationKind, parameters: Mapping[str, Any]) -> Change:
    """The change that goes to an operator, from what was stored of it."""
    made = _CLASSES.get(kind)
    return made(**parameters) if made else Change(kind)


def require_text(text: str, what: str, shortest: int, longest: int, *path: str) -> str:
    """The text without blanks around it; raises `InvalidValue` when it is too short, too long or not one line."""
    plain = text.strip()
    if not shortest <= len(plain) <= longest:
        raise InvalidValue(f"{what} has {shortest} to {longest} characters; this one has {len(plain)}.", path=path)
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in plain):
        raise InvalidValue(f"{what} is one line of text: take out line breaks and control characters.", path=path)
    return plain


def group_name(text: str, *path: str) -> str:
    """A group's name, trimmed; raises `InvalidValue`."""
    return require_text(text, "A group name", 1, LONGEST_GROUP_NAME, *path)
