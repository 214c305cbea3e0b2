"""Whoever loses access to what a stream tells hears no more of it, and the socket is closed with 4403 within five seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
import websockets

from eventstream import SimsChanged, publish
from models import AccessToken, Sim, User, UserRole
from schema.ids import global_id
from tests.live.conftest import subscribed
from tests.transport.serving import Endpoint
from tests.worlds import BEGINNING, TwoCompanies
from transport.limits import CLOSE_SECONDS, TOKEN_WATCH_SECONDS

WITHIN_SECONDS = 5.0
SIMS = """subscription ($ids: [ID!], $filter: SimFilter) {
  simsChanged(ids: $ids, filter: $filter) { sims { name } noLongerMatching } }"""


async def revoke(world: TwoCompanies) -> None:
    await AccessToken.filter(user_id=world.owner.user.id).update(revoked_at=BEGINNING)


async def change_role(world: TwoCompanies) -> None:
    await User.filter(id=world.owner.user.id).update(role=UserRole.VIEWER)


async def disable(world: TwoCompanies) -> None:
    await User.filter(id=world.owner.user.id).update(disabled_at=BEGINNING)


async def change_company(world: TwoCompanies) -> None:
    await User.filter(id=world.owner.user.id).update(company_id=world.other_company.id)


async def move_sim(world: TwoCompanies) -> None:
    await Sim.filter(id=world.sims["truck"].id).update(company_id=world.other_company.id)
    await publish(
        [SimsChanged(company.id, (world.sims["truck"].id,)) for company in (world.company, world.other_company)]
    )


Change = Callable[[TwoCompanies], Awaitable[None]]


@pytest.mark.parametrize("change", [revoke, change_role, disable, change_company, move_sim])
@pytest.mark.parametrize("busy", [False, True])
async def test_the_stream_ends(endpoint: Endpoint, world: TwoCompanies, change: Change, busy: bool) -> None:
    truck = world.sims["truck"]
    async with subscribed(endpoint, world.owner, SIMS, {"ids": [global_id("Sim", truck.id)]}) as watching:
        assert [sim["name"] for sim in (await watching.event())["sims"]] == ["Truck 1"]
        await change(world)
        if busy:
            await Sim.filter(id=truck.id).update(name="told to nobody")
            await publish([SimsChanged(world.company.id, (truck.id,))])
        told: list[str | bytes] = []
        async with asyncio.timeout(30):
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    told.append(await watching.socket.recv())

    assert watching.socket.close_code == 4403
    assert not [text for text in told if "told to nobody" in str(text)]
    assert TOKEN_WATCH_SECONDS + CLOSE_SECONDS < WITHIN_SECONDS


async def test_with_a_filter_a_moved_sim_only_drops_out(endpoint: Endpoint, world: TwoCompanies) -> None:
    async with subscribed(endpoint, world.owner, SIMS, {"filter": {"search": "Truck"}}) as watching:
        assert [sim["name"] for sim in (await watching.event())["sims"]] == ["Truck 1"]
        await move_sim(world)
        event = await watching.event()

    assert event == {"sims": [], "noLongerMatching": [global_id("Sim", world.sims["truck"].id)]}
