"""The queue of an operator account: order on a SIM, fairness, priority, throttling and the circuit breaker."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.clock import clock
from models import Company
from models.database import execute, fetch, fetch_value
from services.execution.claim_items import claim_items
from services.execution.wake_accounts import wake_accounts
from services.operations.cancel_operation import cancel_operation
from tests.operations.engine import LOCK, RESET, UNLOCK, Engine, SimCard

_FLEET = """
INSERT INTO sim (company_id, profile_id, iccid, operator_ref, session_active, session_as_of, created_at, updated_at)
SELECT $1, p.id, '89' || $2::text || lpad(n::text, 14, '0'), $2::text || '-' || n, false, $4, $4, $4
FROM generate_series(1, $3::int) n, profile p WHERE p.code = 'TD' RETURNING id, iccid
"""


async def fleet(company: Company, prefix: str, count: int) -> list[SimCard]:
    """SIMs that only stand in the queue; nobody calls an operator about them."""
    rows = await fetch(_FLEET, company.id, prefix, count, clock.now())
    return [SimCard(row["id"], row["iccid"]) for row in rows]


async def claimed(engine: Engine, count: int) -> list[int]:
    """The next items of TD as company ids, in the order in which they are taken, one at a time."""
    account, holder = await engine.account("TD"), engine.runtime.lease.holder_id
    taken = []
    for _ in range(count):
        (item,) = await claim_items(account, holder, 1)
        taken.append(item.company_id)
    return taken


async def test_changes_of_one_sim_run_in_the_order_of_acceptance(engine: Engine) -> None:
    sim = await engine.sim("TD")
    operations = [await engine.accept(kind, [sim]) for kind in (LOCK, UNLOCK, LOCK, UNLOCK)]

    await engine.drain()

    assert [await engine.outcome(operation) for operation in operations] == [("SUCCEEDED", "APPLIED")] * 4
    started = [(await engine.item(operation))["started_at"] for operation in operations]
    assert all(earlier < later for earlier, later in pairwise(started))
    assert engine.really(sim)["blocked"] is False
    assert engine.writes(sim, "blocks_repeated") + engine.writes(sim, "unblocks_repeated") == 0


async def test_one_change_of_a_sim_is_in_flight_at_a_time(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await engine.accept(LOCK, [sim])
    await engine.accept(RESET, [sim])
    account, holder = await engine.account("TD"), engine.runtime.lease.holder_id

    first = await claim_items(account, holder, 10)
    second = await claim_items(account, holder, 10)

    assert (len(first), len(second)) == (1, 0)


async def test_a_second_company_is_served_between_the_items_of_a_big_first_one(engine: Engine) -> None:
    big, small = await fleet(engine.company, "01", 300), await fleet(engine.other_company, "02", 40)
    await engine.accept(LOCK, big)
    assert set(await claimed(engine, 50)) == {engine.company.id}

    await engine.accept(LOCK, small, by=engine.other_owner.principal)
    order = await claimed(engine, 80)

    assert order.count(engine.other_company.id) == pytest.approx(40, abs=1)
    assert all(order[place : place + 4].count(engine.other_company.id) == 2 for place in range(0, 72, 4))


async def test_interactive_work_goes_before_bulk_work(engine: Engine) -> None:
    bulk, few = await fleet(engine.company, "01", 100), await fleet(engine.other_company, "02", 3)
    await engine.accept(LOCK, bulk)
    await claimed(engine, 5)
    await engine.accept(LOCK, few, by=engine.other_owner.principal)

    assert await claimed(engine, 4) == [engine.other_company.id] * 3 + [engine.company.id]


async def test_interactive_work_of_the_big_one_does_not_push_others_behind_its_bulk(engine: Engine) -> None:
    bulk, row = await fleet(engine.company, "01", 200), await fleet(engine.company, "02", 1)
    others = await fleet(engine.other_company, "03", 30)
    await engine.accept(LOCK, bulk)
    await engine.accept(LOCK, row)
    await claimed(engine, 1)

    await engine.accept(LOCK, others, by=engine.other_owner.principal)

    assert engine.other_company.id in await claimed(engine, 4)


async def test_a_cancelled_operation_costs_its_company_no_place(engine: Engine) -> None:
    abandoned, wanted = await fleet(engine.company, "01", 200), await fleet(engine.company, "02", 30)
    others = await fleet(engine.other_company, "03", 100)
    operation = await engine.accept(LOCK, abandoned)
    await claimed(engine, 1)
    await cancel_operation(engine.owner.principal, operation)

    await engine.accept(LOCK, others, by=engine.other_owner.principal)
    await engine.accept(LOCK, wanted)

    assert engine.company.id in await claimed(engine, 4)


async def test_interactive_work_is_fair_too(engine: Engine) -> None:
    floods = [await fleet(engine.company, str(prefix), 20) for prefix in range(10, 16)]
    for sims in floods:
        await engine.accept(LOCK, sims)
    await claimed(engine, 10)
    await engine.accept(LOCK, await fleet(engine.other_company, "03", 4), by=engine.other_owner.principal)

    assert (await claimed(engine, 10)).count(engine.other_company.id) == 4


@pytest.mark.parametrize(("profile", "command"), [("TC", "sblock"), ("TD", "devices.put")])
async def test_a_throttled_item_is_queued_for_later_and_then_done(engine: Engine, profile: str, command: str) -> None:
    sim = await engine.sim(profile)
    engine.fault("throttle", command=command, times=2)
    operation = await engine.run(LOCK, [sim])
    item = await engine.item(operation)
    assert (item["state"], item["outcome_code"]) == ("QUEUED", "OPERATOR_THROTTLED")
    assert item["not_before"] > clock.now()
    row = await engine.operation(operation)
    assert (row["state"], row["queued"]) == ("RUNNING", 1)

    for _ in range(2):
        engine.advance(60)
        await engine.drain()

    item = await engine.item(operation)
    assert (item["state"], item["outcome_code"], item["not_before"]) == ("SUCCEEDED", "APPLIED", None)
    assert (item["attempt"], engine.writes(sim, "blocks_applied")) == (3, 1)


async def test_a_throttled_item_keeps_its_place_before_later_ones_of_the_sim(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.fault("throttle", command="devices.put", times=1)
    lock = await engine.run(LOCK, [sim])
    unlock = await engine.run(UNLOCK, [sim])
    assert [(await engine.outcome(lock))[0], (await engine.outcome(unlock))[0]] == ["QUEUED", "QUEUED"]

    engine.advance(60)
    await engine.drain()

    assert await engine.outcome(lock) == ("SUCCEEDED", "APPLIED")
    assert await engine.outcome(unlock) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is False


async def test_an_operator_that_throttles_for_long_fails_nothing(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.fault("throttle", command="devices.put")
    operation = await engine.run(LOCK, [sim])
    for _ in range(10):
        engine.advance(120)
        await engine.drain()
    assert (await engine.outcome(operation))[0] == "QUEUED"

    engine.heal()
    engine.advance(120)
    await engine.drain()

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")


async def test_an_operator_that_does_not_answer_is_left_alone_for_a_moment(engine: Engine) -> None:
    sims = await engine.sims("TC", 12)
    engine.fault("disconnect", face="tsim")
    operation = await engine.run(LOCK, sims)
    account = await engine.account("TC")
    paused = "SELECT paused_until > clock_timestamp() FROM operator_account WHERE id = $1"
    assert await fetch_value(paused, account)
    calls = engine.requests("sblock") + engine.requests("checkdatasession")

    await engine.accept(RESET, await engine.sims("TC", 1))
    await engine.drain()

    assert engine.requests("sblock") + engine.requests("checkdatasession") == calls
    assert engine.requests("cnl") == 0
    assert await wake_accounts() == 0

    engine.heal()
    await execute("UPDATE operator_account SET paused_until = clock_timestamp() WHERE id = $1", account)
    assert await wake_accounts() == 1
    engine.advance(60)
    await engine.drain()
    assert engine.requests("cnl") == 1
    assert (await engine.operation(operation))["succeeded"] == 12


async def test_a_pause_of_one_operator_holds_up_no_other(engine: Engine) -> None:
    await execute(
        "UPDATE operator_account SET paused_until = clock_timestamp() + interval '1 hour' WHERE key LIKE 'tsim%'"
    )
    sims = [await engine.sim("TC"), await engine.sim("TD")]

    operation = await engine.run(LOCK, sims)

    assert await engine.outcomes(operation) == [("QUEUED", None), ("SUCCEEDED", "APPLIED")]


async def test_an_operator_out_of_reach_fails_items_that_can_be_retried(engine: Engine) -> None:
    sim = await engine.sim("TD")
    operation = await engine.accept(LOCK, [sim])
    async with engine.elsewhere(JASPER_BASE_URL="http://127.0.0.1:9") as runtime:
        for _ in range(5):
            await engine.drain(runtime)
            engine.advance(3600)
    assert await engine.outcome(operation) == ("FAILED", "OPERATOR_UNAVAILABLE")
    assert engine.writes(sim, "blocks_applied") == 0
