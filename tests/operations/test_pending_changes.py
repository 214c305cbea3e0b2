"""A lock or unlock that is not settled yet, and what is asked meanwhile: at the end stands what was asked last."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain.changes import RECONNECT_PACKAGE, UNLOCK, Change, ChangePackage
from domain.clock import clock
from domain.locks import BIT, LockKind
from domain.operations import OperationKind
from domain.sim_filter import Selection
from models import Profile, Sim, UserRole
from models.database import execute, fetch_row
from services.execution.drain_account import drain_account
from services.operations.accept_operation import accept_operation
from services.process.runtime import Runtime, open_runtime
from settings import Settings
from tests.operations.engine import LOCK, Engine
from tests.operations.scripted_driver import OPERATOR, Fate
from tests.worlds import Login, add_company, add_login, add_sim

PLUGINS = """
[plugins.scripted]
module = "tests.operations.scripted_driver"

[profiles.SC]
title = "Scripted"
driver = "scripted"
"""
DAY = 86_400
_keys = itertools.count(1)


@dataclass(slots=True)
class OneSim:
    """A SIM of an operator in this process, its owner, and the process that works for them."""

    runtime: Runtime
    owner: Login
    sim: Sim
    account_id: int

    async def ask(self, kind: OperationKind, *fates: Fate) -> int:
        """Ask for a change and let it be done; the operator answers as `fates` say."""
        operation_id = await accept_operation(
            self.owner.principal,
            Change(kind),
            Selection(ids=(self.sim.id,)),
            idempotency_key=f"pending-{next(_keys)}",
            accept_risks=frozenset(),
        )
        OPERATOR.answers[:] = fates
        await drain_account(self.account_id, self.runtime)
        OPERATOR.answers.clear()
        return operation_id

    async def outcome(self, operation_id: int) -> tuple[str, str]:
        """State and code of the operation's item."""
        row = await fetch_row("SELECT state, outcome_code FROM operation_item WHERE operation_id = $1", operation_id)
        assert row is not None
        return row["state"], row["outcome_code"]

    async def stored(self) -> asyncpg.Record:
        """The SIM's row."""
        row = await fetch_row("SELECT * FROM sim WHERE id = $1", self.sim.id)
        assert row is not None
        return row

    async def wait(self, seconds: float) -> None:
        """Let time pass, and look at what is due."""
        clock.shift_to(clock.offset + timedelta(seconds=seconds))
        await drain_account(self.account_id, self.runtime)

    @property
    def blocked(self) -> bool:
        """Whether the operator blocks the SIM."""
        return self.sim.iccid in OPERATOR.blocked


@pytest.fixture
async def one(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[OneSim]:
    """A newborn operator with one SIM, which lies in nobody's drawer."""
    OPERATOR.forget()
    plugins = tmp_path / "plugins.toml"
    plugins.write_text(PLUGINS)
    settings = Settings(database_url=database, redis_url=redis_url, environment="test", plugins_file=plugins)
    runtime = await open_runtime(settings, "pending")
    try:
        company = await add_company("Astana Telematics")
        profile = await Profile.get(code="SC")
        owner = await add_login(company, UserRole.OWNER, "Olga Owner")
        sim = await add_sim(company, profile, 1, observed_blocked=False, observed_at=clock.now())
        account = await fetch_row("SELECT account_id FROM profile WHERE code = 'SC'")
        assert account is not None
        yield OneSim(runtime, owner, sim, account["account_id"])
    finally:
        await runtime.close()


async def test_an_unlock_while_the_lock_awaits_its_confirmation_is_sent(one: OneSim) -> None:
    lock = await one.ask(LOCK, Fate.ACCEPTED)
    assert await one.outcome(lock) == ("AWAITING_CONFIRMATION", "ACCEPTED_BY_OPERATOR")

    unlock = await one.ask(OperationKind.UNLOCK)

    assert await one.outcome(unlock) == ("SUCCEEDED", "APPLIED")
    await one.wait(60)
    assert one.blocked is False
    assert (await one.stored())["lock_mask"] == 0
    assert await one.outcome(lock) == ("UNKNOWN", "NOT_CONFIRMED")


async def test_a_lock_while_the_unlock_awaits_its_confirmation_is_sent(one: OneSim) -> None:
    await one.ask(LOCK)
    unlock = await one.ask(OperationKind.UNLOCK, Fate.ACCEPTED)
    assert await one.outcome(unlock) == ("AWAITING_CONFIRMATION", "ACCEPTED_BY_OPERATOR")

    lock = await one.ask(LOCK)

    assert await one.outcome(lock) == ("SUCCEEDED", "APPLIED")
    await one.wait(60)
    assert one.blocked is True
    assert (await one.stored())["lock_mask"] == BIT[LockKind.VOLUNTARY]


@pytest.mark.parametrize("fate", [Fate.LOST_AFTER, Fate.ACCEPTED])
async def test_an_unlock_after_an_unsettled_lock_leaves_what_another_reason_blocks(one: OneSim, fate: Fate) -> None:
    violation = BIT[LockKind.VIOLATION]
    # Locked for a violation, and unblocked at the operator's portal: the customer's lock is sent, its answer is lost.
    await execute("UPDATE sim SET lock_mask = $2::smallint WHERE id = $1", one.sim.id, violation)
    await one.ask(LOCK, fate)
    assert one.blocked

    unlock = await one.ask(OperationKind.UNLOCK)

    assert await one.outcome(unlock) == ("SUCCEEDED", "STILL_LOCKED")
    assert one.blocked
    await one.wait(60)
    assert (await one.stored())["lock_mask"] == violation


async def test_a_sim_whose_reconnect_was_settled_by_reading_can_be_unblocked(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    await engine.run(ChangePackage(15, auto_reconnect=False), [sim])
    engine.force(sim, in_session=False)
    engine.advance(31 * DAY)
    assert engine.really(sim)["blocked"]
    await execute("UPDATE sim SET lock_mask = $2::smallint WHERE id = $1", sim.id, BIT[LockKind.PACKAGE])
    await execute(
        "INSERT INTO sim_lock_reason (sim_id, company_id, kind, since, set_by, reason)"
        " VALUES ($1, $2, 'PACKAGE', now(), 'operator', 'over')",
        sim.id,
        engine.company.id,
    )
    await engine.synchronise("TD")
    engine.fault("disconnect", command="devices.put", times=1, apply=True)
    reconnect = await engine.run(RECONNECT_PACKAGE, [sim])
    assert (await engine.outcome(reconnect))[0] == "UNKNOWN"

    await engine.settle()

    assert await engine.outcome(reconnect) == ("SUCCEEDED", "STILL_LOCKED")
    assert "unlock it" in (await engine.item(reconnect))["outcome_message"]
    assert await engine.reasons(sim) == set()
    unlock = await engine.run(UNLOCK, [sim])
    assert await engine.outcome(unlock) == ("SUCCEEDED", "APPLIED")
    assert not engine.really(sim)["blocked"]
