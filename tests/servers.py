"""PostgreSQL and Valkey for a test run: real servers in a short temporary folder, gone when the run ends."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from supervisor.embedded_postgres import EmbeddedPostgres
from supervisor.embedded_valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class TestServers:
    """The two servers of a test run and their addresses."""

    __test__ = False

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    @property
    def owner_database_url(self) -> str:
        """The address of the database `novaconnect` as its owner (migrations)."""
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        """The address of Valkey, without a database number."""
        return self.valkey.url

    def database_url(self, role: str, database: str = "novaconnect") -> str:
        """The address of a database for one role."""
        return self.postgres.url(role, database)


@contextmanager
def running_servers() -> Iterator[TestServers]:
    """Start both servers, and stop and remove them at the end."""
    # Short, because the path of a Unix socket may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="nova-"))
    servers = TestServers(EmbeddedPostgres(folder / "pg", durable=False), EmbeddedValkey(folder / "valkey"))
    try:
        servers.postgres.start()
        servers.valkey.start()
        yield servers
    finally:
        servers.valkey.stop()
        servers.postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
