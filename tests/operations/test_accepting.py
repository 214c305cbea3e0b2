"""Accepting: all or nothing, once for a key, judged as the preview said, and written into the audit."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from domain.changes import Change
from domain.clock import clock
from domain.errors import (
    AmbiguousSelection,
    DomainError,
    EmptySelection,
    Forbidden,
    IdempotencyConflict,
    InvalidValue,
    NotFound,
    TooManySims,
    UnknownProfile,
)
from domain.operations import RiskCode
from domain.sim_filter import Selection, SimFilter
from models.database import execute, fetch, fetch_value
from services.operations.accept_operation import accept_operation
from services.operations.eta import operation_eta
from services.operations.preview_operation import preview_items, preview_operation
from tests.operations.engine import LOCK, MSU_LOCK, RESET, UNLOCK, Engine

NOTHING = frozenset[RiskCode]()


async def nothing_is_stored() -> bool:
    tables = ("operation", "operation_item", "audit_entry", "queue_turn")
    return not any([await fetch_value(f"SELECT count(*) FROM {table}") for table in tables])


async def refused(engine: Engine, selection: Selection, error: type[DomainError], key: str = "key") -> DomainError:
    """The selection is refused with this error and leaves no trace."""
    with pytest.raises(error) as caught:
        await accept_operation(
            engine.owner.principal, Change(LOCK), selection, idempotency_key=key, accept_risks=NOTHING
        )
    assert await nothing_is_stored()
    assert caught.value.message.endswith(".")
    return caught.value


async def test_a_sim_of_another_company_is_refused_like_one_that_does_not_exist(engine: Engine) -> None:
    mine, foreign = await engine.sims("TD", 2)
    await engine.give([foreign], engine.other_company)

    told_foreign = await refused(engine, Selection(ids=(mine.id, foreign.id)), NotFound)
    told_unknown = await refused(engine, Selection(ids=(mine.id, 999_999_999)), NotFound)

    assert (told_foreign.message, told_foreign.path) == (told_unknown.message, told_unknown.path)


@pytest.mark.parametrize(
    ("selection", "error"),
    [
        (Selection(), AmbiguousSelection),
        (Selection(ids=(1,), filter=SimFilter()), AmbiguousSelection),
        (Selection(ids=()), EmptySelection),
        (Selection(filter=SimFilter(search="no such SIM anywhere")), EmptySelection),
        (Selection(ids=tuple(range(1, 100_002))), TooManySims),
        (Selection(filter=SimFilter(profiles=("XX",))), UnknownProfile),
        (Selection(filter=SimFilter(ids=(999_999_999,))), EmptySelection),
    ],
)
async def test_a_selection_that_cannot_be_acted_on_stores_nothing(
    engine: Engine, selection: Selection, error: type[DomainError]
) -> None:
    await refused(engine, selection, error)


@pytest.mark.parametrize("key", ["", "k" * 201, "nul\0", "line\nfeed", "lone \ud800"])
async def test_a_key_that_is_no_key_stores_nothing(engine: Engine, key: str) -> None:
    sim = await engine.sim("TD")

    told = await refused(engine, Selection(ids=(sim.id,)), InvalidValue, key)

    assert told.path == ("idempotencyKey",)


async def test_a_viewer_may_preview_and_change_nothing(engine: Engine) -> None:
    sim = await engine.sim("TD")

    with pytest.raises(Forbidden):
        await engine.accept(LOCK, [sim], by=engine.viewer.principal)
    preview = await preview_operation(engine.viewer.principal, Change(LOCK), Selection(ids=(sim.id,)), NOTHING)

    assert preview.will_run == 1
    assert await nothing_is_stored()


async def test_staff_may_act_for_one_company_at_a_time(engine: Engine) -> None:
    mine, theirs = await engine.sims("TD", 2)
    await engine.give([theirs], engine.other_company)

    with pytest.raises(InvalidValue):
        await engine.accept(LOCK, [mine, theirs], by=engine.staff.principal)
    assert await nothing_is_stored()
    operation = await engine.accept(LOCK, [theirs], by=engine.staff.principal)

    assert (await engine.operation(operation))["company_id"] == engine.other_company.id


async def test_a_filter_selects_what_it_lists(engine: Engine) -> None:
    selection = Selection(filter=SimFilter(profiles=("TD",)))

    operation = await accept_operation(
        engine.owner.principal, Change(LOCK), selection, idempotency_key="all", accept_risks=NOTHING
    )

    assert (await engine.operation(operation))["total"] == len(engine.simulator.sims(profile="TD"))


async def test_a_sim_named_twice_is_one_item(engine: Engine) -> None:
    sim = await engine.sim("TD")

    operation = await engine.accept(LOCK, [sim, sim])

    assert (await engine.operation(operation))["total"] == 1


async def test_the_same_key_with_the_same_request_is_the_same_operation(engine: Engine) -> None:
    first, second = await engine.sims("TD", 2)
    operation = await engine.accept(LOCK, [first, second], key="once")
    await engine.drain()

    again = await engine.accept(LOCK, [second, first], key="once")

    assert again == operation
    assert await fetch_value("SELECT count(*) FROM operation") == 1


async def test_the_same_key_with_another_request_is_an_error(engine: Engine) -> None:
    first, second = await engine.sims("TD", 2)
    await engine.accept(LOCK, [first], key="once")

    for kind, sims, risks in (
        (LOCK, [second], []),
        (UNLOCK, [first], []),
        (LOCK, [first, second], []),
        (LOCK, [first], [MSU_LOCK]),
    ):
        with pytest.raises(IdempotencyConflict):
            await engine.accept(kind, sims, *risks, key="once")
    assert await fetch_value("SELECT count(*) FROM operation") == 1


async def test_a_key_belongs_to_the_user_who_used_it(engine: Engine) -> None:
    mine, theirs = await engine.sims("TD", 2)
    await engine.give([theirs], engine.other_company)

    first = await engine.accept(LOCK, [mine], key="once")
    second = await engine.accept(LOCK, [theirs], key="once", by=engine.other_owner.principal)

    assert first != second


async def test_the_same_key_at_the_same_moment_is_one_operation(engine: Engine) -> None:
    sims = await engine.sims("TD", 5)

    operations = await asyncio.gather(*(engine.accept(LOCK, sims, key="at once") for _ in range(6)))

    assert len(set(operations)) == 1
    assert await fetch_value("SELECT count(*) FROM operation") == 1
    assert await fetch_value("SELECT count(*) FROM operation_item") == 5


async def test_different_requests_with_one_key_at_the_same_moment_are_a_conflict(engine: Engine) -> None:
    sims = await engine.sims("TD", 4)

    answers = await asyncio.gather(*(engine.accept(LOCK, [sim], key="at once") for sim in sims), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["IdempotencyConflict"] * 3 + ["int"]


@pytest.mark.parametrize("kind", [LOCK, UNLOCK, RESET])
@pytest.mark.parametrize("risks", [NOTHING, frozenset(RiskCode)])
async def test_the_preview_says_what_acceptance_does(engine: Engine, kind: object, risks: frozenset[RiskCode]) -> None:
    assert kind in (LOCK, UNLOCK, RESET)
    tc, td = await engine.sims("TC", 5), await engine.sims("TD", 3)
    await engine.run(LOCK, [tc[0], td[0]])
    await engine.run(RESET, [tc[1]])
    engine.force(tc[2], in_session=True)
    await execute("UPDATE sim SET session_active = true WHERE id = $1", tc[2].id)
    await execute("UPDATE sim SET lock_mask = 8 WHERE id = $1", tc[3].id)
    sims = [*tc, *td, await engine.sim("VK")]
    selection = Selection(ids=tuple(sim.id for sim in sims))

    preview = await preview_operation(engine.owner.principal, Change(kind), selection, risks)  # type: ignore[arg-type]
    listed = await preview_items(engine.owner.principal, Change(kind), selection, risks, after_sim_id=0, limit=100)  # type: ignore[arg-type]
    operation = await engine.accept(kind, sims, *risks)  # type: ignore[arg-type]

    items = await engine.items(operation)
    refused_items = {item["sim_id"]: item["outcome_code"] for item in items if item["state"] == "REFUSED"}
    assert (preview.total, preview.will_run) == (len(items), len(items) - len(refused_items))
    assert preview.refused + preview.risky == len(refused_items)
    assert {item.sim_id: item.code for item in listed if item.verdict != "WILL_RUN"} == refused_items
    assert sum(group.count for group in preview.groups) == preview.total
    assert all(group.message for group in preview.groups if group.verdict != "WILL_RUN")
    assert preview.risky == sum(code in set(RiskCode) for code in refused_items.values())


async def test_a_preview_stores_nothing_and_names_its_evidence(engine: Engine) -> None:
    sim = await engine.sim("TC")
    await execute("UPDATE sim SET session_active = true WHERE id = $1", sim.id)
    selection = Selection(ids=(sim.id,))

    preview = await preview_operation(engine.owner.principal, Change(LOCK), selection, NOTHING)
    (item,) = await preview_items(engine.owner.principal, Change(LOCK), selection, NOTHING, after_sim_id=0, limit=10)

    assert (preview.risky, preview.eta_seconds) == (1, 0)
    assert (item.verdict, item.code) == ("RISKY", "MSU_LOCK")
    assert item.evidence.startswith("data session open")
    assert await nothing_is_stored()


async def test_the_eta_grows_with_what_is_queued(engine: Engine) -> None:
    sims = await engine.sims("TD", 12)
    await execute("UPDATE operator_account SET calls_per_second = 2, max_concurrency = 1 WHERE key LIKE 'jasper%'")
    selection = Selection(ids=tuple(sim.id for sim in sims))
    before = await preview_operation(engine.owner.principal, Change(LOCK), selection, NOTHING)
    await engine.accept(LOCK, sims)

    after = await preview_operation(engine.owner.principal, Change(RESET), selection, NOTHING)

    assert (before.eta_seconds, after.eta_seconds) == (6, 12)


async def test_the_audit_tells_who_asked_for_what(engine: Engine) -> None:
    operation = await engine.accept(LOCK, await engine.sims("TD", 3), MSU_LOCK)

    (entry,) = await fetch("SELECT * FROM audit_entry")

    assert (entry["user_id"], entry["token_id"]) == (engine.owner.user.id, engine.owner.principal.token_id)
    assert (entry["action"], entry["subject"]) == ("operation.accepted.lock", f"operation:{operation}")
    assert entry["company_id"] == engine.company.id
    assert '"total": 3' in entry["detail"]
    assert "MSU_LOCK" in entry["detail"]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
async def test_the_audit_can_only_grow(engine: Engine, statement: str) -> None:
    await engine.accept(LOCK, [await engine.sim("TD")])

    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        await execute(statement)


async def test_a_reset_that_waits_for_another_is_expected_at_its_deadline(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.force(sim, in_session=True)
    first = await engine.run(RESET, [sim])
    second = await engine.run(RESET, [sim], RiskCode.RESET_UNDER_WAY)
    assert await engine.outcome(second) == ("QUEUED", None)

    expected = await operation_eta(second)

    assert expected == (await engine.item(first))["deadline_at"]


async def test_an_item_that_is_tried_again_later_is_expected_then(engine: Engine) -> None:
    sim = await engine.sim("TD")
    engine.fault("throttle", command="devices.put", times=1)
    operation = await engine.run(LOCK, [sim])
    item = await engine.item(operation)
    assert item["not_before"] > clock.now()

    expected = await operation_eta(operation)

    assert expected is not None
    assert expected >= item["not_before"]
