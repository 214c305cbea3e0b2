"""What the suite asks of the author: a world in which the operator can be arranged and looked at from behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from novaconnect_sdk import Action, Settings, SimRef


class Fault(StrEnum):
    """What goes wrong with the next request, whichever it is.

    LOST: the connection breaks before a byte of the answer. SILENCE: the request is applied and no answer ever comes.
    TRUNCATED and EMPTY answers may be of an applied request; with the others nothing is applied.
    """

    LOST_AFTER_APPLYING = "LOST_AFTER_APPLYING"
    LOST_BEFORE_APPLYING = "LOST_BEFORE_APPLYING"
    SILENCE = "SILENCE"
    SERVER_ERROR = "SERVER_ERROR"
    THROTTLED = "THROTTLED"
    HTML = "HTML"
    TRUNCATED = "TRUNCATED"
    EMPTY = "EMPTY"


class Variant(StrEnum):
    """Which settings are wanted: such that work, an address nobody listens on, or a wrong secret."""

    WORKING = "WORKING"
    UNREACHABLE = "UNREACHABLE"
    WRONG_SECRET = "WRONG_SECRET"


class OperatorWorld(Protocol):
    """An operator for tests: really spoken to by the driver, arranged and inspected by the suite.

    A fresh world per test is not needed: `known_sim` gives another SIM each time, and `fail_next` is used up by one
    request. Only the test at hand speaks to the operator.
    """

    def settings(self, variant: Variant = Variant.WORKING) -> Settings:
        """Settings of the driver, with a call time-out of a few seconds and pages small enough for several."""
        ...

    def secrets(self) -> Sequence[str]:
        """The secrets in those settings."""
        ...

    def now(self) -> datetime:
        """The operator's time, aware UTC."""
        ...

    async def known_sim(self) -> SimRef:
        """A SIM that was not handed out before: in service, never cancelled, named as the inventory names it."""
        ...

    def unknown_sim(self) -> SimRef:
        """A well-formed SIM that the operator does not know."""
        ...

    async def sim_count(self) -> int:
        """How many SIMs the login has."""
        ...

    async def is_blocked(self, sim: SimRef) -> bool:
        """Whether the operator keeps the SIM off its network."""
        ...

    async def block(self, sim: SimRef) -> None:
        """The operator blocks the SIM, without the driver; the SIM counts as changed."""
        ...

    async def applied(self, sim: SimRef, action: Action) -> int:
        """How many times the operator has applied this action to the SIM."""
        ...

    async def requests(self) -> int:
        """How many requests the operator has received so far, of all kinds."""
        ...

    async def violations(self) -> Sequence[str]:
        """Rules of the operator that were broken so far: calls at once, calls a second, repeats."""
        ...

    async def fail_next(self, fault: Fault) -> None:
        """Spoil the next request."""
        ...

    async def pass_time(self, duration: timedelta) -> None:
        """Move the operator's time, and `now`, forward."""
        ...


class DeviceWorld(OperatorWorld, Protocol):
    """A world whose SIMs sit in devices: what live state, confirmation and usage records are tried with."""

    async def unblock(self, sim: SimRef) -> None:
        """The operator puts the SIM back into service, without the driver."""
        ...

    async def device_returns(self, sim: SimRef) -> None:
        """The SIM's device registers anew and begins a data session, some minutes from now (moves the time)."""
        ...

    async def begin_session(self, sim: SimRef) -> None:
        """The SIM's device begins a data session, some minutes from now (moves the time)."""
        ...

    async def end_session(self, sim: SimRef) -> None:
        """The SIM's device ends its data session; then half an hour passes."""
        ...
