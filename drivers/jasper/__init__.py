"""The driver `jasper`: SIMs in a Cisco IoT Control Center account (REST and SOAP)."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.jasper.driver import create
from novaconnect_sdk import DriverFactory, hookimpl

FACTORY = DriverFactory(name="jasper", sdk_versions=">=1.0,<2", create=create)
"""How the host makes this driver."""


@hookimpl
def register_drivers() -> Sequence[DriverFactory]:
    """What this plugin brings: the driver `jasper`."""
    return [FACTORY]
