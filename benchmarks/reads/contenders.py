"""The servers of the comparison, and how each is started and asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.database import connection_arguments
from supervisor.ports import choose_port

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(__file__).parent / "node"


@dataclass(frozen=True, slots=True)
class Contender:
    """A server by name: its command, the port it listens on, whether it wants the token, and the dialect it speaks."""

    name: str
    command: tuple[str, ...]
    port: int
    token: bool = False
    postgraphile: bool = False
    has_goal: bool = True
    """Whether the API is to be faster or slower than it by a given ratio."""


def contenders() -> list[Contender]:
    """Ours, the floor, the baseline, and with node the three of npm."""
    python = sys.executable
    uvicorn = (python, "-m", "uvicorn", "--no-access-log", "--log-level", "warning", "--port", "{port}")
    found = [
        Contender("NovaConnect", (python, "manage.py", "api"), choose_port(), token=True),
        Contender("floor", (*uvicorn, "benchmarks.reads.floor:app"), choose_port()),
        Contender("Strawberry + Tortoise", (*uvicorn, "benchmarks.reads.plain:app"), choose_port(), has_goal=False),
    ]
    # PostGraphile wants a newer node than many machines have, so it comes with the rest.
    node = str(NODE / "node_modules" / ".bin" / "node")
    if shutil.which(node):
        found += [
            Contender("Yoga + jit", (node, str(NODE / "yoga.mjs")), choose_port()),
            Contender("Mercurius + jit", (node, str(NODE / "mercurius.mjs")), choose_port(), has_goal=False),
            Contender("PostGraphile 5", (node, str(NODE / "postgraphile.mjs")), choose_port(), postgraphile=True),
        ]
    return found


@contextmanager
def running(
    all_of_them: list[Contender], url: str, redis_url: str, company_id: int, log: Path
) -> Iterator[dict[str, int]]:
    """Start all; gives the process id of each."""
    arguments = connection_arguments(url)
    shared = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'sdk'}",
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "NOVACONNECT_ENVIRONMENT": "test",
        "NOVACONNECT_PLUGINS": str(ROOT / "benchmarks" / "instant_plugins.toml"),
        "RATE_LIMIT": "1000000",  # on, but never reached
        "COMPANY_ID": str(company_id),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "PGHOST": str(arguments["host"]),
        "PGPORT": str(arguments["port"]),
        "PGUSER": str(arguments["user"]),
        "PGPASSWORD": str(arguments["password"] or ""),
        "PGDATABASE": str(arguments["database"]),
        "PGURL": url,
    }
    with ExitStack() as stack, log.open("ab") as output:
        pids = {}
        for contender in all_of_them:
            command = [part.format(port=contender.port) for part in contender.command]
            environment = shared | {"PORT": str(contender.port)}
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            pids[contender.name] = process.pid
        yield pids
