"""Workers that are killed again and again, and a Valkey that forgets: every item ends, and nothing is applied twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from models.database import fetch_row, fetch_value
from services.operations.retry_failed_items import retry_failed_items
from tests.end_to_end.conftest import FLEET, MakeProgram
from tests.end_to_end.programs import until
from tests.operations.engine import LOCK, MSU_LOCK, RECOUNT, RESET, SETTLE_SECONDS, Engine, SimCard


@pytest.fixture
async def valkey(redis_url: str) -> AsyncIterator[Redis]:
    """The Valkey that carries the hints."""
    client: Redis = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def fleet(house: Engine, count: int) -> list[SimCard]:
    """So many SIMs, half of each operator."""
    return await house.sims("TC", count // 2) + await house.sims("TD", count // 2)


async def processed(operation_id: int) -> int:
    """How many items have left the queue."""
    count: int = await fetch_value("SELECT total - queued FROM operation WHERE id = $1", operation_id)
    return count


def as_they_are(house: Engine, sims: list[SimCard]) -> dict[str, dict[str, object]]:
    """All SIMs as they are at the operators, by ICCID."""
    answer = house.simulator.admin("sims/query", {"iccids": [sim.iccid for sim in sims]})
    assert answer["missing"] == []
    return {sim["iccid"]: sim for sim in answer["items"]}


async def ends(house: Engine, operation_id: int) -> None:
    """Wait until nothing of the operation is open, letting time pass for what is to be settled by reading."""

    async def is_settled() -> bool:
        row = await fetch_row(
            "SELECT o.queued + o.calling + o.waiting AS open, (SELECT count(*) FROM operation_item i"
            " WHERE i.operation_id = o.id AND i.state = 'UNKNOWN' AND i.check_at IS NOT NULL) AS unsettled"
            " FROM operation o WHERE o.id = $1",
            operation_id,
        )
        assert row is not None
        if row["open"] == 0 and row["unsettled"]:
            house.advance(SETTLE_SECONDS)
            await asyncio.sleep(0.5)
        return (row["open"], row["unsettled"]) == (0, 0)

    await until(is_settled)


async def kill_again_and_again(
    house: Engine, operation_id: int, program: MakeProgram, valkey: Redis, *, kills: int, step: int
) -> None:
    """A worker is killed each time it has done a little; in the middle Valkey loses everything."""
    worker = program("worker")
    for kill in range(kills):
        await worker.start()
        goal = await processed(operation_id) + step

        async def has_done_a_little(goal: int = goal) -> bool:
            return await processed(operation_id) >= goal

        await until(has_done_a_little)
        worker.kill()
        if kill == kills // 2:
            await valkey.flushall()
    assert await fetch_value("SELECT queued > 0 FROM operation WHERE id = $1", operation_id)
    await worker.start()


async def test_a_lock_of_2000_sims_survives_kills_and_flushall(
    house: Engine, program: MakeProgram, valkey: Redis
) -> None:
    sims = await fleet(house, FLEET)
    await program("scheduler").start()
    operation = await house.accept(LOCK, sims, MSU_LOCK)

    await kill_again_and_again(house, operation, program, valkey, kills=5, step=150)
    await ends(house, operation)

    row = await house.operation(operation)
    assert (row["state"], row["total"], row["unknown"]) == ("DONE", FLEET, 0)
    real = as_they_are(house, sims)
    iccid_of = {sim.id: sim.iccid for sim in sims}
    settled = 0
    for item in await house.items(operation):
        writes = real[iccid_of[item["sim_id"]]]["writes"]
        applied = 1 if item["state"] == "SUCCEEDED" else 0
        assert (item["state"], item["outcome_code"]) in {
            ("SUCCEEDED", "APPLIED"),
            ("SUCCEEDED", "SETTLED_BY_READING"),
            ("FAILED", "NOT_APPLIED"),
        }
        assert (writes["blocks_applied"], writes["blocks_repeated"]) == (applied, 0)
        settled += item["outcome_code"] != "APPLIED"
    assert settled > 0

    if row["failed"]:
        await retry_failed_items(house.owner.principal, operation)
        await ends(house, operation)
    assert (await house.operation(operation))["succeeded"] == FLEET
    real = as_they_are(house, sims)
    assert all((sim["blocked"], sim["writes"]["blocks_applied"]) == (True, 1) for sim in real.values())
    stored = await fetch_row("SELECT count(*) FILTER (WHERE lock_mask & 1 = 1 AND observed_blocked) AS locked FROM sim")
    assert stored is not None
    assert stored["locked"] == FLEET


async def test_resets_survive_kills_and_are_sent_at_most_once(
    house: Engine, program: MakeProgram, valkey: Redis
) -> None:
    sims = await fleet(house, FLEET // 2)
    await program("scheduler").start()
    operation = await house.accept(RESET, sims)

    await kill_again_and_again(house, operation, program, valkey, kills=3, step=100)

    async def is_sent() -> bool:
        return await fetch_value("SELECT queued + calling = 0 FROM operation WHERE id = $1", operation) is True

    await until(is_sent)
    house.advance(36_600)
    await ends(house, operation)

    real = as_they_are(house, sims)
    iccid_of = {sim.id: sim.iccid for sim in sims}
    for item in await house.items(operation):
        sent = real[iccid_of[item["sim_id"]]]["writes"]["cancel_locations_applied"]
        assert sent <= 1
        assert item["state"] == "UNKNOWN" or (item["state"], sent) == ("SUCCEEDED", 1)
    row = await house.operation(operation)
    recount = await fetch_row(RECOUNT, operation)
    assert recount is not None
    assert (row["state"], row["succeeded"] + row["unknown"]) == ("DONE", len(sims))
    assert recount["unknown"] > 0
    assert house.simulator.admin("violations")["total"] == 0
