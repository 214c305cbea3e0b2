"""Locking and unlocking: what each SIM's item says, what the operator sees, and what stands afterwards."""

from __future__ import annotations

import pytest

from domain.locks import BIT, LockKind
from models import SimLockReason
from models.database import execute
from tests.operations.engine import LOCK, MSU_LOCK, UNLOCK, Engine, SimCard


async def put_reason(engine: Engine, sim: SimCard, kind: LockKind) -> None:
    """Another reason to be locked stands on the SIM, and the operator blocks it."""
    await SimLockReason.create(
        sim_id=sim.id,
        company_id=engine.company.id,
        kind=kind,
        since=(await engine.stored(sim))["created_at"],
        set_by="support",
        reason="in this story",
    )
    await execute(
        "UPDATE sim SET lock_mask = lock_mask | $2::smallint, observed_blocked = true WHERE id = $1", sim.id, BIT[kind]
    )
    engine.force(sim, blocked=True)


async def test_a_lock_of_mixed_profiles_gives_each_sim_its_own_outcome(engine: Engine) -> None:
    sims = [await engine.sim("TC"), await engine.sim("TD"), await engine.sim("VK")]

    operation = await engine.run(LOCK, sims)

    assert await engine.outcomes(operation) == [
        ("SUCCEEDED", "APPLIED"),
        ("SUCCEEDED", "APPLIED"),
        ("REFUSED", "UNSUPPORTED"),
    ]
    row = await engine.operation(operation)
    assert (row["state"], row["succeeded"], row["refused"]) == ("DONE", 2, 1)
    assert row["finished_at"] is not None
    for sim in sims[:2]:
        stored = await engine.stored(sim)
        assert engine.really(sim)["blocked"] is True
        assert stored["observed_blocked"] is True
        assert stored["lock_mask"] == BIT[LockKind.VOLUNTARY]
        assert await engine.reasons(sim) == {"VOLUNTARY"}
        assert engine.writes(sim, "blocks_applied") == 1


async def test_an_operation_whose_items_are_all_refused_is_done_at_once(engine: Engine) -> None:
    operation = await engine.accept(LOCK, await engine.sims("VK", 3))

    row = await engine.operation(operation)

    assert (row["state"], row["refused"], row["finished_at"] is not None) == ("DONE", 3, True)


async def test_the_reason_names_who_locked_and_when(engine: Engine) -> None:
    sim = await engine.sim("TD")

    operation = await engine.run(LOCK, [sim])

    reason = await SimLockReason.get(sim_id=sim.id)
    assert (reason.set_by, reason.set_by_user_id) == ("Olga Owner", engine.owner.user.id)
    assert reason.since >= (await engine.item(operation))["started_at"]


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_what_is_locked_is_unlocked_again(engine: Engine, profile: str) -> None:
    sim = await engine.sim(profile)
    await engine.run(LOCK, [sim])

    operation = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is False
    assert await engine.reasons(sim) == set()
    assert (await engine.stored(sim))["lock_mask"] == 0


async def test_a_locked_sim_is_already_locked_and_nothing_is_sent(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await engine.run(LOCK, [sim])
    calls = engine.requests("sblock")

    operation = await engine.run(LOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "ALREADY_LOCKED")
    assert engine.requests("sblock") == calls


async def test_a_lock_beside_another_reason_adds_the_voluntary_one_without_a_call(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await put_reason(engine, sim, LockKind.FINANCIAL)

    operation = await engine.run(LOCK, [sim])

    assert (await engine.outcome(operation))[0] == "SUCCEEDED"
    assert engine.requests("sblock") == 0
    assert await engine.reasons(sim) == {"VOLUNTARY", "FINANCIAL"}


async def test_an_unlock_where_other_reasons_remain_ends_well_without_a_call(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await engine.run(LOCK, [sim])
    await put_reason(engine, sim, LockKind.FINANCIAL)
    calls = engine.requests("sblock")

    operation = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "STILL_LOCKED")
    assert "Pay all invoices" in (await engine.item(operation))["outcome_message"]
    assert engine.requests("sblock") == calls
    assert await engine.reasons(sim) == {"FINANCIAL"}
    assert engine.really(sim)["blocked"] is True


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (LockKind.MSU, "MSU_LOCKED"),
        (LockKind.FINANCIAL, "FINANCIAL_LOCKED"),
        (LockKind.PACKAGE, "PACKAGE_LOCKED"),
        (LockKind.VIOLATION, "VIOLATION_LOCKED"),
    ],
)
async def test_an_unlock_without_a_voluntary_lock_is_refused_with_what_remains(
    engine: Engine, kind: LockKind, code: str
) -> None:
    sim = await engine.sim("TC")
    await put_reason(engine, sim, kind)

    operation = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(operation) == ("REFUSED", code)
    assert engine.requests("sblock") == 0
    assert await engine.reasons(sim) == {kind.value}


async def test_an_unlock_of_a_sim_that_nobody_locked_is_refused(engine: Engine) -> None:
    operation = await engine.run(UNLOCK, [await engine.sim("TD")])

    assert await engine.outcome(operation) == ("REFUSED", "NOT_LOCKED")


async def test_a_sim_the_operator_blocks_without_our_wish_can_be_unlocked(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.force(sim, blocked=True)
    await engine.synchronise("TC")

    operation = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is False


async def test_already_blocked_at_the_operator_is_success(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.force(sim, blocked=True)

    operation = await engine.run(LOCK, [sim])

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert await engine.reasons(sim) == {"VOLUNTARY"}


async def test_a_retired_sim_refuses_and_says_so(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, status="RETIRED")

    operation = await engine.run(LOCK, [sim])

    state, code = await engine.outcome(operation)
    assert (state, code) == ("REFUSED", "REFUSED_BY_OPERATOR")
    assert await engine.reasons(sim) == set()


async def test_a_sim_the_operator_does_not_know_is_refused_by_name(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await execute("UPDATE sim SET iccid = '8946200000000000019' WHERE id = $1", sim.id)

    operation = await engine.run(LOCK, [sim])

    assert await engine.outcome(operation) == ("REFUSED", "SIM_UNKNOWN_TO_OPERATOR")


async def test_an_accepted_risk_can_end_in_an_irrevocable_lock(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.force(sim, in_session=True, msu_count=95)
    await engine.synchronise("TC")

    lock = await engine.run(LOCK, [sim], MSU_LOCK)
    unlock = await engine.accept(UNLOCK, [sim])

    assert await engine.outcome(lock) == ("SUCCEEDED", "APPLIED")
    assert await engine.reasons(sim) == {"VOLUNTARY", "MSU"}
    assert (await engine.stored(sim))["msu_count"] == engine.really(sim)["msu_count"] > 100
    await engine.drain()
    assert await engine.outcome(unlock) == ("SUCCEEDED", "STILL_LOCKED")
    assert await engine.reasons(sim) == {"MSU"}
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("REFUSED", "MSU_LOCKED")
    assert engine.really(sim)["blocked"] is True


async def test_an_msu_lock_nobody_knew_of_shows_when_the_unlock_is_refused(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await engine.run(LOCK, [sim])
    engine.force(sim, msu_blocked=True)

    unlock = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(unlock) == ("REFUSED", "MSU_LOCKED")
    assert await engine.reasons(sim) == {"VOLUNTARY", "MSU"}
    assert engine.really(sim)["blocked"] is True


async def test_an_msu_count_below_the_threshold_is_noted(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.force(sim, in_session=True, msu_count=10)
    await engine.synchronise("TC")

    await engine.run(LOCK, [sim], MSU_LOCK)

    assert (await engine.stored(sim))["msu_count"] == engine.really(sim)["msu_count"] > 10
    assert await engine.reasons(sim) == {"VOLUNTARY"}
