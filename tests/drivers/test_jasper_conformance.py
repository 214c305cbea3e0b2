"""The driver `jasper` passes the SDK's suite against the operator simulator."""

from __future__ import annotations

import pytest

from drivers.jasper import FACTORY
from novaconnect_sdk.testing import (
    CancelLocationConformance,
    ConfirmsConformance,
    DriverBasics,
    InventoryConformance,
    LiveStateConformance,
    LocksConformance,
    OperatorWorld,
    PackagesConformance,
    UsageRecordsConformance,
)
from tests.drivers.operator_process import OperatorProcess
from tests.drivers.simulated_world import JasperWorld


class TestJasper(
    DriverBasics,
    LocksConformance,
    CancelLocationConformance,
    PackagesConformance,
    InventoryConformance,
    LiveStateConformance,
    ConfirmsConformance,
    UsageRecordsConformance,
):
    """Everything the Control Center can do."""

    factory = FACTORY

    @pytest.fixture
    async def world(self, simulated_operator: OperatorProcess) -> OperatorWorld:
        return await JasperWorld.opened(simulated_operator)
