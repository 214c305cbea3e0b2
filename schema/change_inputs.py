"""Inputs that say what is to be done to SIMs, turned into the domain's changes."""

from __future__ import annotations

import strawberry

from domain.changes import (
    CANCEL_LOCATION,
    LIFT_VIOLATION_LOCK,
    LOCK,
    RECONNECT_PACKAGE,
    UNLOCK,
    AssignGroups,
    Change,
    ChangePackage,
    MoveSims,
    Rename,
    SetLimit,
    SetRoaming,
    SetViolationLock,
)
from domain.errors import InvalidValue
from domain.operations import RiskCode
from schema.ids import database_id, database_ids
from schema.inputs import SimSelection
from schema.operation_enums import LimitPeriod


@strawberry.input(description="A monthly traffic limit.")
class LimitValues:
    """Parameters of SET_LIMIT."""

    megabytes: int | None = strawberry.field(description="How many MB (1,000,000 bytes each); null removes the limit.")
    period: LimitPeriod = strawberry.field(default=LimitPeriod.MONTH, description="For how long it counts.")

    def to_change(self) -> Change:
        """The change."""
        return SetLimit(self.megabytes)


@strawberry.input(description="What packages follow the present one.")
class PackageValues:
    """Parameters of CHANGE_PACKAGE."""

    size_mb: int = strawberry.field(description="Their size in MB, one of `packageOptions`.")
    auto_reconnect: bool = strawberry.field(
        default=True, description="Whether the next one begins by itself when one is used up or over."
    )

    def to_change(self) -> Change:
        """The change."""
        return ChangePackage(self.size_mb, self.auto_reconnect)


@strawberry.input(description="Roaming in all available countries.")
class RoamingValues:
    """Parameters of SET_ROAMING."""

    enabled: bool = strawberry.field(description="Whether the SIMs shall roam in all available countries.")

    def to_change(self) -> Change:
        """The change."""
        return SetRoaming(self.enabled)


@strawberry.input(description="A name.")
class NameValues:
    """Parameters of RENAME."""

    name: str = strawberry.field(description="Up to 100 characters of any script; empty takes the name away.")

    def to_change(self) -> Change:
        """The change."""
        return Rename(self.name)


@strawberry.input(description="Groups to put SIMs into and to take them out of; at most 100 together.")
class GroupValues:
    """Parameters of ASSIGN_GROUPS."""

    add: list[strawberry.ID] = strawberry.field(default_factory=list, description="Into these groups.")
    remove: list[strawberry.ID] = strawberry.field(default_factory=list, description="Out of these groups.")
    create_by_name: list[str] = strawberry.field(
        default_factory=list,
        description="Into groups of these names, which are made if the company has none of them, whatever their case.",
    )

    def to_change(self) -> Change:
        """The change in database ids; raises `InvalidId`."""
        return AssignGroups(
            add=database_ids(self.add, "SimGroup", "add"),
            remove=database_ids(self.remove, "SimGroup", "remove"),
            create=tuple(self.create_by_name),
        )


@strawberry.input(description="Why SIMs are locked for a violation.")
class ViolationValues:
    """Parameters of SET_VIOLATION_LOCK."""

    reason: str = strawberry.field(description="1 to 500 characters that the customer reads.")

    def to_change(self) -> Change:
        """The change."""
        return SetViolationLock(self.reason.strip())


_UNSET = strawberry.UNSET


@strawberry.input(
    description="One change: exactly one field. Those without parameters take the value true.", one_of=True
)
class ChangeInput:
    """What an operation would do."""

    lock: bool | None = strawberry.field(default=_UNSET, description="Lock the SIMs.")
    unlock: bool | None = strawberry.field(default=_UNSET, description="Remove their voluntary lock.")
    cancel_location: bool | None = strawberry.field(default=_UNSET, description="Reset them.")
    set_limit: LimitValues | None = strawberry.field(default=_UNSET, description="Set or remove their limit.")
    change_package: PackageValues | None = strawberry.field(default=_UNSET, description="Change their next packages.")
    reconnect_package: bool | None = strawberry.field(default=_UNSET, description="Begin their package anew.")
    set_roaming: RoamingValues | None = strawberry.field(default=_UNSET, description="Switch their roaming plan.")
    rename: NameValues | None = strawberry.field(default=_UNSET, description="Rename them.")
    assign_groups: GroupValues | None = strawberry.field(default=_UNSET, description="Change their groups.")
    set_violation_lock: ViolationValues | None = strawberry.field(
        default=_UNSET, description="Lock them for a violation (staff only)."
    )
    lift_violation_lock: bool | None = strawberry.field(
        default=_UNSET, description="Lift the lock for a violation (staff only)."
    )

    def to_domain(self) -> Change:
        """The change; raises `InvalidValue` when a field without parameters is not true."""
        plain = {
            "lock": LOCK,
            "unlock": UNLOCK,
            "cancel_location": CANCEL_LOCATION,
            "reconnect_package": RECONNECT_PACKAGE,
            "lift_violation_lock": LIFT_VIOLATION_LOCK,
        }
        for name, change in plain.items():
            if getattr(self, name) is True:
                return change
        for name in ("set_limit", "change_package", "set_roaming", "rename", "assign_groups", "set_violation_lock"):
            if values := getattr(self, name):
                made: Change = values.to_change()
                return made
        raise InvalidValue("Give the change that you mean the value true.", path=("change",))


@strawberry.input(description="What every mutation that starts an operation takes.")
class _OperationInput:
    """What every mutation that starts an operation takes."""

    selection: SimSelection = strawberry.field(description="On which SIMs.")
    idempotency_key: str = strawberry.field(
        description="Any text of 1 to 200 characters that you make anew for each request: a repeat with the same key"
        " and the same request returns the same operation instead of a second one."
    )
    accept_risks: list[RiskCode] = strawberry.field(
        default_factory=list, description="Risks that you accept; SIMs that carry another one are refused."
    )


@strawberry.input(description="What to lock.")
class LockSimsInput(_OperationInput):
    """Input of `lockSims`."""


@strawberry.input(description="What to unlock.")
class UnlockSimsInput(_OperationInput):
    """Input of `unlockSims`."""


@strawberry.input(description="What to reset.")
class CancelLocationInput(_OperationInput):
    """Input of `cancelLocation`."""


@strawberry.input(description="Which SIMs begin their package anew.")
class ReconnectPackageInput(_OperationInput):
    """Input of `reconnectPackage`."""


@strawberry.input(description="Which SIMs get or lose a limit.")
class SetLimitInput(_OperationInput, LimitValues):
    """Input of `setLimit`."""


@strawberry.input(description="Which SIMs get other packages.")
class ChangePackageInput(_OperationInput, PackageValues):
    """Input of `changePackage`."""


@strawberry.input(description="Which SIMs roam in all countries.")
class SetRoamingInput(_OperationInput, RoamingValues):
    """Input of `setRoaming`."""


@strawberry.input(description="Which SIMs go into or out of which groups.")
class AssignGroupsInput(_OperationInput, GroupValues):
    """Input of `assignGroups`."""


@strawberry.input(description="Which SIMs go to which company.")
class MoveSimsInput(_OperationInput):
    """Input of `moveSims`."""

    company_id: strawberry.ID = strawberry.field(description="The company that shall have them: an active one.")

    def to_change(self) -> Change:
        """The change; raises `InvalidId`."""
        return MoveSims(database_id(self.company_id, "Company", "companyId"))


@strawberry.input(description="Which SIMs are locked for a violation, and why.")
class SetViolationLockInput(_OperationInput, ViolationValues):
    """Input of `setViolationLock`."""


@strawberry.input(description="Whose lock for a violation is lifted.")
class LiftViolationLockInput(_OperationInput):
    """Input of `liftViolationLock`."""


@strawberry.input(description="Which SIM gets which name.")
class RenameSimInput(NameValues):
    """Input of `renameSim`."""

    id: strawberry.ID = strawberry.field(description="The global id of the SIM.")
    idempotency_key: str = strawberry.field(description="As in every mutation that starts an operation.")


@strawberry.input(description="A table of names.")
class RenameSimsInput:
    """Input of `renameSims`."""

    csv: str = strawberry.field(
        description="Up to 100,000 rows, each an ICCID, a semicolon and a name; taken as a whole or not at all."
    )
    idempotency_key: str = strawberry.field(description="As in every mutation that starts an operation.")
