"""The driver `lantern`, registered through the entry point group `novaconnect.drivers`."""

from __future__ import annotations

from collections.abc import Sequence

from novaconnect_sdk import DriverFactory, hookimpl

from .driver import create


@hookimpl
def register_drivers() -> Sequence[DriverFactory]:
    """What this plugin brings."""
    return [DriverFactory(name="lantern", sdk_versions=">=1.0,<2", create=create)]
