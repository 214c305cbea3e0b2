"""A whole system for tests: `manage.py up` in a folder of its own, watched from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from supervisor.ports import choose_port

ROOT = Path(__file__).resolve().parents[2]
SIMS = 120
COUNT = "{ sims(first: 1) { totalCount } }"
TODAY = datetime.now(UTC).date()
_DAYS = f'from: "{TODAY - timedelta(days=200)}", to: "{TODAY + timedelta(days=150)}"'
BY_PROFILE = f"{{ usageOverview({_DAYS}, groupBy: PROFILE) {{ parts {{ key usage {{ sessions }} }} }} }}"


class System:
    """One `manage.py up` in a folder of its own, with everything it prints in a file."""

    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.port = choose_port()
        self.printed = var_dir.parent / "printed"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `is_ready` says when it answers."""
        unset = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "CLOCK", "NOVACONNECT_PLUGINS", "HOST")
        environ = {name: value for name, value in os.environ.items() if name not in unset}
        environ |= {"NOVACONNECT_VAR": str(self.var_dir), "PORT": str(self.port), "SIMS": str(SIMS)}
        with self.printed.open("ab") as output:
            command = [sys.executable, str(ROOT / "manage.py"), "up"]
            self.process = subprocess.Popen(command, cwd=self.var_dir.parent, env=environ, stdout=output, stderr=output)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Signal `manage.py up` itself."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait until `manage.py up` has ended; its exit code."""
        assert self.process is not None
        return self.process.wait(60)

    @property
    def said(self) -> str:
        return self.printed.read_text()

    @property
    def demo_path(self) -> Path:
        return self.var_dir / "demo.json"

    @property
    def demo(self) -> dict[str, Any]:
        return dict(json.loads(self.demo_path.read_text()))

    def pid(self, name: str) -> int:
        return int(json.loads((self.var_dir / "children.json").read_text())[name]["pid"])

    def is_back(self, name: str, killed: int) -> bool:
        entry = json.loads((self.var_dir / "children.json").read_text())[name]
        return entry["ready"] is True and entry["pid"] != killed

    def is_ready(self) -> bool:
        assert self.is_running, self.said
        return self.demo_path.exists()

    def count_sims(self) -> int | None:
        """How many SIMs the demo owner sees; None while the system cannot say."""
        headers = {"Authorization": f"Bearer {self.demo['tokens']['owner']}"}
        try:
            answer = httpx.post(self.demo["graphql_url"], json={"query": COUNT}, headers=headers, trust_env=False)
            return int(answer.json()["data"]["sims"]["totalCount"])
        except (httpx.HTTPError, KeyError, TypeError, ValueError):
            return None

    def profiles_in_reports(self) -> dict[str, int]:
        """How many sessions the demo owner's reports show this year, by profile; nothing while the system cannot say."""
        headers = {"Authorization": f"Bearer {self.demo['tokens']['owner']}"}
        try:
            answer = httpx.post(self.demo["graphql_url"], json={"query": BY_PROFILE}, headers=headers, trust_env=False)
            parts = answer.json()["data"]["usageOverview"]["parts"]
            return {part["key"]: int(part["usage"]["sessions"]) for part in parts}
        except (httpx.HTTPError, KeyError, TypeError, ValueError):
            return {}

    def sees_its_fleet(self) -> bool:
        return (self.count_sims() or 0) >= SIMS // 2

    def processes(self) -> list[psutil.Process]:
        """Every process that was started for this folder, wherever it hangs in the tree now."""
        mine = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and self._is_mine(process):
                    mine.append(process)
            except psutil.Error:
                continue
        return mine

    def _is_mine(self, process: psutil.Process) -> bool:
        here = str(self.var_dir)
        return here in " ".join(process.cmdline()) or process.environ().get("NOVACONNECT_VAR") == here

    def clear_away(self) -> None:
        """End the test's system whatever state it is in."""
        if self.is_running:
            self.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait()
        for process in self.processes():
            process.kill()
