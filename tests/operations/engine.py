"""The operation engine in this process, in front of the real simulator and the real database."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from access import Principal
from domain.changes import Change
from domain.clock import clock
from domain.operations import OperationKind, RiskCode
from domain.sim_filter import Selection
from drivers.registry import use_registry
from models import Company
from models.database import execute, fetch, fetch_row
from services.execution.drain_account import drain_account
from services.inventory.synchronise_inventory import synchronise_inventory
from services.operations.accept_operation import accept_operation
from services.process.runtime import Runtime, open_runtime
from settings import Settings
from tests.simulator.running import Simulator
from tests.worlds import Login

LOCK, UNLOCK, RESET = OperationKind.LOCK, OperationKind.UNLOCK, OperationKind.CANCEL_LOCATION
MSU_LOCK = RiskCode.MSU_LOCK
SETTLE_SECONDS = 6
"""A little more than the time after which an unknown item is looked at."""

COUNTERS = ("queued", "calling", "waiting", "succeeded", "failed", "refused", "unknown", "cancelled")

RECOUNT = """
SELECT count(*) FILTER (WHERE state = 'QUEUED') AS queued, count(*) FILTER (WHERE state = 'CALLING') AS calling,
  count(*) FILTER (WHERE state = 'AWAITING_CONFIRMATION') AS waiting,
  count(*) FILTER (WHERE state = 'SUCCEEDED') AS succeeded, count(*) FILTER (WHERE state = 'FAILED') AS failed,
  count(*) FILTER (WHERE state = 'REFUSED') AS refused, count(*) FILTER (WHERE state = 'UNKNOWN') AS unknown,
  count(*) FILTER (WHERE state = 'CANCELLED') AS cancelled
FROM operation_item WHERE operation_id = $1
"""

_keys = itertools.count(1)


@dataclass(frozen=True, slots=True)
class SimCard:
    """A SIM by its database id and its ICCID."""

    id: int
    iccid: str


@dataclass(slots=True)
class Engine:
    """Everything a story needs: the operators, the process's runtime, a company with its people, and another one."""

    simulator: Simulator
    settings: Settings
    runtime: Runtime
    company: Company
    other_company: Company
    owner: Login
    viewer: Login
    other_owner: Login
    staff: Login

    # --- the fleet ----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def elsewhere(self, **environment: str) -> AsyncIterator[Runtime]:
        """A second process, in whose environment something is different."""
        before = {name: os.environ[name] for name in environment}
        os.environ.update(environment)
        runtime = await open_runtime(self.settings, "elsewhere")
        try:
            yield runtime
        finally:
            os.environ.update(before)
            await runtime.close()
            use_registry(self.runtime.registry)

    async def synchronise(self, *codes: str) -> None:
        """Read the inventory of these profiles (default both)."""
        for code in codes or ("TC", "TD"):
            async for _ in synchronise_inventory(code, self.runtime):
                pass

    async def sims(self, profile: str, count: int, company: Company | None = None) -> list[SimCard]:
        """The first SIMs of a profile that a company owns."""
        rows = await fetch(
            "SELECT s.id, s.iccid FROM sim s JOIN profile p ON p.id = s.profile_id WHERE p.code = $1 AND s.company_id = $2"
            " ORDER BY s.id LIMIT $3",
            profile,
            (company or self.company).id,
            count,
        )
        assert len(rows) == count
        return [SimCard(row["id"], row["iccid"]) for row in rows]

    async def sim(self, profile: str) -> SimCard:
        """One SIM of a profile."""
        return (await self.sims(profile, 1))[0]

    async def give(self, sims: Iterable[SimCard], company: Company) -> None:
        """Hand SIMs over to another company."""
        await execute(
            "UPDATE sim SET company_id = $1 WHERE id = ANY($2::bigint[])", company.id, [sim.id for sim in sims]
        )

    async def stored(self, sim: SimCard) -> asyncpg.Record:
        """The SIM's row."""
        row = await fetch_row("SELECT * FROM sim WHERE id = $1", sim.id)
        assert row is not None
        return row

    async def reasons(self, sim: SimCard) -> set[str]:
        """The kinds of locks that stand on a SIM, checked against the mask that repeats them."""
        return {row["kind"] for row in await fetch("SELECT kind FROM sim_lock_reason WHERE sim_id = $1", sim.id)}

    def force(self, sim: SimCard, **state: Any) -> None:
        """Put a SIM into a state at the operator, behind our back."""
        self.simulator.admin(f"sims/{sim.iccid}", state)

    def really(self, sim: SimCard) -> dict[str, Any]:
        """The SIM as it is at the operator."""
        return self.simulator.sim(sim.iccid)

    def writes(self, sim: SimCard, kind: str) -> int:
        """How often a write of a kind was applied at the operator."""
        return self.really(sim)["writes"][kind]

    def fault(self, fault: str, **narrowed: Any) -> None:
        """Let the operator misbehave."""
        self.simulator.admin("faults", {"fault": fault, **narrowed})

    def heal(self) -> None:
        """The operator behaves again."""
        self.simulator.admin("faults", method="DELETE")

    def requests(self, command: str) -> int:
        """How many calls of a command the operator has seen."""
        return len(self.simulator.admin(f"requests?command={command}&limit=10000")["items"])

    # --- time ---------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass for the operators and for us."""
        self.simulator.advance(seconds)
        clock.shift_to(timedelta(seconds=self.simulator.admin("clock")["offset_seconds"]))

    # --- operations ---------------------------------------------------------------------------------------------

    async def accept(
        self,
        kind: OperationKind | Change,
        sims: Sequence[SimCard],
        *risks: RiskCode,
        key: str | None = None,
        by: Principal | None = None,
    ) -> int:
        """Ask for a change and get the operation's id."""
        return await accept_operation(
            by or self.owner.principal,
            kind if isinstance(kind, Change) else Change(kind),
            Selection(ids=tuple(sim.id for sim in sims)),
            idempotency_key=key or f"key-{next(_keys)}",
            accept_risks=frozenset(risks),
        )

    async def accounts(self) -> list[int]:
        """The operator accounts."""
        return [row["id"] for row in await fetch("SELECT id FROM operator_account ORDER BY id")]

    async def account(self, profile: str) -> int:
        """The operator account of a profile."""
        row = await fetch_row("SELECT account_id FROM profile WHERE code = $1", profile)
        assert row is not None
        account_id: int = row["account_id"]
        return account_id

    async def drain(self, runtime: Runtime | None = None) -> None:
        """Work on every account until nothing is ready."""
        await asyncio.gather(
            *(drain_account(account_id, runtime or self.runtime) for account_id in await self.accounts())
        )

    async def run(self, kind: OperationKind | Change, sims: Sequence[SimCard], *risks: RiskCode) -> int:
        """Ask for a change and work on it until nothing is ready."""
        operation_id = await self.accept(kind, sims, *risks)
        await self.drain()
        return operation_id

    async def settle(self) -> None:
        """Let the time pass after which lost answers are settled by reading, and do it."""
        self.advance(SETTLE_SECONDS)
        await self.drain()

    async def operation(self, operation_id: int) -> asyncpg.Record:
        """The operation's row, its counters checked against a recount."""
        row = await fetch_row("SELECT * FROM operation WHERE id = $1", operation_id)
        recount = await fetch_row(RECOUNT, operation_id)
        assert row is not None
        assert recount is not None
        assert {name: row[name] for name in COUNTERS} == dict(recount)
        assert row["total"] == sum(recount)
        return row

    async def items(self, operation_id: int) -> list[asyncpg.Record]:
        """The items in order of their SIM."""
        return list(await fetch("SELECT * FROM operation_item WHERE operation_id = $1 ORDER BY sim_id", operation_id))

    async def item(self, operation_id: int) -> asyncpg.Record:
        """The only item of an operation."""
        (item,) = await self.items(operation_id)
        return item

    async def outcome(self, operation_id: int) -> tuple[str, str | None]:
        """State and code of the only item of an operation."""
        item = await self.item(operation_id)
        return item["state"], item["outcome_code"]

    async def outcomes(self, operation_id: int) -> list[tuple[str, str | None]]:
        """State and code of every item, in order of SIM."""
        return [(item["state"], item["outcome_code"]) for item in await self.items(operation_id)]
