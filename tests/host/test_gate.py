"""The gate: one bad plugin is reported with its name, the reason and the line to change, and the rest runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.registry import load_registry
from novaconnect_sdk import Action, Support
from settings import read_plugins_file
from tests.host.conftest import PROFILE, QUIET_DRIVER

Install = Callable[[str, str], str]
Write = Callable[[str], Path]

_FACTORY = "from novaconnect_sdk import DriverFactory, OperatorLimits, hookimpl\n"


def registering(expression: str) -> str:
    """A plugin whose hook returns this."""
    return f"{_FACTORY}\n@hookimpl\ndef register_drivers():\n    return {expression}\n"


def making(body: str) -> str:
    """A plugin whose driver comes from a class with this body."""
    return (
        f"{_FACTORY}from novaconnect_sdk import Action, Capability\nclass Made:\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + "@hookimpl\ndef register_drivers():\n"
        "    return [DriverFactory(name='bad', sdk_versions='>=1.0,<2', create=lambda settings, context: Made())]\n"
    )


BAD_PLUGINS = {
    "does not import": ("import no_such_module_anywhere", "cannot be imported"),
    "syntax": ("def broken(:", "SyntaxError"),
    "raises at import": ("raise RuntimeError('boom')", "boom"),
    "leaves at import": ("import sys; sys.exit(3)", "SystemExit"),
    "no hook": ("x = 1", "registers no driver"),
    "unknown hook": (
        "from novaconnect_sdk import hookimpl\n@hookimpl\ndef register_operators():\n    return []\n",
        "register_operators",
    ),
    "hook with a strange argument": (
        "from novaconnect_sdk import hookimpl\n@hookimpl\ndef register_drivers(host):\n    return []\n",
        "host",
    ),
    "hook raises": (
        "from novaconnect_sdk import hookimpl\n@hookimpl\ndef register_drivers():\n    raise KeyError('lost')\n",
        "KeyError",
    ),
    "hook returns nothing": (registering("None"), "registers no driver"),
    "hook returns a number": (registering("7"), "TypeError"),
    "hook returns strangers": (registering("['tsim']"), "DriverFactory belongs"),
    "future SDK": (
        registering("[DriverFactory(name='bad', sdk_versions='>=99', create=None)]"),
        "written for SDK >=99",
    ),
    "no SDK range": (registering("[DriverFactory(name='bad', sdk_versions='new', create=None)]"), "is not one"),
    "SDK range of no kind": (registering("[DriverFactory(name='bad', sdk_versions=None, create=None)]"), "is not one"),
    "a name that is taken": (
        registering("[DriverFactory(name='quiet', sdk_versions='>=1.0', create=None)]"),
        "already registered",
    ),
}


@pytest.mark.parametrize("case", BAD_PLUGINS)
async def test_a_bad_plugin_is_reported_and_the_rest_runs(plugin: Install, plugins_file: Write, case: str) -> None:
    source, reason = BAD_PLUGINS[case]
    module = f"bad_plugin_{list(BAD_PLUGINS).index(case)}"
    plugin("quiet_plugin", QUIET_DRIVER)
    plugin(module, source)
    path = plugins_file(f'[plugins.quiet]\nmodule = "quiet_plugin"\n\n[plugins.bad]\nmodule = "{module}"\n\n{PROFILE}')

    loaded = await load_registry(read_plugins_file(path))

    (problem,) = loaded.registry.problems
    assert (problem.name, problem.where) == ("bad", f"{path}:4")
    assert reason in problem.reason
    assert loaded.registry.driver("QQ") is not None


BAD_DRIVERS = {
    "cannot be made": ("def __init__(self):\n    raise OSError('no certificate')", "no certificate"),
    "is no driver": ("x = 1", "no Driver"),
    "capabilities raise": (
        "name = account_key = 'bad'\nlimits = OperatorLimits(5, 1)\n"
        "def capabilities(self, sim=None):\n    raise ValueError('no idea')\n"
        "async def close(self):\n    pass",
        "no idea",
    ),
    "promises what it has no method for": (
        "name = account_key = 'bad'\nlimits = OperatorLimits(5, 1)\n"
        "def capabilities(self, sim=None):\n    return (Capability(Action.LOCK),)\n"
        "async def close(self):\n    pass",
        "declares LOCK but does not implement Locks",
    ),
    "limits that are none": (
        "name = account_key = 'bad'\nlimits = OperatorLimits(0, 1)\n"
        "def capabilities(self, sim=None):\n    return ()\n"
        "async def close(self):\n    pass",
        "calls_per_second",
    ),
}


@pytest.mark.parametrize("case", BAD_DRIVERS)
async def test_a_driver_that_does_not_pass_leaves_its_profile_visible(
    plugin: Install, plugins_file: Write, case: str
) -> None:
    body, reason = BAD_DRIVERS[case]
    module = f"bad_driver_{list(BAD_DRIVERS).index(case)}"
    plugin("quiet_plugin", QUIET_DRIVER)
    plugin(module, making(body))
    path = plugins_file(
        f'[plugins.quiet]\nmodule = "quiet_plugin"\n[plugins.bad]\nmodule = "{module}"\n{PROFILE}'
        '[profiles.BB]\ntitle = "Bad"\ndriver = "bad"\n'
    )

    registry = (await load_registry(read_plugins_file(path))).registry

    (problem,) = registry.problems
    assert (problem.name, problem.where) == ("profile BB", f"{path}:10")
    assert reason in problem.reason
    assert registry.driver("BB") is None
    assert registry.profiles["BB"].entry.title == "Bad"
    assert {entry.support for entry in registry.capabilities("BB")} == {Support.UNSUPPORTED}
    assert registry.driver("QQ") is not None


async def test_a_driver_nobody_registers_is_named(plugins_file: Write) -> None:
    path = plugins_file(PROFILE)

    registry = (await load_registry(read_plugins_file(path))).registry

    assert "driver quiet is not registered" in registry.problems[0].reason
    assert str(registry.problems[0]).startswith(f"{path}:1: profile QQ")


async def test_an_entry_point_that_is_not_installed_is_named(plugins_file: Write) -> None:
    path = plugins_file(f"[plugins.not_installed]\n{PROFILE}")

    registry = (await load_registry(read_plugins_file(path))).registry

    assert "no installed package offers the entry point not_installed" in registry.problems[0].reason


async def test_a_missing_secret_names_the_variable_and_nothing_else(
    plugin: Install, plugins_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUIET_PASSWORD", raising=False)
    plugin("quiet_plugin", QUIET_DRIVER)
    path = plugins_file(
        f'[plugins.quiet]\nmodule = "quiet_plugin"\n{PROFILE}[profiles.QQ.settings]\npassword = "env:QUIET_PASSWORD"\n'
    )

    registry = (await load_registry(read_plugins_file(path))).registry

    assert "QUIET_PASSWORD is not set" in registry.problems[0].reason


@pytest.mark.parametrize(
    ("key", "value"), [("calls_per_second", "fast"), ("max_concurrency", "0"), ("calls_per_second", "-1")]
)
async def test_limits_of_a_profile_must_be_numbers(plugin: Install, plugins_file: Write, key: str, value: str) -> None:
    plugin("quiet_plugin", QUIET_DRIVER)
    path = plugins_file(
        f'[plugins.quiet]\nmodule = "quiet_plugin"\n{PROFILE}[profiles.QQ.settings]\n{key} = "{value}"\n'
    )

    registry = (await load_registry(read_plugins_file(path))).registry

    assert key in registry.problems[0].reason


async def test_the_repositorys_own_file_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TSIM_PASSWORD", "JASPER_API_KEY", "JASPER_LICENSE_KEY"):
        monkeypatch.setenv(name, "secret")

    registry = (await load_registry(read_plugins_file(Path("plugins.toml")))).registry

    assert registry.problems == ()
    assert list(registry.profiles) == ["TC", "TD", "VK"]
    assert registry.driver("VK") is None
    assert registry.capability("TC", Action.CANCEL_LOCATION).support is Support.UNCONFIRMED
    limits = registry.profiles["TD"].limits
    assert limits is not None
    assert (limits.calls_per_second, limits.max_concurrency) == (5, 1)
    await registry.close()
