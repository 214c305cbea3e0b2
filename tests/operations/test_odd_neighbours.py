"""One SIM with which something is wrong on our side does not take those beside it with it."""

from __future__ import annotations

import asyncio

from models.database import execute
from services.execution.claim_items import claim_items
from services.execution.execute_item import execute_item
from services.execution.result_writer import ResultWriter
from tests.operations.engine import LOCK, Engine


async def test_a_stored_number_that_cannot_be_read_fails_its_own_item_only(engine: Engine) -> None:
    sims = await engine.sims("TD", 3)
    operation = await engine.accept(LOCK, sims)
    await execute("UPDATE sim SET iccid = 'typed by hand' WHERE id = $1", sims[1].id)

    await engine.drain()

    assert await engine.outcomes(operation) == [
        ("SUCCEEDED", "APPLIED"),
        ("REFUSED", "SIM_UNKNOWN_TO_OPERATOR"),
        ("SUCCEEDED", "APPLIED"),
    ]
    assert "technical support" in (await engine.items(operation))[1]["outcome_message"]


async def test_a_result_that_cannot_be_stored_does_not_take_the_others_with_it(engine: Engine) -> None:
    sims = await engine.sims("TD", 3)
    operation = await engine.accept(LOCK, sims)
    holder = engine.runtime.lease.holder_id
    items = await claim_items(await engine.account("TD"), holder, 3)
    results = [(await execute_item(item, engine.runtime.registry)).result for item in items]
    results[1].native_code = "\x00 is a letter that PostgreSQL does not store"
    writer = ResultWriter()

    async with asyncio.timeout(30):
        await asyncio.gather(*(writer.write(result, holder) for result in results))

    assert [state for state, _ in await engine.outcomes(operation)] == ["SUCCEEDED", "CALLING", "SUCCEEDED"]
    await engine.drain()
    await engine.settle()
    assert [code for _, code in await engine.outcomes(operation)] == ["APPLIED", "SETTLED_BY_READING", "APPLIED"]


async def test_what_is_written_while_another_result_breaks_is_written_too(engine: Engine) -> None:
    sims = await engine.sims("TD", 2)
    operation = await engine.accept(LOCK, sims)
    holder = engine.runtime.lease.holder_id
    items = await claim_items(await engine.account("TD"), holder, 2)
    broken, good = [(await execute_item(item, engine.runtime.registry)).result for item in items]
    broken.message = 7  # type: ignore[assignment]  # foreign code may hand over anything
    writer = ResultWriter()

    async with asyncio.timeout(30):
        first = asyncio.create_task(writer.write(broken, holder))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await writer.write(good, holder)
        await first

    assert sorted(state for state, _ in await engine.outcomes(operation)) == ["CALLING", "SUCCEEDED"]
