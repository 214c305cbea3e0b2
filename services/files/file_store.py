"""Files in a folder or in any S3-compatible store, behind one small face: a file is there whole or not at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from settings import BadSetting, Settings

PIECE = 5 * 2**20
"""Bytes of one piece of a large file on its way into an S3-compatible store: the least that S3 takes."""

STORE_AWAY = (BaseError, OSError)
"""What a call raises when the store cannot be reached, refuses us, or is full."""

_AT_A_TIME = 2
_READ_AT_LEAST = 2**16
_KEY = re.compile(r"([a-z][a-z0-9-]{0,30})/([1-9][0-9]{0,18})/([A-Za-z0-9][A-Za-z0-9._-]{0,150})", re.ASCII)


class BadKey(ValueError):
    """A text that cannot be the key of a file."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """Where a file is kept: `area/company/name`. The name is of ASCII letters, digits, dots, hyphens and underscores."""

    area: str
    company_id: int
    name: str

    def __post_init__(self) -> None:
        if _KEY.fullmatch(str(self)) is None or ".." in self.name:
            raise BadKey("the key of a file is area/company/name, of letters, digits, dots, hyphens and underscores")

    def __str__(self) -> str:
        return f"{self.area}/{self.company_id}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> FileKey:
        """The key that a text is; raises `BadKey` for everything else, `..`, absolute paths and NUL among it."""
        match = _KEY.fullmatch(text)
        if match is None:
            raise BadKey("not the key of a file")
        return cls(match[1], int(match[2]), match[3])


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is being read: its size in bytes, and its content in pieces."""

    size: int
    pieces: AsyncIterator[bytes]


class FileStore:
    """One store. What is written appears under its key at once and whole, in place of what was there before."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def write(self, key: FileKey, content: bytes | Path | AsyncIterable[bytes]) -> int:
        """Publish a file; returns its size. When `content` fails half-way, nothing is published. Raises `STORE_AWAY`."""
        size = 0

        async def counted(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
            nonlocal size
            async for piece in pieces:
                size += len(piece)
                yield piece

        if isinstance(content, bytes):
            size = len(content)
        elif isinstance(content, Path):
            size = (await asyncio.to_thread(content.stat)).st_size
        else:
            content = counted(content)
        await obstore.put_async(self._store, str(key), content, chunk_size=PIECE, max_concurrency=_AT_A_TIME)
        return size

    async def open(self, key: FileKey) -> OpenFile | None:
        """Begin to read a file; None when it is not there. Raises `STORE_AWAY`."""
        try:
            found = await obstore.get_async(self._store, str(key))
        except FileNotFoundError:
            return None
        return OpenFile(found.meta["size"], _pieces(found))

    async def read(self, key: FileKey) -> bytes | None:
        """A whole file, for small ones; None when it is not there. Raises `STORE_AWAY`."""
        opened = await self.open(key)
        return None if opened is None else b"".join([piece async for piece in opened.pieces])

    async def size(self, key: FileKey) -> int | None:
        """How many bytes a file has; None when it is not there. Raises `STORE_AWAY`."""
        try:
            return (await obstore.head_async(self._store, str(key)))["size"]
        except FileNotFoundError:
            return None

    async def delete(self, key: FileKey) -> None:
        """Remove a file; one that is not there is no error. Raises `STORE_AWAY`."""
        try:
            await obstore.delete_async(self._store, str(key))
        except FileNotFoundError:
            return


async def _pieces(found: obstore.GetResult) -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=_READ_AT_LEAST):
        yield bytes(piece)


def open_file_store(settings: Settings) -> FileStore:
    """The store of the setting `FILE_STORE`: a folder, or `s3://bucket/prefix`; raises `BadSetting`.

    Where S3 is and how to log in there comes from the usual variables: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    `AWS_REGION`, and `AWS_ENDPOINT_URL` for a store that is not Amazon's.
    """
    place = settings.file_store
    if place is None:
        return _folder(settings.var_dir / "exports")
    if "://" not in place:
        return _folder(Path(place))
    parts = urlsplit(place)
    if parts.scheme != "s3" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise BadSetting("FILE_STORE must be a folder or s3://BUCKET/PREFIX, without credentials in it.")
    plain = settings.file_store_endpoint is not None and settings.file_store_endpoint.startswith("http://")
    try:
        return FileStore(
            S3Store(parts.hostname, prefix=parts.path.strip("/") or None, client_options={"allow_http": plain})
        )
    except BaseError as error:
        raise BadSetting(f"FILE_STORE: the S3 store cannot be used ({type(error).__name__}): see AWS_*.") from error


def _folder(folder: Path) -> FileStore:
    try:
        return FileStore(LocalStore(folder.absolute(), automatic_cleanup=True, mkdir=True))
    except STORE_AWAY as error:
        raise BadSetting("FILE_STORE: the folder cannot be made: choose one that may be written.") from error


_in_use: FileStore | None = None


def use_file_store(store: FileStore | None) -> None:
    """From now on this is the process's store; the composition roots call it."""
    global _in_use
    _in_use = store


def file_store() -> FileStore:
    """The process's store."""
    if _in_use is None:
        raise RuntimeError("no file store is open")
    return _in_use
