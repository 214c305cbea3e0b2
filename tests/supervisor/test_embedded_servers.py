"""The embedded servers start, keep their data, survive being killed, and are attached to again."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from supervisor.embedded_postgres import EmbeddedPostgres
from supervisor.embedded_valkey import EmbeddedValkey
from supervisor.errors import CannotStart
from tests.supervisor.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short temporary folder: a Unix socket's path may have 107 characters."""
    path = Path(tempfile.mkdtemp(prefix="nova-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that runs."""
    server = EmbeddedPostgres(folder / "pg", durable=False)
    server.start()
    yield server
    server.stop()


async def ask(server: EmbeddedPostgres, sql: str) -> object:
    connection = await asyncpg.connect(server.url())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_postgres_has_the_extensions_and_keeps_its_data_over_a_stop(server: EmbeddedPostgres) -> None:
    await ask(server, "CREATE EXTENSION pg_trgm")
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS value")

    server.stop()
    assert server.pid() is None
    server.start()

    assert await ask(server, "SELECT value FROM kept") == 7
    assert await ask(server, "SHOW shared_buffers") == "256MB"


async def test_postgres_that_outlived_its_starter_is_attached_to(server: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(server.data_dir)
    other.start()

    assert other.pid() == server.pid()
    assert await ask(other, "SELECT 1") == 1


async def test_postgres_starts_again_after_being_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    server.start()
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS value")
    killed = server.pid()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await until(lambda: server.pid() is None)

    try:
        server.start()
        assert server.pid() != killed
        assert await ask(server, "SELECT value FROM kept") == 7
    finally:
        server.stop()


async def test_a_pid_file_that_names_a_stranger_does_not_count(server: EmbeddedPostgres) -> None:
    pid_file = server.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    assert server.pid() is None
    server.start()

    assert await ask(server, "SELECT 1") == 1


async def test_a_first_start_that_was_interrupted_begins_anew(folder: Path) -> None:
    half = folder / "pg"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(half, durable=False)
    try:
        server.start()
        assert await ask(server, "SELECT 1") == 1
    finally:
        server.stop()


def test_a_folder_with_a_space_is_refused_in_one_line(folder: Path) -> None:
    with pytest.raises(CannotStart, match="set DATABASE_URL"):
        EmbeddedPostgres(folder / "a space" / "pg").start()


async def test_a_folder_with_a_long_path_works(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = EmbeddedPostgres(deep / "pg", durable=False)
    try:
        server.start()
        assert await ask(server, "SELECT 1") == 1
    finally:
        server.stop()


def test_valkey_keeps_its_data_and_its_port(folder: Path) -> None:
    first = EmbeddedValkey(folder / "valkey")
    first.start()
    try:
        with redis.Redis.from_url(first.url) as client:
            client.set("kept", "7")
            assert client.config_get("appendonly") == {"appendonly": "yes"}
    finally:
        first.stop()

    second = EmbeddedValkey(folder / "valkey")
    second.start()
    try:
        assert second.port == first.port
        with redis.Redis.from_url(second.url) as client:
            assert client.get("kept") == b"7"
    finally:
        second.stop()


def test_valkey_that_cannot_start_says_where_to_look(folder: Path) -> None:
    server = EmbeddedValkey(folder / "valkey")
    taken = EmbeddedValkey(folder / "other")
    taken.start()
    try:
        server.port = taken.port
        before = {process.pid for process in psutil.Process().children()}
        with pytest.raises(CannotStart, match=r"valkey\.log"):
            server.start(patience_seconds=5)
        assert {process.pid for process in psutil.Process().children()} == before
    finally:
        taken.stop()
