"""The drivers of this process: one for each profile that has passed the gate, with its capabilities."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from domain.catalogue.prices import packages_of
from domain.clock import clock
from domain.decisions import Traits
from domain.operations import ACTION_OF, OperationKind
from drivers.call_metrics import measured_call
from drivers.gate import PluginProblem, load_plugins
from novaconnect_sdk import (
    Action,
    Capability,
    Driver,
    DriverContext,
    DriverError,
    DriverFactory,
    OperatorLimits,
    SideEffect,
    Support,
    capability_mismatches,
)
from settings import BadSetting, PluginsFile, ProfileEntry
from settings.plugins_file import NO_DRIVER
from settings.references import resolve_references

CallGate = Callable[[], AbstractAsyncContextManager[None]]
"""What a driver waits at before each call to its operator."""

_ALL_UNSUPPORTED = tuple(Capability(action, Support.UNSUPPORTED) for action in Action)


_NO_DRIVER_OBJECT = "made an object that is no Driver: it lacks name, account_key, limits, capabilities() or close()"


class NoGate(Exception):
    """A driver wanted to call its operator in a process that was not made for it."""


@dataclass(frozen=True, slots=True)
class RunningProfile:
    """A profile with its driver; `driver` is None where `plugins.toml` says "none" or the driver did not pass."""

    entry: ProfileEntry
    driver: Driver | None
    limits: OperatorLimits | None


class DriverRegistry:
    """All profiles of `plugins.toml`, those whose driver failed included, so that their SIMs stay visible."""

    def __init__(self, profiles: Mapping[str, RunningProfile], problems: tuple[PluginProblem, ...]) -> None:
        self.profiles = profiles
        self.problems = problems
        # Declarations do not change while a process lives, and every item asks for them.
        self._capabilities = {code: _declared(code, profile.driver) for code, profile in profiles.items()}
        self._traits = {code: _traits(capabilities) for code, capabilities in self._capabilities.items()}

    def driver(self, profile_code: str) -> Driver | None:
        """The driver of a profile, or None."""
        profile = self.profiles.get(profile_code)
        return profile.driver if profile else None

    def capabilities(self, profile_code: str) -> tuple[Capability, ...]:
        """What can be done with SIMs of a profile: one entry for each action, unsupported ones included."""
        return self._capabilities.get(profile_code, _ALL_UNSUPPORTED)

    def capability(self, profile_code: str, action: Action) -> Capability:
        """One of them."""
        return next(entry for entry in self.capabilities(profile_code) if entry.action is action)

    def traits(self, profile_code: str) -> Traits:
        """What decisions need of them."""
        return self._traits.get(profile_code) or _traits(_ALL_UNSUPPORTED)

    async def close(self) -> None:
        """Close every driver."""
        for profile in self.profiles.values():
            if profile.driver is not None:
                await profile.driver.close()


def _declared(code: str, driver: Driver | None) -> tuple[Capability, ...]:
    if driver is None:
        return _ALL_UNSUPPORTED
    declared = {capability.action: capability for capability in driver.capabilities()}
    packages = declared.get(Action.CHANGE_PACKAGE)
    if packages is not None and packages.usable and "packages" not in packages.parameters:
        # What is sold and for how much is ours to say, not the operator's.
        declared[Action.CHANGE_PACKAGE] = replace(packages, parameters={**packages.parameters, "packages": _sold(code)})
    return tuple(declared.get(action, Capability(action, Support.UNSUPPORTED)) for action in Action)


def _sold(code: str) -> list[dict[str, object]]:
    return [
        {"mb": entry.size_mb, "price_eur": str(entry.price), "roaming": roaming, "sample": entry.sample}
        for roaming in (False, True)
        for entry in packages_of(code, roaming=roaming)
    ]


def _traits(capabilities: tuple[Capability, ...]) -> Traits:
    by_action = {capability.action: capability for capability in capabilities}
    sizes = {roaming: _sizes(by_action[Action.CHANGE_PACKAGE], roaming=roaming) for roaming in (False, True)}
    return Traits(
        usable=frozenset(kind for kind in OperationKind if kind not in ACTION_OF or by_action[ACTION_OF[kind]].usable),
        lock_raises_msu=SideEffect.RAISES_MSU in by_action[Action.LOCK].side_effects,
        largest_limit_mb=_whole(by_action[Action.SET_LIMIT].parameters.get("maximum")),
        package_sizes=sizes[False],
        roaming_sizes=sizes[True],
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _sizes(capability: Capability, *, roaming: bool) -> frozenset[int]:
    """The package sizes on sale: the parameter `packages`, a list of {mb, price_eur, roaming, sample}."""
    offers = capability.parameters.get("packages", ())
    if not isinstance(offers, list | tuple):
        return frozenset()
    return frozenset(offer["mb"] for offer in offers if offer["roaming"] is roaming)


class DeferredGate:
    """The gate of one driver: closed until the process has opened the account's budget."""

    def __init__(self, profile_code: str) -> None:
        self.gate: CallGate | None = None
        self._profile_code = profile_code

    def __call__(self) -> AbstractAsyncContextManager[None]:
        if self.gate is None:
            raise NoGate("this process has no budget for calls to operators")
        return measured_call(self._profile_code, self.gate())


@dataclass(frozen=True, slots=True)
class LoadedRegistry:
    """A registry and the gates to be opened, by profile code."""

    registry: DriverRegistry
    gates: Mapping[str, DeferredGate]


async def load_registry(file: PluginsFile) -> LoadedRegistry:
    """Make every driver that the file asks for. Problems are collected, never raised."""
    plugins = load_plugins(file)
    problems = list(plugins.problems)
    profiles: dict[str, RunningProfile] = {}
    gates: dict[str, DeferredGate] = {}
    for entry in file.profiles:
        gates[entry.code] = DeferredGate(entry.code)
        try:
            profiles[entry.code] = await _run(entry, plugins.factories, gates[entry.code])
        except (DriverError, BadSetting) as error:
            problems.append(PluginProblem(f"profile {entry.code}", str(error), f"{file.path}:{entry.line}"))
            profiles[entry.code] = RunningProfile(entry, None, None)
    return LoadedRegistry(DriverRegistry(profiles, tuple(problems)), gates)


async def _run(entry: ProfileEntry, factories: Mapping[str, DriverFactory], gate: CallGate) -> RunningProfile:
    if entry.driver == NO_DRIVER:
        return RunningProfile(entry, None, None)
    factory = factories.get(entry.driver)
    if factory is None:
        raise BadSetting(f"driver {entry.driver} is not registered by any plugin that is on: switch its plugin on")
    settings = resolve_references(entry.settings)
    context = DriverContext(profile_code=entry.code, call=gate, now=clock.now)
    try:
        made = factory.create(settings, context)
        driver = await made if inspect.isawaitable(made) else made
        mismatches = capability_mismatches(driver) if isinstance(driver, Driver) else [_NO_DRIVER_OBJECT]
    except DriverError:
        raise
    except (Exception, SystemExit) as error:  # foreign code
        raise BadSetting(f"driver {entry.driver} could not be made ({type(error).__name__}: {error})") from error
    if mismatches:
        raise BadSetting(f"driver {entry.driver} {'; '.join(mismatches)}")
    return RunningProfile(entry, driver, _limits(driver.limits, settings))


def _limits(declared: OperatorLimits, settings: Mapping[str, object]) -> OperatorLimits:
    """The operator's limits, unless the profile's settings say otherwise (`calls_per_second`, `max_concurrency`)."""
    try:
        rate = float(str(settings.get("calls_per_second", declared.calls_per_second)))
        concurrency = int(str(settings.get("max_concurrency", declared.max_concurrency)))
    except ValueError as error:
        raise BadSetting("calls_per_second and max_concurrency must be numbers") from error
    if not (0 < rate <= 100_000) or not (0 < concurrency <= 1_000):
        raise BadSetting("calls_per_second must be from 0 to 100000 and max_concurrency from 1 to 1000")
    return replace(declared, calls_per_second=rate, max_concurrency=concurrency)


_current: DriverRegistry | None = None


def use_registry(registry: DriverRegistry) -> None:
    """Make this the process's registry."""
    global _current
    _current = registry


def registry() -> DriverRegistry:
    """The process's registry; a process that serves or executes sets it at start."""
    if _current is None:
        raise RuntimeError("the driver registry was not loaded in this process")
    return _current
