"""One `manage.py up` per folder: a lock file that the system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supervisor.errors import CannotStart


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the folder for the time of the block; raises `CannotStart` when another start holds it."""
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(var_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise CannotStart(
            f"{var_dir} cannot be written ({error.strerror}): set NOVACONNECT_VAR to a folder that can."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise CannotStart(
                f"NovaConnect already runs from this folder (pid {holder}): stop it first, or set NOVACONNECT_VAR."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
