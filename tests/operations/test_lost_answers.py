"""Calls whose answer never came or could not be read: unknown, then settled by reading the SIM, never repeated."""

from __future__ import annotations

import pytest

from domain.operations import ItemState
from services.execution.claim_items import claim_due_checks, claim_items
from services.execution.confirm_item import confirm_item
from services.execution.execute_item import execute_item
from services.execution.write_results import write_results
from tests.operations.engine import LOCK, UNLOCK, Engine

LOST = [
    ("TC", "timeout_after", "ANSWER_LOST"),
    ("TC", "disconnect", "ANSWER_LOST"),
    ("TC", "http_500", "ANSWER_LOST"),
    ("TC", "html", "ANSWER_UNREADABLE"),
    ("TC", "truncated_xml", "ANSWER_UNREADABLE"),
    ("TC", "empty", "ANSWER_UNREADABLE"),
    ("TD", "timeout_after", "ANSWER_LOST"),
    ("TD", "disconnect", "ANSWER_LOST"),
    ("TD", "http_500", "ANSWER_LOST"),
    ("TD", "html", "ANSWER_UNREADABLE"),
    ("TD", "truncated_xml", "ANSWER_UNREADABLE"),
    ("TD", "empty", "ANSWER_UNREADABLE"),
]
COMMAND = {"TC": "sblock", "TD": "devices.put"}


@pytest.mark.parametrize(("profile", "fault", "code"), LOST)
async def test_a_lost_answer_is_unknown_until_reading_shows_the_lock(
    engine: Engine, profile: str, fault: str, code: str
) -> None:
    sim = await engine.sim(profile)
    engine.fault(fault, command=COMMAND[profile], times=1, apply=True, seconds=4)
    operation = await engine.run(LOCK, [sim])
    assert await engine.outcome(operation) == ("UNKNOWN", code)
    assert await engine.reasons(sim) == set()

    await engine.settle()

    assert await engine.outcome(operation) == ("SUCCEEDED", "SETTLED_BY_READING")
    assert await engine.reasons(sim) == {"VOLUNTARY"}
    assert (await engine.stored(sim))["observed_blocked"] is True
    assert (engine.writes(sim, "blocks_applied"), engine.writes(sim, "blocks_repeated")) == (1, 0)
    assert (await engine.operation(operation))["state"] == "DONE"


@pytest.mark.parametrize(("profile", "fault", "code"), LOST)
async def test_a_lost_answer_to_a_call_that_changed_nothing_ends_as_failed(
    engine: Engine, profile: str, fault: str, code: str
) -> None:
    sim = await engine.sim(profile)
    engine.fault(fault, command=COMMAND[profile], times=1, apply=False, seconds=4)
    operation = await engine.run(LOCK, [sim])
    assert (await engine.outcome(operation))[0] == "UNKNOWN"

    await engine.settle()

    assert await engine.outcome(operation) == ("FAILED", "NOT_APPLIED")
    assert await engine.reasons(sim) == set()
    assert engine.writes(sim, "blocks_applied") == 0


async def test_a_lost_unlock_is_settled_by_reading(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await engine.run(LOCK, [sim])
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    operation = await engine.run(UNLOCK, [sim])
    assert (await engine.outcome(operation))[0] == "UNKNOWN"
    assert await engine.reasons(sim) == {"VOLUNTARY"}

    await engine.settle()

    assert await engine.outcome(operation) == ("SUCCEEDED", "SETTLED_BY_READING")
    assert await engine.reasons(sim) == set()


async def test_nothing_is_read_before_the_settle_time(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    operation = await engine.run(LOCK, [sim])

    await engine.drain()

    assert (await engine.outcome(operation))[0] == "UNKNOWN"
    assert engine.requests("card_stat") == 0


async def test_a_read_that_fails_is_tried_again_ever_more_rarely(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    operation = await engine.run(LOCK, [sim])
    engine.fault("html", command="card_stat", times=3)
    for _ in range(3):
        await engine.settle()
    assert (await engine.outcome(operation))[0] == "UNKNOWN"

    engine.advance(300)
    await engine.drain()
    await engine.drain()

    assert (await engine.outcome(operation))[0] in {"SUCCEEDED", "UNKNOWN"}
    engine.advance(300)
    await engine.drain()
    assert await engine.outcome(operation) == ("SUCCEEDED", "SETTLED_BY_READING")


async def test_what_cannot_be_read_stays_visibly_unknown(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    operation = await engine.run(LOCK, [sim])
    engine.fault("html", command="card_stat")

    for _ in range(25):
        engine.advance(1900)
        await engine.drain()

    item = await engine.item(operation)
    assert (item["state"], item["check_at"]) == (ItemState.UNKNOWN, None)
    assert item["outcome_message"] == "It could not be learned whether the change happened."
    looks = engine.requests("card_stat")
    engine.advance(7200)
    await engine.drain()
    assert engine.requests("card_stat") == looks


async def test_an_unlock_after_an_unknown_lock_is_sent(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    lock = await engine.run(LOCK, [sim])

    unlock = await engine.run(UNLOCK, [sim])

    assert (await engine.outcome(lock))[0] == "UNKNOWN"
    assert await engine.outcome(unlock) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is False


async def test_a_lock_after_an_unknown_unlock_is_sent(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await engine.run(LOCK, [sim])
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    await engine.run(UNLOCK, [sim])

    lock = await engine.run(LOCK, [sim])

    assert await engine.outcome(lock) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is True
    assert await engine.reasons(sim) == {"VOLUNTARY"}


async def test_a_sim_that_stays_unknown_for_good_can_still_be_unlocked(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    await engine.run(LOCK, [sim])
    engine.fault("html", command="card_stat")
    for _ in range(25):
        engine.advance(1900)
        await engine.drain()

    unlock = await engine.run(UNLOCK, [sim])

    assert await engine.outcome(unlock) == ("SUCCEEDED", "APPLIED")
    assert engine.really(sim)["blocked"] is False


async def test_a_word_that_was_held_up_does_not_replace_a_newer_one(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await engine.accept(LOCK, [sim])
    holder = engine.runtime.lease.holder_id
    (item,) = await claim_items(await engine.account("TD"), holder, 1)
    result = (await execute_item(item, engine.runtime.registry)).result
    engine.force(sim, blocked=False)
    await engine.synchronise("TD")

    await write_results([result], holder)

    stored = await engine.stored(sim)
    assert (stored["lock_mask"], stored["observed_blocked"]) == (1, False)


async def test_a_later_unlock_hides_whether_the_lock_happened(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    lock = await engine.run(LOCK, [sim])
    await engine.run(UNLOCK, [sim])

    await engine.settle()

    item = await engine.item(lock)
    assert (item["state"], item["check_at"]) == ("UNKNOWN", None)
    assert "later change" in item["outcome_message"]
    assert await engine.reasons(sim) == set()


async def test_an_unlock_that_overtakes_the_reading_leaves_no_lock_behind(engine: Engine) -> None:
    sim = await engine.sim("TC")
    engine.fault("disconnect", command="sblock", times=1, apply=True)
    lock = await engine.run(LOCK, [sim])
    engine.advance(6)
    # The look is claimed and reads "blocked"; before it is written down, the unlock is done.
    (row,) = await claim_due_checks(await engine.account("TC"), 10)
    seen = await confirm_item(row, engine.runtime.registry)
    unlock = await engine.run(UNLOCK, [sim])
    assert seen is not None
    await write_results([seen], None)

    assert await engine.outcome(unlock) == ("SUCCEEDED", "APPLIED")
    assert (await engine.outcome(lock))[0] == "UNKNOWN"
    assert await engine.reasons(sim) == set()
    assert (await engine.stored(sim))["lock_mask"] == 0
    assert (await engine.stored(sim))["observed_blocked"] is False


async def test_the_worker_lives_through_every_kind_of_answer(engine: Engine) -> None:
    sims = await engine.sims("TC", 6)
    for sim, fault in zip(
        sims, ["html", "truncated_xml", "empty", "http_500", "disconnect", "error_body_200"], strict=True
    ):
        engine.fault(fault, command="sblock", iccid=sim.iccid)

    operation = await engine.run(LOCK, sims)

    row = await engine.operation(operation)
    assert row["queued"] + row["calling"] + row["waiting"] == 0
    engine.heal()
    after = await engine.run(LOCK, await engine.sims("TD", 1))
    assert await engine.outcome(after) == ("SUCCEEDED", "APPLIED")
