"""What is wrong before a start is said in one line that names what to change, and never shows a password."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.checks import check_database, check_plugins_file, check_port, check_redis
from supervisor.errors import CannotStart
from supervisor.ports import choose_port, is_free, local_host


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_port_in_use(taken_port: int) -> None:
    assert not is_free(taken_port)
    with pytest.raises(CannotStart, match=f"port {taken_port} is in use.*make run PORT={taken_port + 1}"):
        check_port("127.0.0.1", taken_port)


def test_a_preferred_port_that_is_taken_is_replaced(taken_port: int) -> None:
    chosen = choose_port(taken_port)

    assert chosen != taken_port
    assert is_free(chosen)


@pytest.mark.parametrize(
    ("listens_on", "reached_at"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")],
)
def test_the_address_of_a_server_on_this_machine(listens_on: str, reached_at: str) -> None:
    assert local_host(listens_on) == reached_at


@pytest.mark.parametrize(
    "content", [None, "[profiles.TC", "plugins = 1", "", "[profiles.tc]\ntitle='x'\ndriver='none'"]
)
def test_a_broken_plugins_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "plugins.toml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(CannotStart) as refused:
        check_plugins_file(path)

    assert "plugins.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_database_that_does_not_answer() -> None:
    url = f"postgresql://me:very-secret@127.0.0.1:{choose_port()}/nova"

    with pytest.raises(CannotStart, match=r"change DATABASE_URL") as refused:
        await check_database("DATABASE_URL", url)

    assert "very-secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "nonsense", "postgresql://h:port/x"])
async def test_an_address_that_is_not_one_of_postgresql(url: str) -> None:
    with pytest.raises(CannotStart, match="DATABASE_URL"):
        await check_database("DATABASE_URL", url)


async def test_a_redis_that_does_not_answer() -> None:
    url = f"redis://:very-secret@127.0.0.1:{choose_port()}"

    with pytest.raises(CannotStart, match="change REDIS_URL") as refused:
        await check_redis("REDIS_URL", url)

    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["nonsense", "http://localhost", "redis://h:port"])
async def test_an_address_that_is_not_one_of_redis(url: str) -> None:
    with pytest.raises(CannotStart, match="REDIS_URL"):
        await check_redis("REDIS_URL", url)
