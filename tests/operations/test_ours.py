"""Changes that end in our own database, and the staff's violation lock."""

from __future__ import annotations

import pytest

from domain.changes import (
    LIFT_VIOLATION_LOCK,
    LOCK,
    UNLOCK,
    AssignGroups,
    Rename,
    SetLimit,
    SetViolationLock,
)
from domain.errors import Forbidden, IdempotencyConflict, InvalidValue, NameTaken, NotFound, NothingToDo
from domain.rename_csv import BadRenameTable
from domain.sim_filter import SimFilter
from models.database import fetch, fetch_row, fetch_value
from services.fleet.group_rows import create_group, delete_group, rename_group
from services.fleet.list_sims import count_sims
from services.operations.read_items import ItemParent, pages_of_items
from services.operations.rename_sims import rename_sims
from services.paging import PageRequest
from tests.operations.engine import Engine, SimCard


async def groups_of(sim: SimCard) -> list[str]:
    rows = await fetch(
        "SELECT g.name FROM sim_group_member m JOIN sim_group g ON g.id = m.group_id WHERE m.sim_id = $1 ORDER BY 1",
        sim.id,
    )
    return [row["name"] for row in rows]


async def test_a_renaming_is_done_when_it_is_accepted_and_stays_in_the_history(engine: Engine) -> None:
    sim = await engine.sim("TC")

    operation = await engine.accept(Rename("  Қостанай, комбайн №3 "), [sim])

    assert (await engine.operation(operation))["state"] == "DONE"
    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert (await engine.stored(sim))["name"] == "Қостанай, комбайн №3"
    page = (await pages_of_items(engine.owner.principal, ItemParent.SIM, [sim.id], None, PageRequest(first=1)))[sim.id]
    assert (page.rows[0].kind, page.rows[0].state) == ("RENAME", "SUCCEEDED")


async def test_an_empty_name_takes_the_name_away(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await engine.accept(Rename("Crane"), [sim])

    await engine.accept(Rename(""), [sim])

    assert (await engine.stored(sim))["name"] == ""


@pytest.mark.parametrize("name", ["x" * 101, "two\nlines"])
async def test_a_name_that_does_not_fit_changes_nothing(engine: Engine, name: str) -> None:
    with pytest.raises(InvalidValue):
        await engine.accept(Rename(name), [await engine.sim("TC")])

    assert await fetch_value("SELECT count(*) FROM operation") == 0


async def test_names_by_table(engine: Engine) -> None:
    first, second = await engine.sims("TC", 2)
    table = f'iccid;name\n{first.iccid};Трактор 1\n{second.iccid};"Crane; north"\n'

    operation = await rename_sims(engine.owner.principal, table, idempotency_key="table")

    assert [item["argument"] for item in await engine.items(operation)] == ["Трактор 1", "Crane; north"]
    assert [(await engine.stored(sim))["name"] for sim in (first, second)] == ["Трактор 1", "Crane; north"]
    assert await rename_sims(engine.owner.principal, table, idempotency_key="table") == operation
    with pytest.raises(IdempotencyConflict):
        await rename_sims(engine.owner.principal, table.replace("north", "south"), idempotency_key="table")


async def test_a_table_with_one_bad_row_changes_nothing(engine: Engine) -> None:
    sim = await engine.sim("TC")
    row = f"{sim.iccid};New name\n"

    for table in (row + "1234;Name", row + row, row + f"{sim.iccid};{'x' * 101}", "", row + "no semicolon"):
        with pytest.raises(BadRenameTable):
            await rename_sims(engine.owner.principal, table, idempotency_key="bad")
    with pytest.raises(NotFound):
        await rename_sims(engine.other_owner.principal, row, idempotency_key="bad")

    assert (await engine.stored(sim))["name"] == ""
    assert await fetch_value("SELECT count(*) FROM operation") == 0


async def test_sims_go_into_and_out_of_groups(engine: Engine) -> None:
    tc, td = await engine.sim("TC"), await engine.sim("TD")
    old = await create_group(engine.owner.principal, "Старая", None)
    await engine.accept(AssignGroups(add=(old.id,)), [tc, td])

    operation = await engine.accept(AssignGroups(remove=(old.id,), create=("Новая", " новая ", "Third")), [tc])

    assert await engine.outcome(operation) == ("SUCCEEDED", "APPLIED")
    assert (await groups_of(tc), await groups_of(td)) == (["Third", "Новая"], ["Старая"])
    assert await count_sims(engine.owner.principal, SimFilter(group_id=old.id)) == 1


async def test_a_group_of_another_company_does_not_exist(engine: Engine) -> None:
    sim = await engine.sim("TC")
    theirs = await create_group(engine.other_owner.principal, "Theirs", None)

    for change in (AssignGroups(add=(theirs.id,)), AssignGroups(remove=(theirs.id,), create=("New",))):
        with pytest.raises(NotFound):
            await engine.accept(change, [sim])
    with pytest.raises(NotFound):
        await rename_group(engine.owner.principal, theirs.id, "Mine")
    with pytest.raises(NothingToDo):
        await engine.accept(AssignGroups(), [sim])

    assert await fetch_value("SELECT count(*) FROM sim_group") == 1
    assert await fetch_value("SELECT count(*) FROM operation") == 0


async def test_group_names_are_unique_whatever_their_case(engine: Engine) -> None:
    group = await create_group(engine.owner.principal, " Группа ", None)
    other = await create_group(engine.owner.principal, "Другая", None)

    with pytest.raises(NameTaken):
        await create_group(engine.owner.principal, "ГРУППА", None)
    with pytest.raises(NameTaken):
        await rename_group(engine.owner.principal, other.id, "группа")
    for name in ("", "  ", "x" * 61):
        with pytest.raises(InvalidValue):
            await create_group(engine.owner.principal, name, None)
    with pytest.raises(Forbidden):
        await create_group(engine.viewer.principal, "New", None)
    renamed = await rename_group(engine.owner.principal, group.id, "ГРУППА")

    assert (group.name, renamed.name) == ("Группа", "ГРУППА")


async def test_sims_of_a_deleted_group_stay(engine: Engine) -> None:
    sim = await engine.sim("TC")
    group = await create_group(engine.owner.principal, "Gone", None)
    await engine.accept(AssignGroups(add=(group.id,)), [sim])

    await delete_group(engine.owner.principal, group.id)

    assert await groups_of(sim) == []
    assert (await engine.stored(sim))["id"] == sim.id


async def test_staff_say_whose_group_it_is(engine: Engine) -> None:
    with pytest.raises(InvalidValue):
        await create_group(engine.staff.principal, "Ours", None)

    group = await create_group(engine.staff.principal, "Ours", engine.other_company.id)

    assert group.company_id == engine.other_company.id


async def test_a_violation_lock_is_the_staffs_and_names_its_reason(engine: Engine) -> None:
    sim = await engine.sim("TD")
    change = SetViolationLock("Spam from this SIM.")
    with pytest.raises(Forbidden):
        await engine.accept(change, [sim])

    locked = await engine.accept(change, [sim], by=engine.staff.principal)
    await engine.drain()

    assert await engine.outcome(locked) == ("SUCCEEDED", "APPLIED")
    reason = await fetch_row("SELECT kind, reason, set_by FROM sim_lock_reason WHERE sim_id = $1", sim.id)
    assert tuple(reason or ()) == ("VIOLATION", "Spam from this SIM.", "Saule Staff")
    assert engine.really(sim)["blocked"]
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("REFUSED", "VIOLATION_LOCKED")


async def test_the_operators_block_stays_while_one_reason_stands(engine: Engine) -> None:
    sim = await engine.sim("TD")
    await engine.run(LOCK, [sim])
    second = await engine.accept(SetViolationLock("Fraud."), [sim], by=engine.staff.principal)
    await engine.drain()
    assert await engine.outcome(second) == ("SUCCEEDED", "APPLIED")
    assert await engine.reasons(sim) == {"VOLUNTARY", "VIOLATION"}

    lifted = await engine.accept(LIFT_VIOLATION_LOCK, [sim], by=engine.staff.principal)
    await engine.drain()

    assert await engine.outcome(lifted) == ("SUCCEEDED", "STILL_LOCKED")
    assert engine.really(sim)["blocked"]
    assert await engine.outcome(await engine.run(UNLOCK, [sim])) == ("SUCCEEDED", "APPLIED")
    assert not engine.really(sim)["blocked"]
    assert engine.writes(sim, "blocks_applied") == 1
    nothing = await engine.accept(LIFT_VIOLATION_LOCK, [sim], by=engine.staff.principal)
    await engine.drain()
    assert await engine.outcome(nothing) == ("REFUSED", "NOT_LOCKED")


async def test_a_key_belongs_to_a_change_with_its_parameters(engine: Engine) -> None:
    sim = await engine.sim("TC")
    first = await engine.accept(SetLimit(100), [sim], key="once")

    assert await engine.accept(SetLimit(100), [sim], key="once") == first
    with pytest.raises(IdempotencyConflict):
        await engine.accept(SetLimit(101), [sim], key="once")
