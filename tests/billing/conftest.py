"""The banks of a test, a place for documents, and asking the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.files.download_links import DownloadLinks, use_download_links
from services.files.file_store import open_file_store, use_file_store
from settings import Settings
from tests.billing.banks import Banks, running_banks
from tests.graphql.conftest import ask, drivers_of_the_shipped_file, read

__all__ = ["ask", "drivers_of_the_shipped_file", "read"]


@pytest.fixture
def banks() -> Iterator[Banks]:
    """Both central banks, which the process asks as long as the test lasts."""
    with running_banks() as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Path]:
    """A folder for documents, and links to them."""
    use_file_store(open_file_store(Settings(var_dir=tmp_path)))
    use_download_links(DownloadLinks("http://api.example", "a secret of at least 32 characters"))
    yield tmp_path
    use_file_store(None)
    use_download_links(None)
