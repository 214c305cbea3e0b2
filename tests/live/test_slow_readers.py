"""Whoever reads slowly gets fewer events, never a queue; the last state always comes."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eventstream import SimsChanged, publish
from models.database import execute
from schema.ids import global_id
from services.streams.audience import Delivery
from tests.live.conftest import operation, step, subscribed
from tests.transport.serving import Endpoint
from tests.worlds import TwoCompanies, add_sim
from transport.graphql_app import GraphQLApp
from transport.rendered import Rendered
from transport.seat import Seat

# Four bytes a letter, many letters, many times: a few events fill every buffer between two programs.
LONG = "🚚" * 98
_NAMES = " ".join(f"n{number}: name" for number in range(29))
WIDE_SIMS = f"""subscription {{ simsChanged(filter: {{profiles: ["VK"]}}) {{ snapshot sims {{ name {_NAMES} }} }} }}"""
WIDE_PROGRESS = """subscription ($id: ID!) { operationProgress(id: $id) {
  operation { state processed items(first: 250) { nodes { outcome { message } } } } } }"""
_ITEMS = """
INSERT INTO operation_item (operation_id, sim_id, company_id, profile_id, kind, state, priority, turn, accept_seq, outcome_code,
                            outcome_message, attempt, attempts_before, checks)
SELECT $1, $2, $3, $4, 'LOCK', 'FAILED', 0, n, n, 'NOT_APPLIED', $5, 0, 0, 0 FROM generate_series(1, 250) n
"""


async def test_a_slow_reader_of_changes_gets_a_new_snapshot_instead_of_a_queue(
    endpoint: Endpoint, view: GraphQLApp, world: TwoCompanies
) -> None:
    sims = [await add_sim(world.company, world.profiles["VK"], 200 + number, name="new") for number in range(310)]
    ids = [sim.id for sim in sims]
    async with (
        subscribed(endpoint, world.owner, WIDE_SIMS) as quick,
        subscribed(endpoint, world.owner, WIDE_SIMS, receives=4096) as slow,
    ):
        assert (await quick.event())["snapshot"]
        assert (await slow.event())["snapshot"]
        for number in range(8):
            name = f"{number} {LONG}"
            await execute("UPDATE sim SET name = $2 WHERE id = ANY($1)", ids, name)
            await publish([SimsChanged(world.company.id, tuple(ids))])
            assert (await quick.event())["sims"][0]["name"] == name
        assert len(view.streams) == 1
        received: list[Any] = [await slow.event()]
        while received[-1]["sims"][0]["name"] != name:
            received.append(await slow.event())
        assert received[-1]["snapshot"] and len(received[-1]["sims"]) == 311
        assert len(received) < 8
        await publish([SimsChanged(world.company.id, tuple(ids))])
        assert not (await slow.event())["snapshot"]


async def test_a_slow_reader_of_progress_gets_the_last_state_and_the_end(
    endpoint: Endpoint, world: TwoCompanies
) -> None:
    running = await operation(world.owner, total=1000, queued=1000)
    sim = await add_sim(world.company, world.profiles["VK"], 200)
    await execute(_ITEMS, running.id, sim.id, world.company.id, sim.profile_id, LONG * 5)  # type: ignore[attr-defined]
    asked = {"id": global_id("Operation", running.id)}
    async with (
        subscribed(endpoint, world.viewer, WIDE_PROGRESS, asked) as quick,
        subscribed(endpoint, world.viewer, WIDE_PROGRESS, asked, receives=4096) as slow,
    ):
        await quick.event(), await slow.event()
        for number in range(1, 16):
            await step(running, queued=1000 - number, succeeded=number)
            assert (await quick.event())["operation"]["processed"] == number
        await step(running, queued=0, succeeded=1000, state="DONE")
        assert (await quick.event())["operation"]["processed"] == 1000
        assert (await quick.message())["type"] == "complete"
        received = [await slow.message()]
        while received[-1]["type"] == "next":
            received.append(await slow.message())
        last = received[-2]["payload"]["data"]["operationProgress"]["operation"]
        assert (last["state"], last["processed"]) == ("DONE", 1000)
        assert len(received) < 16


class Reader:
    """The owner of a seat: a count that events bring up to date, and the stream's side of the conversation."""

    def __init__(self, kind: Delivery) -> None:
        self.kind = kind
        self.truth = 0
        self.known: int | None = None
        self.asked = 0
        self.seat = Seat(None, self._ask)  # type: ignore[arg-type]

    def _ask(self) -> None:
        self.asked += 1

    def change(self) -> None:
        """Something happens; a change says by how much, a state says where it stands."""
        self.truth += 1
        self.seat.offer(Rendered(f"+{self.truth}" if self.kind is Delivery.CHANGE else f"={self.truth}", ""), self.kind)

    def answer(self) -> None:
        """The stream looks, and gives newcomers a snapshot."""
        self.seat.offer(Rendered(f"={self.truth}", ""), Delivery.CATCH_UP)

    def gap(self) -> None:
        """Everybody gets a snapshot."""
        self.seat.offer(Rendered(f"={self.truth}", ""), Delivery.SNAPSHOT)

    async def read(self) -> bool:
        """Take what there is; whether there was anything."""
        taking = asyncio.create_task(self.seat.next())
        await asyncio.sleep(0)
        if not taking.done():
            taking.cancel()
            await asyncio.wait({taking})
            return False
        event = taking.result()
        assert event is not None
        number = int(event.text[1:])
        if event.text[0] == "+":
            assert self.known == number - 1, "a change came without the one before it"
        assert self.known is None or number >= self.known
        self.known = number
        return True


@given(
    kind=st.sampled_from([Delivery.CHANGE, Delivery.STATE]),
    steps=st.lists(st.sampled_from(["change", "answer", "gap", "read"]), max_size=40),
)
def test_whatever_the_order_a_seat_tells_the_truth_in_the_end(kind: Delivery, steps: list[str]) -> None:
    async def story() -> None:
        reader = Reader(kind)
        for each in steps:
            if each == "read":
                await reader.read()
            else:
                getattr(reader, each)()
        while await reader.read():
            pass
        reader.answer()
        await reader.read()
        assert reader.known == reader.truth

    asyncio.run(story())
