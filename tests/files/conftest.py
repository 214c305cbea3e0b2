"""Both kinds of store: a folder, and an S3 server on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from services.files.file_store import FileStore, open_file_store
from settings import Settings

BUCKET = "nova-files"


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """An S3-compatible server with one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    with urlopen(Request(f"{address}/{BUCKET}", method="PUT"), timeout=10):
        pass
    yield address
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    """A store as the settings open it."""
    if request.param == "folder":
        return open_file_store(Settings(var_dir=tmp_path))
    address = request.getfixturevalue("s3_address")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    return open_file_store(Settings(file_store=f"s3://{BUCKET}/{tmp_path.name}", file_store_endpoint=address))
