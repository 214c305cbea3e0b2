"""Watches a whole test run: nothing personal and no secret in logs, in messages of the queue, or anywhere in Redis.

The worlds of the tests are full of markers: ICCIDs, IMSIs, numbers, tokens and passwords of known forms. Their fleets, log-ins
and operations go through every program; none of the markers may come out where it does not belong.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from services.process.log_setup import JsonLines, ReadableLines
from settings import Settings

MARKERS = (
    ("an ICCID", re.compile(r"(?<!\d)89\d{17,18}(?!\d)")),
    ("an IMSI", re.compile(r"(?<!\d)24803\d{10}(?!\d)")),
    ("a number", re.compile(r"(?<!\d)(?:3725\d{7}|465\d{7}|75\d{7}|7701\d{7})(?!\d)")),
    ("a token", re.compile(r"nc[ts]_[A-Za-z0-9_-]{20,}")),
    ("a password", re.compile(r"demo-tsim|demo-jasper|demo-license|correct horse|upass=")),
)
OWN = "novaconnect"
"""Our own loggers: what they say must be clean before anything is redacted."""


class Canary(logging.Handler):
    """`found` says where a marker came out, never the marker itself."""

    def __init__(self, markers: tuple[tuple[str, re.Pattern[str]], ...] = MARKERS) -> None:
        super().__init__(logging.INFO)
        self.found: list[str] = []
        self.seen = 0
        """Log records and Redis commands that were looked at."""
        self._markers = markers
        self._forms = (JsonLines("test"), ReadableLines())

    def look(self, text: str, where: str) -> None:
        """Look at a text."""
        self.seen += 1
        self.found += [f"{kind} in {where}" for kind, marker in self._markers if marker.search(text)]

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a log record as it would be written; our own also as it was meant."""
        where = f"the log of {record.name} ({record.pathname}:{record.lineno})"
        for form in self._forms:
            self.look(form.format(record), where)
        if record.name.split(".")[0] == OWN:
            self.look(record.getMessage(), f"{where} before it was redacted")

    def look_at_logs(self, folder: Path) -> None:
        """Look at every log file under a folder, and at what an embedded Valkey has written there."""
        for pattern in ("*.log", "*.log.1", "*.aof"):
            for path in folder.rglob(pattern):
                if "pg" not in path.parts and path.is_file():
                    self.look(path.read_text(errors="replace"), f"the file {path.name} of {path.parent.name}")

    @contextmanager
    def over_redis(self, url: str) -> Iterator[None]:
        """Look at every command that the server gets, from whatever program, for the length of a block."""
        client = Redis.from_url(url)
        listening = threading.Event()
        thread = threading.Thread(target=self._listen, args=(client, listening), daemon=True)
        thread.start()
        listening.wait(10)
        try:
            yield
        finally:
            client.connection_pool.disconnect()

    def _listen(self, client: Redis, listening: threading.Event) -> None:
        try:
            with client.monitor() as monitor:
                listening.set()
                for command in monitor.listen():
                    text = str(command["command"])
                    self.look(text, f"the Redis command {text.split(' ', 1)[0]}")
        except (RedisError, OSError, ValueError):  # the server, or the test run, has ended
            listening.set()


@contextmanager
def over_logs(canary: Canary) -> Iterator[None]:
    """Look at every log record of this process for the length of a block, at the level of production."""
    root = logging.getLogger()
    before = root.level
    own = logging.getLogger(OWN)
    own.setLevel(Settings().log_level)
    root.addHandler(canary)
    try:
        yield
    finally:
        root.removeHandler(canary)
        root.setLevel(before)
