"""The life of a SIM from end to end: a TD SIM and a TC SIM go through their month by the virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime

from billing_calendar.working_days import end_of_working_days, local_date
from domain.changes import LOCK, RECONNECT_PACKAGE, UNLOCK, ChangePackage, SetLimit, SetRoaming
from domain.clock import clock
from domain.diagnosis import Finding
from domain.operations import RiskCode
from domain.sim_filter import LockFilter, SimFilter
from services.diagnosis.diagnose_sim import diagnose_sim
from services.fleet.list_sims import count_sims
from tests.operations.engine import Engine, SimCard


async def finding(engine: Engine, sim: SimCard) -> Finding:
    """What the diagnosis says, after it has read the SIM fresh."""
    diagnosis = await diagnose_sim(engine.owner.principal, sim.id)
    assert diagnosis is not None
    assert diagnosis.reason is None
    return diagnosis.finding


async def test_the_month_of_a_td_sim(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, plan="lite-15")
    await engine.run(ChangePackage(15, auto_reconnect=False), [sim])

    engine.force(sim, used_mb=14)
    engine.force(sim, in_session=True)
    engine.advance(60)
    assert await finding(engine, sim) is Finding.WORKING
    engine.force(sim, used_mb=2)
    engine.force(sim, in_session=True)
    engine.advance(60)

    assert engine.really(sim)["blocked"]
    assert await finding(engine, sim) is Finding.PACKAGE_LOCKED
    assert await engine.reasons(sim) == {"PACKAGE"}
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("REFUSED", "PACKAGE_LOCKED")

    assert await engine.outcome(await engine.run(RECONNECT_PACKAGE, [sim])) == ("SUCCEEDED", "APPLIED")
    assert await engine.reasons(sim) == set()
    assert not engine.really(sim)["blocked"]

    until = end_of_working_days("KZ", clock.now(), 3)
    roaming = await engine.run(SetRoaming(True), [sim])
    refused = await engine.item(await engine.run(ChangePackage(20), [sim]))
    assert (refused["state"], refused["outcome_code"]) == ("REFUSED", "ROAMING_CHANGE_UNDER_WAY")
    assert local_date("KZ", until).isoformat() in refused["outcome_message"]

    engine.advance((until - clock.now()).total_seconds() - 60)
    await engine.drain()
    assert await engine.outcome(roaming) == ("SUCCEEDED", "CONFIRMED")
    assert (await engine.stored(sim))["roaming"]


async def test_the_month_of_a_tc_sim(engine: Engine) -> None:
    sim = await engine.sim("TC")
    assert await engine.outcome(await engine.run(SetLimit(1), [sim])) == ("SUCCEEDED", "APPLIED")

    engine.force(sim, used_mb=2)
    engine.advance(60)

    assert engine.really(sim)["limit"] == {"mb": 1, "reached": True}, engine.really(sim)
    assert await finding(engine, sim) is Finding.LIMIT_REACHED
    stored = await engine.stored(sim)
    assert stored["limit_used_bytes"] >= 1_000_000
    assert stored["limit_reached_at"] is not None

    now = clock.now().astimezone(UTC)
    engine.advance(
        (datetime(now.year + now.month // 12, now.month % 12 + 1, 1, 0, 5, tzinfo=UTC) - now).total_seconds()
    )
    assert await finding(engine, sim) is not Finding.LIMIT_REACHED
    assert (await engine.stored(sim))["limit_reached_at"] is None

    engine.force(sim, in_session=True, msu_count=95)
    await engine.run(LOCK, [sim], RiskCode.MSU_LOCK)

    assert engine.really(sim)["msu_blocked"]
    assert await finding(engine, sim) is Finding.MSU_LOCKED
    await engine.run(UNLOCK, [sim])
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("REFUSED", "MSU_LOCKED")
    assert engine.really(sim)["blocked"]
    assert await count_sims(engine.owner.principal, SimFilter(lock=LockFilter.MSU_LOCKED)) == 1
