"""Processes in sessions of their own: how they start, how they end, and how a leftover is told from a stranger."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TypedDict

import psutil

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class OwnSession(TypedDict):
    """The keyword arguments of `subprocess.Popen` and `asyncio.create_subprocess_exec` for a process of our own."""

    start_new_session: bool
    stdin: int
    preexec_fn: Callable[[], None] | None


def own_session() -> OwnSession:
    """Options for a child that a terminal's Ctrl-C does not reach and that is told to stop when this process is killed.

    The second half is Linux only; elsewhere the next start stops what a killed parent left (`leftover.py`).
    """
    preexec = None if _libc is None else _stop_with(os.getpid())
    return {"start_new_session": True, "stdin": subprocess.DEVNULL, "preexec_fn": preexec}


def _stop_with(parent: int) -> Callable[[], None]:
    def ask_the_kernel() -> None:
        assert _libc is not None
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died between fork and prctl: no signal will ever come
            os._exit(1)

    return ask_the_kernel


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal one process; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_session(pid: int) -> None:
    """Kill every process that is still in the group of a session's first process, which itself may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def started_at(pid: int) -> float | None:
    """When the process started, seconds since 1970; None when there is none. With the pid it identifies a process."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def is_same_process(pid: int, started: float) -> bool:
    """Whether this pid still belongs to the process that was recorded, and not to a stranger that got its number."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - started) < 1.0
    except psutil.Error:
        return False
