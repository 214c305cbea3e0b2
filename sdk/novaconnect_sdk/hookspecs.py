"""The one hook of the plugin contract."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from novaconnect_sdk.driver import DriverFactory

PROJECT = "novaconnect"
"""The pluggy project name; entry points live in the group `novaconnect.drivers`."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class DriverHooks:
    """Hooks that a plugin may implement."""

    @hookspec
    def register_drivers(self) -> Sequence[DriverFactory]:  # type: ignore[empty-body]
        """Return the drivers of this plugin. Called once at start; make nothing and call nobody here."""
