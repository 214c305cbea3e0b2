"""The shop, stocked, behind its schema."""

from __future__ import annotations

import pytest

from projection import CompiledSchema
from tests.projection import shop


@pytest.fixture
async def schema(database: str) -> CompiledSchema:
    """The schema over two shops, north and south; nothing is remembered from other tests."""
    await shop.stock(database)
    shop.Answered.projected = shop.Answered.ordinary = shop.Changes.count = shop.Loads.count = 0
    shop.LABELS._forget(None)
    return shop.build_schema()
