"""Monthly limits and MSU of a TC SIM: through its month at the operator, by the virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.changes import LOCK, UNLOCK, SetLimit
from domain.clock import clock
from domain.errors import LimitOutOfRange
from domain.operations import ItemState, RiskCode
from domain.sim_filter import LockFilter, Selection, SimFilter
from models.database import execute, fetch_value
from novaconnect_sdk import LivePart
from services.execution.item_results import sim_ref
from services.execution.store_changes import note_limit
from services.fleet.list_sims import count_sims
from services.operations.preview_operation import preview_items, preview_operation
from tests.operations.engine import Engine, SimCard

NOTHING = frozenset[RiskCode]()


async def look(engine: Engine, sim: SimCard) -> None:
    """Read the SIM's limit at the operator, as the live view does."""
    driver: Any = engine.runtime.registry.driver("TC")
    row = await engine.stored(sim)
    ref = sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"])
    reading = (await driver.read_live(ref, frozenset({LivePart.LIMIT}))).limit
    assert reading.value is not None
    assert reading.as_of is not None
    await note_limit(sim.id, reading.value, reading.as_of)


async def test_a_limit_is_reached_and_starts_again_with_the_month(engine: Engine) -> None:
    sim = await engine.sim("TC")

    set_ = await engine.run(SetLimit(1), [sim])
    engine.force(sim, in_session=True)
    used = 0
    while not engine.really(sim)["limit"]["reached"]:
        engine.advance(86_400)
        used += 1
        assert used < 28
        if not engine.really(sim)["limit"]["reached"] and engine.really(sim)["session"] is None:
            engine.force(sim, in_session=True)
    await look(engine, sim)

    assert await engine.outcome(set_) == ("SUCCEEDED", "APPLIED")
    stored = await engine.stored(sim)
    assert (stored["limit_mb"], stored["wanted_limit_mb"]) == (1, 1)
    assert stored["limit_used_bytes"] >= 1_000_000
    assert stored["limit_reached_at"] is not None

    now = clock.now().astimezone(UTC)
    next_month = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, 0, 5, tzinfo=UTC)
    engine.advance((next_month - now).total_seconds())
    await look(engine, sim)

    stored = await engine.stored(sim)
    assert stored["limit_reached_at"] is None
    assert stored["limit_used_bytes"] < 1_000_000


async def test_a_limit_is_removed(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await engine.run(SetLimit(500), [sim])
    assert engine.really(sim)["limit"]["mb"] == 500

    removed = await engine.run(SetLimit(None), [sim])

    assert await engine.outcome(removed) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["limit"]["mb"] is None
    assert (await engine.stored(sim))["limit_mb"] is None


async def test_only_profiles_that_can_take_a_limit(engine: Engine) -> None:
    tc, td = await engine.sim("TC"), await engine.sim("TD")

    operation = await engine.run(SetLimit(100), [tc, td])

    assert sorted(await engine.outcomes(operation)) == [("REFUSED", "UNSUPPORTED"), ("SUCCEEDED", "APPLIED")]


@pytest.mark.parametrize("megabytes", [0, -5, 1_000_001])
async def test_a_limit_that_no_operator_takes_changes_nothing(engine: Engine, megabytes: int) -> None:
    sim = await engine.sim("TC")

    with pytest.raises(LimitOutOfRange) as caught:
        await engine.accept(SetLimit(megabytes), [sim])

    assert caught.value.path == ("megabytes",)
    assert await fetch_value("SELECT count(*) FROM operation") == 0


async def test_a_limit_below_what_is_used_is_a_risk(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await execute("UPDATE sim SET limit_used_bytes = 7400000, limit_as_of = $2 WHERE id = $1", sim.id, clock.now())
    selection = Selection(ids=(sim.id,))

    (item,) = await preview_items(engine.owner.principal, SetLimit(5), selection, NOTHING, after_sim_id=0, limit=10)
    preview = await preview_operation(engine.owner.principal, SetLimit(8), selection, NOTHING)
    refused = await engine.run(SetLimit(5), [sim])
    accepted = await engine.run(SetLimit(5), [sim], RiskCode.LIMIT_BELOW_USED)

    assert (item.verdict, item.code) == ("RISKY", "LIMIT_BELOW_USED")
    assert "used 7.4 MB" in item.evidence
    assert preview.will_run == 1
    assert await engine.outcome(refused) == ("REFUSED", "LIMIT_BELOW_USED")
    assert await engine.outcome(accepted) == ("SUCCEEDED", "APPLIED")


async def test_a_lost_answer_to_a_limit_is_settled_by_reading(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("timeout_after", face="tsim", command="setlimit", seconds=4, times=1)

    operation = await engine.run(SetLimit(64), [sim])
    assert (await engine.item(operation))["state"] == ItemState.UNKNOWN
    await engine.settle()

    assert await engine.outcome(operation) == ("SUCCEEDED", "SETTLED_BY_READING")
    assert (await engine.stored(sim))["limit_mb"] == 64
    assert engine.writes(sim, "limits_applied") == 1


async def test_locks_in_a_live_device_end_in_an_irrevocable_msu_lock(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.force(sim, in_session=True, msu_count=95)

    locked = await engine.run(LOCK, [sim], RiskCode.MSU_LOCK)
    unlocked = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(locked) == ("SUCCEEDED", "APPLIED")
    assert await engine.outcome(unlocked) == ("REFUSED", "MSU_LOCKED")
    assert await engine.reasons(sim) == {"VOLUNTARY", "MSU"}
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("SUCCEEDED", "STILL_LOCKED")
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("REFUSED", "MSU_LOCKED")
    assert engine.really(sim)["msu_blocked"]
    found = await count_sims(engine.owner.principal, SimFilter(lock=LockFilter.MSU_LOCKED))
    assert found == 1


async def test_a_rising_msu_count_betrays_a_live_device(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await execute("UPDATE sim SET msu_count = 40, updated_at = $2 WHERE id = $1", sim.id, clock.now())
    await execute("UPDATE sim SET msu_count = 61, updated_at = $2 WHERE id = $1", sim.id, clock.now())

    (item,) = await preview_items(
        engine.owner.principal, LOCK, Selection(ids=(sim.id,)), NOTHING, after_sim_id=0, limit=10
    )

    assert (item.verdict, item.code) == ("RISKY", "MSU_LOCK")
    assert "MSU 61, 40 before" in item.evidence
