"""What a driver's write answers: exactly one of five outcomes, so that the host never has to guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from novaconnect_sdk.errors import ErrorCode
from novaconnect_sdk.values import ObservedState


@dataclass(frozen=True, slots=True)
class Done:
    """The operator applied the change, or it already stood ("already blocked" is Done)."""

    observed: ObservedState | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The operator took the change and will apply it later.

    `handle` is the operator's own name for the request, if it gave one; `poll_after` is how long to wait before the
    first look; after `deadline` an unconfirmed change is reported as unknown.
    """

    poll_after: timedelta
    deadline: timedelta
    handle: str | None = None
    observed: ObservedState | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The operator will not do it. `permanent` False means that the same request may succeed another day.
    `message` is one sentence for a person; `native_code` is the operator's own code, redacted of anything personal."""

    code: ErrorCode
    message: str
    permanent: bool = True
    native_code: str | None = None
    observed: ObservedState | None = None


@dataclass(frozen=True, slots=True)
class TryLater:
    """The call certainly changed nothing and may be repeated after `after`: throttled, or not even connected."""

    after: timedelta
    code: ErrorCode = ErrorCode.THROTTLED
    message: str = "The operator asked to slow down."


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may have reached the operator but its answer was lost or unreadable. Never repeated blindly.
    `handle` names the request if the operator has a key by which it can be asked again."""

    code: ErrorCode
    message: str
    handle: str | None = None


WriteResult = Done | Accepted | Refused | TryLater | Unknown


class Confirmation(StrEnum):
    """The answer to "did it happen?": `CONFIRMED`, `NOT_YET`, or `IMPOSSIBLE` to tell by what the operator shows."""

    CONFIRMED = "CONFIRMED"
    NOT_YET = "NOT_YET"
    IMPOSSIBLE = "IMPOSSIBLE"
