"""`manage.py drivers list|check`: which profile runs on which driver, and what was refused, where and why."""

from __future__ import annotations

from drivers.registry import DriverRegistry, RunningProfile, load_registry
from settings import Settings, read_plugins_file
from settings.plugins_file import NO_DRIVER
from supervisor.narration import Narrator


async def report_drivers(settings: Settings, narrator: Narrator) -> bool:
    """Print a line for each profile and each problem; False when there was a problem."""
    loaded = await load_registry(read_plugins_file(settings.plugins_file))
    registry: DriverRegistry = loaded.registry
    try:
        for code, profile in registry.profiles.items():
            narrator.plain(f"{code:<8} {profile.entry.driver:<12} {_state(registry, code, profile)}")
        for problem in registry.problems:
            narrator.refuse(str(problem))
    finally:
        await registry.close()
    return not registry.problems


def _state(registry: DriverRegistry, code: str, profile: RunningProfile) -> str:
    if profile.entry.driver == NO_DRIVER:
        return "shown only: every action unsupported"
    if profile.driver is None:
        return "refused"
    usable = [capability.action.value for capability in registry.capabilities(code) if capability.usable]
    assert profile.limits is not None
    limits = f"{profile.limits.calls_per_second:g} calls/s, {profile.limits.max_concurrency} at a time"
    return f"ready ({limits}): {', '.join(usable) or 'no action'}"
