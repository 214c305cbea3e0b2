"""Read-only connections: shared by many, lost and replaced, never left in the middle of an answer."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from models.database import connection_arguments
from models.readers import Readers
from models.scoped_connection import ScopedConnection


@pytest.fixture
async def two(database: str):
    """At most two connections, and how often one was opened."""
    opened: list[ScopedConnection] = []

    async def connect() -> ScopedConnection:
        settings = {"default_transaction_read_only": "on"}
        connection = await asyncpg.connect(
            **connection_arguments(database), server_settings=settings, connection_class=ScopedConnection
        )
        opened.append(connection)
        return connection

    readers = Readers(connect, 2)
    yield readers, opened
    await readers.close()


async def test_many_share_a_few_connections(two) -> None:
    readers, opened = two

    answers = await asyncio.gather(*(readers.fetch_row("SELECT $1::int AS n", n) for n in range(50)))

    assert [row["n"] for row in answers] == list(range(50))
    assert len(opened) == 2


async def test_nothing_can_be_changed_through_them(two) -> None:
    readers, _ = two

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await readers.fetch("DELETE FROM company")

    assert await readers.fetch("SELECT 1")


async def test_one_who_leaves_in_the_middle_takes_only_their_connection_along(two) -> None:
    readers, opened = two
    slow = [asyncio.create_task(readers.fetch("SELECT pg_sleep(30)")) for _ in range(2)]
    async with asyncio.timeout(30):
        while len(opened) < 2:
            await asyncio.sleep(0.02)
    waiting = asyncio.create_task(readers.fetch_row("SELECT 7 AS n"))
    leaving = asyncio.create_task(readers.fetch("SELECT 8"))
    await asyncio.sleep(0.05)

    leaving.cancel()
    slow[0].cancel()

    assert (await asyncio.wait_for(waiting, 10))["n"] == 7
    slow[1].cancel()
    await asyncio.gather(*slow, leaving, return_exceptions=True)
    assert (await readers.fetch_row("SELECT 9 AS n"))["n"] == 9
    assert 3 <= len(opened) <= 4


async def test_lost_connections_are_replaced(two, database: str) -> None:
    readers, opened = two
    await asyncio.gather(*(readers.fetch("SELECT pg_sleep(0.05)") for _ in range(2)))
    owner = await asyncpg.connect(**connection_arguments(database))
    for connection in opened:
        await owner.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
    await owner.close()

    row = await readers.fetch_row("SELECT 5 AS n")

    assert row["n"] == 5
    assert len(opened) == 3


async def test_lost_connections_do_not_hinder_the_closing(two, database: str) -> None:
    readers, opened = two
    await asyncio.gather(*(readers.fetch("SELECT pg_sleep(0.05)") for _ in range(2)))
    owner = await asyncpg.connect(**connection_arguments(database))
    for connection in opened:
        await owner.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
    await owner.close()

    await readers.close()

    assert all(connection.is_closed() for connection in opened)


async def test_after_closing_nothing_stays_open(two) -> None:
    readers, opened = two
    running = asyncio.create_task(readers.fetch("SELECT pg_sleep(0.3)"))
    await asyncio.sleep(0.1)

    await readers.close()
    await running

    assert all(connection.is_closed() for connection in opened)
