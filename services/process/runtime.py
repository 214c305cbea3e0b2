"""What a process needs to execute and to call operators, opened once at its start and closed at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.budget import AccountBudget
from drivers.process_lease import ProcessLease
from drivers.registry import DriverRegistry, LoadedRegistry, load_registry, registry, use_registry
from models.database import fetch
from services.catalogue.publish_profiles import publish_profiles
from settings import Settings, read_plugins_file


@dataclass(slots=True)
class Runtime:
    """The drivers with their gates open, the lease, and what is being drained here."""

    registry: DriverRegistry
    lease: ProcessLease
    budgets: Sequence[AccountBudget] = ()
    draining: set[int] = field(default_factory=set)
    synchronising: dict[int, asyncio.Task[bool]] = field(default_factory=dict)
    exporting: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    claiming_exports: asyncio.Lock = field(default_factory=asyncio.Lock)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        """Stop synchronising and exporting, close the drivers, give the call slots and the lease back."""
        tasks: list[asyncio.Task[Any]] = [*self.synchronising.values(), *self.exporting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self.registry.close()
            for budget in self.budgets:
                await budget.close()
        finally:
            await self.lease.close()


async def load_drivers(settings: Settings) -> LoadedRegistry:
    """The drivers of `plugins.toml`, known to this process and to the database, without the right to call anybody."""
    loaded = await load_registry(read_plugins_file(settings.plugins_file))
    use_registry(loaded.registry)
    return loaded


async def open_runtime(settings: Settings, title: str) -> Runtime:
    """Load the drivers, publish the profiles, take a lease and open the budget of every operator account."""
    loaded = await load_drivers(settings)
    await publish_profiles(loaded.registry)
    lease = ProcessLease(settings.require_database(), title)
    await lease.open()
    return Runtime(loaded.registry, lease, await open_gates(loaded, lease))


class CallsOnDemand:
    """The right to call operators of a process that seldom does: taken at its first call, so that its start stays quick."""

    def __init__(self, settings: Settings, loaded: LoadedRegistry, title: str) -> None:
        self._settings = settings
        self._loaded = loaded
        self._title = title
        self._opening = asyncio.Lock()
        self._runtime: Runtime | None = None

    async def open(self) -> None:
        """Take a lease and open the budgets; nothing when that was done before."""
        async with self._opening:
            if self._runtime is None:
                await publish_profiles(self._loaded.registry)
                lease = ProcessLease(self._settings.require_database(), self._title)
                await lease.open()
                budgets = await open_gates(self._loaded, lease)
                self._runtime = Runtime(self._loaded.registry, lease, budgets)

    async def close(self) -> None:
        """Close the drivers, and give back what was taken."""
        if self._runtime is not None:
            await self._runtime.close()
        else:
            await self._loaded.registry.close()


_on_demand: CallsOnDemand | None = None


def call_on_demand(calls: CallsOnDemand | None) -> None:
    """From now on `calling_registry` opens this first; None where the process has opened its runtime itself."""
    global _on_demand
    _on_demand = calls


async def calling_registry() -> DriverRegistry:
    """The process's drivers with the right to call their operators."""
    if _on_demand is not None:
        await _on_demand.open()
    return registry()


async def open_gates(loaded: LoadedRegistry, lease: ProcessLease) -> list[AccountBudget]:
    """One budget for each account; profiles that share a login share it."""
    rows = await fetch(
        "SELECT p.code, a.id, a.calls_per_second, a.max_concurrency FROM profile p JOIN operator_account a ON a.id = p.account_id"
    )
    budgets: dict[int, AccountBudget] = {}
    for row in rows:
        budget = budgets.setdefault(
            row["id"], AccountBudget(row["id"], row["calls_per_second"], row["max_concurrency"], lease)
        )
        if row["code"] in loaded.gates:
            loaded.gates[row["code"]].gate = budget.call
    return list(budgets.values())
