"""The driver passes the SDK's suite, found the way the host finds it: by its entry point."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import pytest

from novaconnect_sdk.testing import DriverBasics, InventoryConformance, LocksConformance

(_PLUGIN,) = entry_points(group="novaconnect.drivers", name="lantern")


class TestLantern(DriverBasics, LocksConformance, InventoryConformance):
    """Everything Lantern can do."""

    factory = _PLUGIN.load().register_drivers()[0]

    @pytest.fixture
    def world(self, lantern_world: Any) -> Any:
        return lantern_world
