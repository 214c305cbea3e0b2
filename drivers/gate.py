"""The gate every driver plugin passes: named in `plugins.toml`, importable, the right hook, a fitting SDK range.

One bad plugin is reported with its name, the reason and the line to change; the rest run.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

import novaconnect_sdk
from novaconnect_sdk import DriverFactory
from novaconnect_sdk.hookspecs import PROJECT, DriverHooks
from settings import PluginEntry, PluginsFile

ENTRY_POINTS = "novaconnect.drivers"
"""The entry-point group of installed driver packages."""


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why a plugin or profile does not run, and where to change it."""

    name: str
    reason: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class GatedPlugins:
    """What passed, by driver name, and what did not."""

    factories: dict[str, DriverFactory]
    problems: tuple[PluginProblem, ...]


class _Refused(Exception):
    """A plugin does not pass; the message is the reason."""


def load_plugins(file: PluginsFile) -> GatedPlugins:
    """Bring every plugin named in the file through the gate. Never raises for what a plugin does."""
    factories: dict[str, DriverFactory] = {}
    problems: list[PluginProblem] = []
    for entry in file.plugins:
        try:
            for factory in _factories_of(entry):
                if factory.name in factories:
                    raise _Refused(
                        f"driver {factory.name} is already registered by another plugin: switch one of them off"
                    )
                factories[factory.name] = factory
        except _Refused as refusal:
            problems.append(PluginProblem(entry.name, str(refusal), f"{file.path}:{entry.line}"))
    return GatedPlugins(factories, tuple(problems))


def _factories_of(entry: PluginEntry) -> list[DriverFactory]:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(DriverHooks)
    try:
        manager.register(_import(entry), name=entry.name)
        manager.check_pending()
        answers: Iterable[Iterable[DriverFactory]] = manager.hook.register_drivers()
        factories = [factory for answer in answers for factory in answer]
    except _Refused:
        raise
    except (Exception, SystemExit) as error:  # foreign code: whatever it raises is its own problem, not the host's
        raise _Refused(f"it failed at registration ({type(error).__name__}: {error})") from error
    if not factories:
        raise _Refused("it registers no driver: implement the hook register_drivers")
    for factory in factories:
        _check_sdk_range(factory)
    return factories


def _import(entry: PluginEntry) -> ModuleType | object:
    if entry.module is not None:
        try:
            return importlib.import_module(entry.module)
        except ImportError as error:
            raise _Refused(
                f"the module {entry.module} cannot be imported ({error}): install it or correct `module`"
            ) from error
    found = importlib.metadata.entry_points(group=ENTRY_POINTS, name=entry.name)
    if not found:
        raise _Refused(
            f"no installed package offers the entry point {entry.name} in {ENTRY_POINTS}: install it or switch it off"
        )
    loaded: object = next(iter(found)).load()
    return loaded


def _check_sdk_range(factory: object) -> None:
    if not isinstance(factory, DriverFactory):
        raise _Refused(f"register_drivers returned {type(factory).__name__} where a DriverFactory belongs")
    try:
        fits = novaconnect_sdk.__version__ in SpecifierSet(factory.sdk_versions)
    except (InvalidSpecifier, TypeError) as error:
        raise _Refused(
            f"driver {factory.name} declares the SDK range {factory.sdk_versions!r}, which is not one"
        ) from error
    if not fits:
        raise _Refused(
            f"driver {factory.name} was written for SDK {factory.sdk_versions}, this is {novaconnect_sdk.__version__}:"
            " install a version of the plugin that fits"
        )
