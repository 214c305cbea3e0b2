"""A file is in the store whole or not at all, whichever store it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.files.file_store import BadKey, FileKey, FileStore, open_file_store
from settings import BadSetting, Settings

KEY = FileKey("exports", 7, "sessions-1.csv")


async def pieces(count: int, *, broken: bool = False) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * 1_000_000
    if broken:
        raise RuntimeError("the writer died")


async def test_bytes_pieces_and_files_come_back_as_they_were(store: FileStore, tmp_path: Path) -> None:
    local = tmp_path / "local.bin"
    local.write_bytes(b"from a file" * 1_000_000)

    assert await store.write(KEY, b"short") == 5
    assert await store.read(KEY) == b"short"
    assert await store.write(KEY, local) == 11_000_000
    assert await store.read(KEY) == local.read_bytes()
    assert await store.write(KEY, pieces(12)) == 12_000_000

    opened = await store.open(KEY)
    assert opened is not None and opened.size == 12_000_000
    assert b"".join([piece async for piece in opened.pieces]) == b"".join([piece async for piece in pieces(12)])


async def test_what_breaks_half_way_is_never_seen(store: FileStore) -> None:
    with pytest.raises(RuntimeError):
        await store.write(KEY, pieces(12, broken=True))
    assert await store.open(KEY) is None

    await store.write(KEY, b"whole")
    with pytest.raises(RuntimeError):
        await store.write(KEY, pieces(12, broken=True))
    assert await store.read(KEY) == b"whole"


async def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(store: FileStore) -> None:
    await store.write(KEY, b"x")
    await store.delete(KEY)
    await store.delete(KEY)

    assert await store.open(KEY) is None
    assert await store.read(KEY) is None
    assert await store.size(KEY) is None


BAD_KEYS = [
    "",
    "exports",
    "exports/7",
    "exports/7/",
    "exports/7/..",
    "exports/7/../8/a.csv",
    "exports/7/a..csv",
    "/exports/7/a.csv",
    "//exports/7/a.csv",
    "exports/7/a\x00.csv",
    "exports/7/a/b.csv",
    "exports/07/a.csv",
    "exports/7/.hidden",
    "exports/7/Отчёт.csv",
    "exports/7/a.csv\n",
    "../etc/7/passwd",
    "exports\\7\\a.csv",
]


def test_what_is_no_key_never_reaches_the_store() -> None:
    for text in BAD_KEYS:
        with pytest.raises(BadKey):
            FileKey.parse(text)


def test_a_key_is_its_text() -> None:
    assert FileKey.parse(str(KEY)) == KEY


@pytest.mark.parametrize("place", ["ftp://host/x", "s3://", "s3://key:secret@bucket/x", "s3://bucket/x?y=1"])
def test_a_store_that_cannot_be_is_refused(place: str) -> None:
    with pytest.raises(BadSetting, match="FILE_STORE"):
        open_file_store(Settings(file_store=place))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadSetting, match="FILE_STORE"):
        open_file_store(Settings(file_store=str(tmp_path / "file" / "below")))
