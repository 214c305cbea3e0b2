"""The banks of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.billing.banks import Banks, running_banks


@pytest.fixture
def banks() -> Iterator[Banks]:
    """Both central banks, which the process asks as long as the test lasts."""
    with running_banks() as running:
        yield running
