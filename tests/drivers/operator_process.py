"""The operator simulator as a process of its own, and its admin API."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]


class OperatorProcess:
    """A running simulator: where it listens and what stands behind its wire formats."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._admin = httpx.AsyncClient(base_url=f"{address}/admin", timeout=20, trust_env=False)
        self._handed_out: dict[str, int] = {}

    async def read(self, path: str, **query: Any) -> Any:
        """An admin answer."""
        answer = await self._admin.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    async def send(self, path: str, wish: dict[str, Any]) -> Any:
        """An admin command and its answer."""
        answer = await self._admin.post(path, json=wish)
        answer.raise_for_status()
        return answer.json()

    async def fresh_sim(self, profile: str) -> dict[str, Any]:
        """A SIM of the profile that no test has had: in service, its device idle for days."""
        offset = self._handed_out.get(profile, 0)
        self._handed_out[profile] = offset + 1
        items = (await self.read("/sims", profile=profile, offset=offset, limit=1))["items"]
        assert items, "the tests need more SIMs than the simulator was started with"
        sim: dict[str, Any] = await self.send(f"/sims/{items[0]['iccid']}", {"registered": True, "idle_hours": 72})
        return sim

    async def close(self) -> None:
        """Give back connections."""
        await self._admin.aclose()


@contextmanager
def operator_process(state_dir: Path, *arguments: str) -> Iterator[str]:
    """Start a simulator on a free port and stop it at the end; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", "--state-dir", str(state_dir), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the simulator ended before it was ready"
        yield f"http://127.0.0.1:{json.loads(line)['port']}"
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()
