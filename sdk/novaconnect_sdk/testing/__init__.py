"""The conformance suite: inherit it, name your driver and a world to try it in, and know that the host can rely on it.

    class TestMyDriver(DriverBasics, LocksConformance, InventoryConformance):
        factory = FACTORY

        @pytest.fixture
        def world(self, simulator) -> OperatorWorld:
            return MyWorld(simulator)

Inherit `DriverBasics` and one class per interface that the driver implements: no test is skipped, and one of them checks
that none was forgotten. A world (`OperatorWorld`, or `DeviceWorld` where devices matter) arranges the operator's side:
SIMs, faults, time. It should stand on something that speaks the operator's wire format over real sockets; a driver
tried on mocks is not tried.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"novaconnect_sdk.testing.{module}"
        for module in (
            "basics",
            "cancel_location",
            "checks",
            "confirms",
            "inventory",
            "limits",
            "live_state",
            "locks",
            "packages",
            "usage_records",
        )
    )
)

from novaconnect_sdk.testing.basics import DriverBasics  # noqa: E402
from novaconnect_sdk.testing.cancel_location import CancelLocationConformance  # noqa: E402
from novaconnect_sdk.testing.confirms import ConfirmsConformance  # noqa: E402
from novaconnect_sdk.testing.fixtures import ConformanceFixtures  # noqa: E402
from novaconnect_sdk.testing.gate import RecordingGate  # noqa: E402
from novaconnect_sdk.testing.inventory import InventoryConformance  # noqa: E402
from novaconnect_sdk.testing.limits import LimitsConformance  # noqa: E402
from novaconnect_sdk.testing.live_state import LiveStateConformance  # noqa: E402
from novaconnect_sdk.testing.locks import LocksConformance  # noqa: E402
from novaconnect_sdk.testing.packages import PackagesConformance  # noqa: E402
from novaconnect_sdk.testing.usage_records import UsageRecordsConformance  # noqa: E402
from novaconnect_sdk.testing.world import DeviceWorld, Fault, OperatorWorld, Variant  # noqa: E402

__all__ = [
    "CancelLocationConformance",
    "ConfirmsConformance",
    "ConformanceFixtures",
    "DeviceWorld",
    "DriverBasics",
    "Fault",
    "InventoryConformance",
    "LimitsConformance",
    "LiveStateConformance",
    "LocksConformance",
    "OperatorWorld",
    "PackagesConformance",
    "RecordingGate",
    "UsageRecordsConformance",
    "Variant",
]
