"""What a process needs to execute and to call operators, opened once at its start and closed at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.budget import AccountBudget
from drivers.process_lease import ProcessLease
from drivers.registry import DriverRegistry, LoadedRegistry, load_registry, use_registry
from models.database import fetch
from services.publish_profiles import publish_profiles
from settings import Settings, read_plugins_file


@dataclass(slots=True)
class Runtime:
    """The drivers with their gates open, the lease, and what is being drained here."""

    registry: DriverRegistry
    lease: ProcessLease
    budgets: Sequence[AccountBudget] = ()
    draining: set[int] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        """Close the drivers, give the call slots and the lease back."""
        await self.registry.close()
        for budget in self.budgets:
            await budget.close()
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
