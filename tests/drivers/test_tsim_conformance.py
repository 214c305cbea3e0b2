"""The driver `tsim` passes the SDK's suite against the operator simulator."""

from __future__ import annotations

import pytest

from drivers.tsim import FACTORY
from novaconnect_sdk.testing import (
    CancelLocationConformance,
    ConfirmsConformance,
    DriverBasics,
    InventoryConformance,
    LimitsConformance,
    LiveStateConformance,
    LocksConformance,
    OperatorWorld,
    UsageRecordsConformance,
)
from tests.drivers.operator_process import OperatorProcess
from tests.drivers.simulated_world import TsimWorld


class TestTsim(
    DriverBasics,
    LocksConformance,
    CancelLocationConformance,
    LimitsConformance,
    InventoryConformance,
    LiveStateConformance,
    ConfirmsConformance,
    UsageRecordsConformance,
):
    """Everything the gate can do."""

    factory = FACTORY

    @pytest.fixture
    async def world(self, simulated_operator: OperatorProcess) -> OperatorWorld:
        return await TsimWorld.opened(simulated_operator)
