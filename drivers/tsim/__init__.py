"""The driver `tsim`: SIMs behind a TSIM XML gate (GET requests, XML answers)."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.tsim.driver import create
from novaconnect_sdk import DriverFactory, hookimpl

FACTORY = DriverFactory(name="tsim", sdk_versions=">=1.0,<2", create=create)
"""How the host makes this driver."""


@hookimpl
def register_drivers() -> Sequence[DriverFactory]:
    """What this plugin brings: the driver `tsim`."""
    return [FACTORY]
