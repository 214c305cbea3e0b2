"""Passwords: argon2id, hashed in threads of which there are few, and never before their length was looked at."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar, TypeVarTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import TooManyAttempts, WeakPassword

MIN_CHARACTERS = 10
MAX_BYTES = 4096
"""A longer password is refused before anything is computed of it."""

HASHING_AT_ONCE = 2
"""Each takes 64 MiB and a core for as long as it runs."""

WAITING_AT_MOST = 100
"""Who comes when so many wait is asked to try again; it would take longer than a client waits."""

HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
"""argon2id; memory in KiB (RFC 9106, section 4, the recommendation for less memory, with one lane)."""

Made = TypeVar("Made")
Given = TypeVarTuple("Given")

_threads = ThreadPoolExecutor(HASHING_AT_ONCE, thread_name_prefix="password")


class _Waiting:
    count = 0


async def hash_password(password: str) -> str:
    """A password that `checked_password` has let through, in PHC form."""
    return await _in_a_thread(_hash, password)


async def is_password(stored: str | None, password: str) -> bool:
    """Whether it is the one. Without a stored one it takes the same time, and is not."""
    normal = unicodedata.normalize("NFKC", password)
    if stored is None:
        await _in_a_thread(_verify, await _in_a_thread(_nobody), normal)
        return False
    return await _in_a_thread(_verify, stored, normal)


def needs_rehash(stored: str) -> bool:
    """Whether it was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(stored)


def require_bounded(password: str, *path: str) -> None:
    """Refuse a password that is too long to be hashed; `WeakPassword`."""
    if len(password) > MAX_BYTES or len(password.encode()) > MAX_BYTES:
        raise WeakPassword(f"A password has at most {MAX_BYTES} bytes.", path=path)


def checked_password(password: str, email: str, *path: str) -> str:
    """A new password in Unicode form NFKC; `WeakPassword` with what to change (NIST SP 800-63B: length, no composition)."""
    require_bounded(password, *path)
    password = unicodedata.normalize("NFKC", password)
    if len(password) < MIN_CHARACTERS:
        raise WeakPassword(f"A password has at least {MIN_CHARACTERS} characters.", path=path)
    if len(set(password)) < 5:
        raise WeakPassword("This password repeats too few characters: choose another one.", path=path)
    if password.casefold() in (email.casefold(), email.partition("@")[0].casefold()):
        raise WeakPassword("The e-mail address is no password: choose another one.", path=path)
    return password


async def prepare() -> None:
    """Make what the first log-in of somebody unknown needs, so that it takes no longer than the next."""
    await _in_a_thread(_nobody)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash of nothing anybody knows, for the time that looking at it takes."""
    return HASHER.hash(secrets.token_urlsafe(32))


def _hash(password: str) -> str:
    return HASHER.hash(password)


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _in_a_thread(work: Callable[[*Given], Made], *arguments: *Given) -> Made:
    if _Waiting.count >= WAITING_AT_MOST:
        raise TooManyAttempts(30)
    _Waiting.count += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *arguments)
    finally:
        _Waiting.count -= 1
