"""An open socket ends with the access it came in by: within five seconds, with 4403, also when it is silent."""

from __future__ import annotations

import asyncio
import time

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from models import AccessToken, Company, User
from models.tenancy import as_system
from tests.accounts.browser import Browser, give_password
from tests.worlds import TwoCompanies

WHY = ("log out", "changed role", "disabled", "company closed", "fewer scopes")


@pytest.mark.parametrize("why", WHY)
async def test_a_socket_of_a_session_ends(world: TwoCompanies, browser: Browser, doors: str, why: str) -> None:
    await browser.log_in(await give_password(world.owner))
    [(name, secret)] = browser.client.cookies.items()
    address = doors.replace("http", "ws") + "/graphql"
    async with connect(
        address,
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"{name}={secret}"},
        proxy=None,
    ) as socket:
        await socket.send('{"type":"connection_init"}')
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        with as_system():
            user, session = User.filter(id=world.owner.user.id), AccessToken.filter(kind="SESSION")
            match why:
                case "log out":
                    await browser.auth("mutation { logOut { ok } }")
                case "changed role":
                    await user.update(role="MANAGER")
                case "disabled":
                    await user.update(disabled_at=world.owner.user.created_at)
                case "company closed":
                    await Company.filter(id=world.company.id).update(state="CLOSED")
                case "fewer scopes":
                    await session.update(scopes=["sims:read"])
        began = time.monotonic()
        async with asyncio.timeout(15):
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403
        assert time.monotonic() - began < 5.5
