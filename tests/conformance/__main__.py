"""`python -m tests.conformance`: run every suite against an API of its own; exit code 1 when one of them is not content."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from models.database import close_database, open_database
from models.migrate import migrate
from tests.servers import TestServers, running_servers
from tests.worlds import two_companies

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMATHESIS_CASES = 200
AUDITS = {"on": {"total": 61, "ok": 61}, "off": {"total": 61, "ok": 58, "notice": 3}}
"""What the audits must say with queries by GET switched on, and with the default."""


async def seeded(servers: TestServers) -> str:
    """Two companies; the token of the owner of one."""
    await migrate(servers.owner_database_url)
    await open_database(servers.owner_database_url, as_application=False)
    try:
        return (await two_companies()).owner.token
    finally:
        await close_database()


@contextlib.contextmanager
def api(servers: TestServers, **settings: str) -> Iterator[str]:
    """A running API with these settings; gives the address of its endpoint."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    secrets = {"TSIM_PASSWORD": "x", "JASPER_API_KEY": "x", "JASPER_LICENSE_KEY": "x"}
    environment = os.environ | secrets | settings | {
        "DATABASE_URL": servers.owner_database_url,
        "REDIS_URL": servers.redis_url,
        "NOVACONNECT_ENVIRONMENT": "test",
        "LOG_LEVEL": "ERROR",
        "PORT": str(port),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "manage.py", "api"], cwd=ROOT, env=environment)
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", process)
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("conformance: the API did not start")


def node(script: str, url: str, token: str) -> tuple[int, dict[str, int]]:
    """Run a script; its exit code, and the counts that it printed last."""
    done = subprocess.run(["node", script, url, token], cwd=HERE, stdout=subprocess.PIPE, text=True, timeout=300)
    counts: dict[str, int] = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    return done.returncode, counts


def audited(servers: TestServers, token: str, by_get: str) -> bool:
    """The audits of graphql-http."""
    with api(servers, QUERIES_BY_GET=by_get) as url:
        _, counts = node("audits.mjs", url, token)
    return _said(f"graphql-http audits, queries by GET {by_get}", counts, counts == AUDITS[by_get])


def clients(servers: TestServers, token: str) -> bool:
    """The reference clients of both ways to stream."""
    with api(servers) as url:
        code, counts = node("clients.mjs", url, token)
    return _said(
        "graphql-ws and graphql-sse clients, checks passed", counts, code == 0 and counts == {"ws": 8, "sse": 8}
    )


def generated(servers: TestServers, token: str) -> bool:
    """Queries and mutations that schemathesis makes from the schema."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        *("--checks", "refusals_are_documented", "--phases", "fuzzing", "--seed", "1", "--no-color"),
        *("--max-examples", os.environ.get("SCHEMATHESIS_EXAMPLES", "4"), "--continue-on-failure"),
        # PostgreSQL stores no NUL, so documents with one are refused whole; tests/transport has that.
        *("--generation-allow-x00", "false", "--generation-database", "none", "--suppress-health-check", "all"),
        *("--header", f"Authorization: Bearer {token}"),
    ]
    with api(servers, RATE_LIMIT="0") as url:
        environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.conformance.generated", "PYTHONPATH": str(ROOT)}
        with tempfile.TemporaryDirectory() as folder:  # it leaves notes where it runs
            done = subprocess.run(
                [*command, url], cwd=folder, env=environment, capture_output=True, text=True, timeout=900
            )
    found = re.search(r"(\d+) generated", done.stdout)
    counts = {"cases": int(found[1]) if found else 0}
    content = done.returncode == 0 and counts["cases"] >= SCHEMATHESIS_CASES
    if not content:
        print(done.stdout[-6000:], done.stderr[-2000:])
    return _said("schemathesis", counts, content)


def _said(what: str, counts: dict[str, int], content: bool) -> bool:
    print(
        f"{'passed' if content else 'FAILED'}: {what}: {', '.join(f'{n} {name}' for name, n in counts.items())}",
        flush=True,
    )
    return content


def main() -> int:
    """All suites, one after another."""
    if shutil.which("node") is None:
        print("conformance: skipped, because node is not installed; these suites are npm packages")
        return 0
    if not (HERE / "node_modules").is_dir():
        print("conformance: the packages are not there: `make conformance` fetches them (npm ci)")
        return 1
    with running_servers() as servers:
        token = asyncio.run(seeded(servers))
        results = [
            audited(servers, token, "on"),
            audited(servers, token, "off"),
            clients(servers, token),
            generated(servers, token),
        ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
