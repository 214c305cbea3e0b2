"""A change as a call of the driver's method for it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from domain.changes import Change, ChangePackage, SetLimit, SetRoaming
from domain.operations import ACTION_OF
from novaconnect_sdk import Driver, SimRef, WriteResult


def send_change(driver: Driver, change: Change, sim: SimRef, key: str) -> Awaitable[WriteResult]:
    """Call the driver; `key` is the same for every attempt. The profile's capabilities say that the method is there."""
    arguments: tuple[object, ...] = ()
    match change:
        case SetLimit():
            arguments = (change.megabytes,)
        case ChangePackage():
            arguments = (change.size_mb, change.auto_reconnect)
        case SetRoaming():
            arguments = (change.enabled,)
    method: Any = getattr(driver, ACTION_OF[change.kind].value.lower())
    sent: Awaitable[WriteResult] = method(sim, *arguments, key)
    return sent
