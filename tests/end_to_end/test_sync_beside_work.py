"""The inventory is read while operations run on the same SIMs: both end, and what was done last is what is seen."""

from __future__ import annotations

import asyncio

from models.database import fetch_value
from tests.end_to_end.conftest import FLEET, MakeProgram
from tests.end_to_end.test_outages import is_done
from tests.operations.engine import LOCK, MSU_LOCK, UNLOCK, Engine


async def test_synchronising_beside_a_lock_and_an_unlock(house: Engine, program: MakeProgram) -> None:
    sims = await house.sims("TC", FLEET // 4) + await house.sims("TD", FLEET // 4)
    await asyncio.gather(program("worker-1").start(), program("worker-2").start(), program("scheduler").start())
    lock = await house.accept(LOCK, sims, MSU_LOCK)
    unlock = await house.accept(UNLOCK, sims[::2])

    working = asyncio.create_task(is_done(house, unlock))
    while not working.done():
        await house.synchronise()
    await working
    await is_done(house, lock)
    await house.synchronise()

    assert (await house.operation(lock))["succeeded"] == len(sims)
    row = await house.operation(unlock)
    assert row["succeeded"] + row["refused"] == len(sims[::2])
    differing = "SELECT count(*) FROM sim WHERE observed_blocked IS DISTINCT FROM (lock_mask <> 0)"
    assert await fetch_value(differing) == 0
    assert await fetch_value("SELECT count(*) FROM sync_run WHERE error IS NOT NULL OR NOT complete") == 0
