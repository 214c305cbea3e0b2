"""The contract between the host and a driver: one small protocol that all fulfil, and interfaces for what a driver
can do.

A driver is an object with typed async methods. It is made once per process and profile, used from one event loop, and
never blocks it. Writes answer a `WriteResult` and raise nothing of their own; reads return values or raise
`DriverError`. Every call that leaves for the operator is made inside `async with context.call():`, which is where the
host keeps the operator's budget.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from novaconnect_sdk.capabilities import Action, Capability, OperatorLimits
from novaconnect_sdk.results import Confirmation, WriteResult
from novaconnect_sdk.values import (
    ALL_LIVE_PARTS,
    CallOrMessageRecord,
    LivePart,
    LiveReading,
    RecordPage,
    SessionRecord,
    Settings,
    SimPage,
    SimRecord,
    SimRef,
)


@dataclass(frozen=True, slots=True)
class DriverContext:
    """What the host lends a driver: the budgeted right to call the operator, and the clock of the business.

    `call()` waits for the operator's budget (calls a second, calls at once; shared by all processes) and is held for
    the duration of one request. `now()` is an aware UTC datetime.
    """

    profile_code: str
    call: Callable[[], AbstractAsyncContextManager[None]]
    now: Callable[[], datetime]


@runtime_checkable
class Driver(Protocol):
    """What every driver is. `account_key` names the operator login that the budget belongs to, without its secret."""

    name: str
    account_key: str
    limits: OperatorLimits

    def capabilities(self, sim: SimRef | None = None) -> tuple[Capability, ...]:
        """What can be done: to any SIM of the profile, or to this one. Pure and quick, no call to the operator."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class Locks(Protocol):
    """Can block and unblock service at the operator. `key` is unique per item and attempt-independent."""

    async def lock(self, sim: SimRef, key: str) -> WriteResult: ...

    async def unlock(self, sim: SimRef, key: str) -> WriteResult: ...


@runtime_checkable
class CancelsLocation(Protocol):
    """Can make the network forget a SIM so that it registers anew (cancel location)."""

    async def cancel_location(self, sim: SimRef, key: str) -> WriteResult: ...


@runtime_checkable
class Limits(Protocol):
    """Can set a monthly traffic limit in MB (1 MB = 1,000,000 bytes unless the capability says otherwise); None
    removes it."""

    async def set_limit(self, sim: SimRef, megabytes: int | None, key: str) -> WriteResult: ...


@runtime_checkable
class Packages(Protocol):
    """Can change the data package, reconnect an exhausted one, and switch the roaming plan."""

    async def change_package(self, sim: SimRef, size_mb: int, auto_reconnect: bool, key: str) -> WriteResult: ...

    async def reconnect_package(self, sim: SimRef, key: str) -> WriteResult: ...

    async def set_roaming(self, sim: SimRef, enabled: bool, key: str) -> WriteResult: ...


@runtime_checkable
class Inventory(Protocol):
    """Can list the SIMs of the login and read one.

    The first page is asked for without a cursor, every later one with the cursor of the page before; the same cursor
    may be asked for again. A cursor whose listing is gone raises `InvalidRequest`: the host begins anew. An operator
    that cannot tell what changed answers everything to `changed_since`.
    """

    async def list_sims(self, cursor: str | None, changed_since: datetime | None) -> SimPage: ...

    async def read_sim(self, sim: SimRef) -> SimRecord: ...


@runtime_checkable
class LiveState(Protocol):
    """Can read one SIM fresh. Parts that fail are `unavailable`; the method raises only when nothing could be asked.

    `parts` says which parts are wanted, so that a question about the session alone costs no further calls.
    """

    async def read_live(self, sim: SimRef, parts: frozenset[LivePart] = ALL_LIVE_PARTS) -> LiveReading: ...


@runtime_checkable
class Confirms(Protocol):
    """Can tell whether a change that was accepted at `since` has happened.

    `confirm` looks at the SIM; `poll` asks by the operator's own handle. IMPOSSIBLE where there is nothing to look at.
    """

    async def confirm(self, sim: SimRef, action: Action, since: datetime) -> Confirmation: ...

    async def poll(self, handle: str) -> Confirmation: ...


@runtime_checkable
class UsageRecords(Protocol):
    """Can list usage records that began in [start, end). Open sessions come again until they are closed.

    A driver that must ask SIM by SIM says so with an attribute `records_by_sim = True`: the host then chooses the SIMs.
    """

    async def iter_sessions(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None = None
    ) -> RecordPage[SessionRecord]: ...

    async def iter_calls_and_messages(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None = None
    ) -> RecordPage[CallOrMessageRecord]: ...


INTERFACE_OF_ACTION: dict[Action, type] = {
    Action.LOCK: Locks,
    Action.UNLOCK: Locks,
    Action.CANCEL_LOCATION: CancelsLocation,
    Action.SET_LIMIT: Limits,
    Action.CHANGE_PACKAGE: Packages,
    Action.RECONNECT_PACKAGE: Packages,
    Action.SET_ROAMING: Packages,
}
"""Which interface a driver must implement to declare an action usable."""


@dataclass(frozen=True, slots=True)
class DriverFactory:
    """What a plugin registers: a driver's name, the SDK versions it was written for (PEP 440 range) and how to make
    one.

    `create` receives the settings of one profile and the context; it raises `SettingsError` naming what is wrong.
    """

    name: str
    sdk_versions: str
    create: Callable[[Settings, DriverContext], Driver | Awaitable[Driver]]


def capability_mismatches(driver: Driver) -> list[str]:
    """Sentences about usable capabilities without a method behind them; empty when all is well."""
    return [
        f"declares {capability.action.value} but does not implement {INTERFACE_OF_ACTION[capability.action].__name__}"
        for capability in driver.capabilities()
        if capability.usable and not isinstance(driver, INTERFACE_OF_ACTION[capability.action])
    ]


DEFAULT_CALL_TIMEOUT = timedelta(seconds=10)
"""How long one call to an operator may take before its answer counts as lost."""
