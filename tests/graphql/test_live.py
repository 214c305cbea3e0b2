"""Subscriptions: a snapshot, then changes, until there is nothing more to tell or access ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from eventstream import EventHub, OperationChanged, SimsChanged, publish
from models import AccessToken, Operation
from models.database import execute
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from schema.ids import global_id
from tests.worlds import BEGINNING, Login, TwoCompanies, add_sim

SIMS = """subscription ($filter: SimFilter, $ids: [ID!]) { simsChanged(filter: $filter, ids: $ids) {
  snapshot sims { name profile { code } } noLongerMatching truncated } }"""
PROGRESS = "subscription ($id: ID!) { operationProgress(id: $id) { snapshot operation { state processed } } }"
OPERATIONS = "subscription { operationsChanged { snapshot operations { id state } } }"


class Stream:
    """The events of one subscription."""

    def __init__(self, results: Any) -> None:
        self._results = results

    async def result(self) -> Any:
        """The next result, errors and all."""
        return await asyncio.wait_for(anext(self._results), 30)

    async def event(self) -> dict[str, Any]:
        """The next event."""
        result = await self.result()
        assert result.errors is None
        [event] = result.data.values()
        answer: dict[str, Any] = event
        return answer

    async def refusal(self) -> str:
        """The code of the error with which the stream ends."""
        result = await self.result()
        [error] = result.errors
        assert result.data is None
        with pytest.raises(StopAsyncIteration):
            await self.result()
        return str(error.extensions["code"])

    async def ends(self) -> None:
        """Nothing more comes."""
        with pytest.raises(StopAsyncIteration):
            await self.result()

    async def is_silent(self) -> bool:
        """Whether nothing comes for a while. The stream cannot be used afterwards."""
        try:
            await asyncio.wait_for(anext(self._results), 0.7)
        except TimeoutError:
            return True
        return False


Subscribe = Callable[..., Any]


@pytest.fixture
def subscribe(hub: EventHub) -> Subscribe:
    """A function that opens a subscription as a user for the length of a block."""

    @asynccontextmanager
    async def opened(login: Login, document: str, **variables: Any) -> AsyncIterator[Stream]:
        context = RequestContext(principal=login.principal, hub=hub)
        results: Any = await build_schema().subscribe(document, variables or None, context_value=context)
        try:
            yield Stream(results)
        finally:
            await results.aclose()

    return opened


async def operation(world: TwoCompanies, login: Login, total: int = 3, **fields: Any) -> Operation:
    """A running operation of a company, all of whose items are queued."""
    assert login.user.company_id is not None  # type: ignore[attr-defined]
    values: dict[str, Any] = {
        "state": "RUNNING",
        "total": total,
        "queued": total,
        "created_at": BEGINNING,
        "accepted_risks": [],
    }
    return await Operation.create(
        company_id=login.user.company_id,  # type: ignore[attr-defined]
        kind="LOCK",
        started_by_id=login.user.id,
        idempotency_key=str(time.monotonic_ns()),
        request_digest="",
        **(values | fields),
    )


async def step(running: Operation, **counters: Any) -> None:
    """The operation moves on, as a worker would move it."""
    await Operation.filter(id=running.id).update(**counters)
    await publish([OperationChanged(running.company_id, running.id)])  # type: ignore[attr-defined]


async def test_progress_begins_with_a_snapshot_and_completes_at_the_end(
    world: TwoCompanies, subscribe: Subscribe
) -> None:
    running = await operation(world, world.owner)
    async with subscribe(world.viewer, PROGRESS, id=global_id("Operation", running.id)) as stream:
        assert await stream.event() == {"snapshot": True, "operation": {"state": "RUNNING", "processed": 0}}
        await step(running, queued=2, succeeded=1)
        assert await stream.event() == {"snapshot": False, "operation": {"state": "RUNNING", "processed": 1}}
        await step(running, queued=0, succeeded=3, state="DONE")
        assert await stream.event() == {"snapshot": False, "operation": {"state": "DONE", "processed": 3}}
        await stream.ends()


async def test_progress_of_a_finished_operation_is_one_snapshot(world: TwoCompanies, subscribe: Subscribe) -> None:
    done = await operation(world, world.owner, state="DONE", queued=0, succeeded=3)
    async with subscribe(world.owner, PROGRESS, id=global_id("Operation", done.id)) as stream:
        assert (await stream.event())["snapshot"]
        await stream.ends()


async def test_progress_waits_for_unknown_items_that_will_be_settled(world: TwoCompanies, subscribe: Subscribe) -> None:
    done = await operation(world, world.owner, state="DONE", total=1, queued=0, unknown=1)
    sim = world.sims["truck"]
    await execute(
        "INSERT INTO operation_item (operation_id, sim_id, company_id, profile_id, kind, state, priority, turn, accept_seq,"
        " check_at) VALUES ($1, $2, $3, $4, 'LOCK', 'UNKNOWN', 0, 0, 1, now())",
        *(done.id, sim.id, world.company.id, world.profiles["TC"].id),
    )
    async with subscribe(world.owner, PROGRESS, id=global_id("Operation", done.id)) as stream:
        assert (await stream.event())["operation"] == {"state": "DONE", "processed": 1}
        await execute("UPDATE operation_item SET state = 'SUCCEEDED', check_at = NULL")
        await step(done, unknown=0, succeeded=1)
        assert (await stream.event())["operation"] == {"state": "DONE", "processed": 1}
        await stream.ends()


async def test_many_steps_are_few_events_and_the_last_state_always_comes(
    world: TwoCompanies, subscribe: Subscribe
) -> None:
    running = await operation(world, world.owner, total=1000)
    async with subscribe(world.owner, PROGRESS, id=global_id("Operation", running.id)) as stream:
        await stream.event()
        for succeeded in range(1, 200):
            await step(running, queued=1000 - succeeded, succeeded=succeeded)
        await step(running, queued=0, succeeded=1000, state="DONE")
        seen = [await stream.event()]
        while seen[-1]["operation"]["state"] != "DONE":
            seen.append(await stream.event())
        assert seen[-1]["operation"]["processed"] == 1000
        assert len(seen) < 50
        await stream.ends()


async def test_a_foreign_operation_has_no_progress(world: TwoCompanies, subscribe: Subscribe) -> None:
    running = await operation(world, world.other_owner)
    async with subscribe(world.owner, PROGRESS, id=global_id("Operation", running.id)) as stream:
        assert await stream.refusal() == "NOT_FOUND"
    async with subscribe(world.owner, PROGRESS, id="nonsense") as stream:
        assert await stream.refusal() == "INVALID_ID"


async def test_a_revoked_token_ends_the_stream_before_the_next_event(world: TwoCompanies, subscribe: Subscribe) -> None:
    running = await operation(world, world.owner)
    async with subscribe(world.viewer, PROGRESS, id=global_id("Operation", running.id)) as stream:
        await stream.event()
        await AccessToken.filter(user_id=world.viewer.user.id).update(revoked_at=BEGINNING)
        await step(running, queued=2, succeeded=1)
        assert await stream.refusal() == "UNAUTHENTICATED"


async def test_operations_come_as_they_start_and_change(world: TwoCompanies, subscribe: Subscribe) -> None:
    old = await operation(world, world.owner, state="DONE", queued=0, succeeded=3)
    async with subscribe(world.manager, OPERATIONS) as stream:
        old_id = global_id("Operation", old.id)
        assert await stream.event() == {"snapshot": True, "operations": [{"id": old_id, "state": "DONE"}]}
        new = await operation(world, world.owner)
        await step(new)
        new_id = global_id("Operation", new.id)
        assert await stream.event() == {"snapshot": False, "operations": [{"id": new_id, "state": "RUNNING"}]}
        foreign = await operation(world, world.other_owner)
        await step(foreign)
        assert await stream.is_silent()


async def changed(world: TwoCompanies, *names: str) -> None:
    """Say that these SIMs changed."""
    await publish([SimsChanged(world.company.id, tuple(world.sims[name].id for name in names))])


async def test_sims_of_a_filter_change_come_in_and_drop_out(world: TwoCompanies, subscribe: Subscribe) -> None:
    truck, spare = world.sims["truck"], world.sims["spare"]
    async with subscribe(world.viewer, SIMS, filter={"profiles": ["TC"], "lock": "UNLOCKED"}) as stream:
        first = await stream.event()
        assert first["snapshot"]
        assert [sim["name"] for sim in first["sims"]] == ["Test SIM 1", "Truck 1"]
        await execute("UPDATE sim SET name = 'Truck One' WHERE id = $1", truck.id)
        await changed(world, "truck", "crane")
        second = await stream.event()
        assert second == {
            "snapshot": False,
            "sims": [{"name": "Truck One", "profile": {"code": "TC"}}],
            "noLongerMatching": [],
            "truncated": False,
        }
        await execute("UPDATE sim SET lock_mask = 1 WHERE id = $1", spare.id)
        await changed(world, "spare")
        third = await stream.event()
        assert (third["sims"], third["noLongerMatching"]) == ([], [global_id("Sim", spare.id)])
        newcomer = await add_sim(world.company, world.profiles["TC"], 700, name="newcomer")
        await publish([SimsChanged(world.company.id, (newcomer.id,))])
        assert [sim["name"] for sim in (await stream.event())["sims"]] == ["newcomer"]


async def test_sims_by_id(world: TwoCompanies, subscribe: Subscribe) -> None:
    ids = [global_id("Sim", world.sims["truck"].id), global_id("Sim", world.others["taxi"].id)]
    async with subscribe(world.owner, SIMS, ids=ids) as stream:
        assert [sim["name"] for sim in (await stream.event())["sims"]] == ["Truck 1"]
        await changed(world, "crane")
        await changed(world, "truck")
        assert [sim["name"] for sim in (await stream.event())["sims"]] == ["Truck 1"]
        await publish([SimsChanged(world.other_company.id, (world.others["taxi"].id,))])
        assert await stream.is_silent()


async def test_sims_of_a_csv(world: TwoCompanies, subscribe: Subscribe) -> None:
    async with subscribe(world.owner, SIMS, filter={"csv": world.sims["truck"].iccid}) as stream:
        assert [sim["name"] for sim in (await stream.event())["sims"]] == ["Truck 1"]


async def test_more_sims_than_a_snapshot_holds_are_said_and_come_in_portions(
    world: TwoCompanies, subscribe: Subscribe
) -> None:
    await execute(
        "INSERT INTO sim (company_id, profile_id, iccid, created_at, updated_at)"
        " SELECT $1, $2, (8937300000000000000 + n)::text, now(), now() FROM generate_series(1, 1200) n",
        *(world.company.id, world.profiles["VK"].id),
    )
    ids = [row["id"] for row in await rows("SELECT id FROM sim WHERE iccid LIKE '893730%'")]
    async with subscribe(world.owner, SIMS, filter={"profiles": "VK"}) as stream:
        snapshot = await stream.event()
        assert (len(snapshot["sims"]), snapshot["truncated"]) == (500, True)
        await publish([SimsChanged(world.company.id, tuple(ids))])
        portions = [len((await stream.event())["sims"]) for _ in range(3)]
        assert portions == [500, 500, 200]


async def rows(sql: str) -> Any:
    """Rows of a query."""
    from models.database import fetch

    return await fetch(sql)


async def test_what_may_have_been_missed_comes_as_a_new_snapshot(
    world: TwoCompanies, hub: EventHub, subscribe: Subscribe
) -> None:
    async with subscribe(world.owner, SIMS, filter={"search": "truck"}) as stream:
        assert (await stream.event())["snapshot"]
        await execute("UPDATE sim SET name = 'Truck 2' WHERE id = $1", world.sims["truck"].id)
        for listener in hub._listeners:
            listener.note_gap()
        again = await stream.event()
        assert (again["snapshot"], again["sims"][0]["name"]) == (True, "Truck 2")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "AMBIGUOUS_SELECTION"),
        ({"ids": []}, "EMPTY_SELECTION"),
        ({"ids": [global_id("Sim", 1)], "filter": {}}, "AMBIGUOUS_SELECTION"),
        ({"ids": [global_id("Sim", number) for number in range(1, 502)]}, "TOO_MANY_SIMS"),
        ({"ids": ["?"]}, "INVALID_ID"),
        ({"filter": {"profiles": ["XX"]}}, "UNKNOWN_PROFILE"),
        ({"filter": {"csv": "?"}}, "INVALID_CSV"),
    ],
)
async def test_what_cannot_be_watched_is_refused(
    world: TwoCompanies, subscribe: Subscribe, arguments: dict[str, Any], code: str
) -> None:
    async with subscribe(world.owner, SIMS, **arguments) as stream:
        assert await stream.refusal() == code


async def test_a_closed_stream_leaves_no_listener(world: TwoCompanies, hub: EventHub, subscribe: Subscribe) -> None:
    async with subscribe(world.owner, OPERATIONS) as stream:
        await stream.event()
        assert len(hub._listeners) == 1
    assert len(hub._listeners) == 0
