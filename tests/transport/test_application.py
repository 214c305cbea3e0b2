"""The whole API as a process of its own, as `manage.py api` runs it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson

from tests.servers import TestServers
from tests.transport.serving import Endpoint, close_code, messages
from tests.worlds import TwoCompanies

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Api:
    """A running process: its endpoint, and what it has printed when it has ended."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.endpoint = Endpoint(port)

    async def answers(self) -> None:
        """Wait until it listens."""
        async with asyncio.timeout(30):
            while self.process.returncode is None:
                with contextlib.suppress(httpx.HTTPError):
                    if (await self.endpoint.get("/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise AssertionError(f"the API ended: {(await self.process.stderr.read()).decode()}")

    async def stop(self) -> tuple[int, list[bytes]]:
        """Ask it to end; its exit code and its log."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, log = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, log.splitlines()


@contextlib.asynccontextmanager
async def running_api(database_url: str, redis_url: str, **settings: str) -> AsyncIterator[Api]:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "NOVACONNECT_ENVIRONMENT": "test",
        "TSIM_PASSWORD": "x",
        "JASPER_API_KEY": "x",
        "JASPER_LICENSE_KEY": "x",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "manage.py",
        "api",
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Api(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_serves_the_schema_over_http_and_sockets_and_stops_when_told(
    world: TwoCompanies, database: str, redis_url: str
) -> None:
    async with running_api(database, redis_url) as api:
        await api.answers()
        owner = api.endpoint.as_(world.owner.token)
        assert (await owner.get("/readyz")).json()["status"] == "ready"
        assert (await api.endpoint.post({"query": "{ __typename }"})).status_code == 401
        found = await owner.post(
            {"query": "{ sims(first: 1) { totalCount edges { node { iccid capabilities { action } } } } }"}
        )
        assert found.json()["data"]["sims"]["totalCount"] == len(world.sims)

        async with owner.connect(additional_headers=owner.headers) as sockets:
            await sockets.send(orjson.dumps({"type": "connection_init"}).decode())
            watch = {"query": "subscription { operationsChanged { __typename } }"}
            await sockets.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": watch}).decode())
            assert (await messages(sockets, "next"))[-1]["payload"].get("errors") is None
            exit_code, log = await api.stop()
            assert (exit_code, await close_code(sockets)) == (
                -signal.SIGTERM,
                1012,
            )  # uvicorn ends by the signal, after its shutdown

        lines = [orjson.loads(line) for line in log]
        assert not [line for line in lines if line["level"] == "ERROR"]
        assert world.owner.token.encode() not in b"".join(log)


async def test_without_a_database_it_lives_and_says_so(servers: TestServers, redis_url: str) -> None:
    async with running_api("postgresql://nobody@127.0.0.1:1/nowhere", redis_url) as api:
        await api.answers()
        ready = await api.endpoint.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "does not answer")
        answer = await api.endpoint.as_("nct_some_token").post({"query": "{ __typename }"})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "INTERNAL_ERROR")
        assert answer.headers["retry-after"]


async def test_a_setting_that_cannot_be_used_is_one_line(redis_url: str) -> None:
    async with running_api("", redis_url) as api:
        async with asyncio.timeout(20):
            _, printed = await api.process.communicate()
        assert api.process.returncode == 1
        [line] = printed.decode().splitlines()
        assert line.startswith("DATABASE_URL is not set")
