"""A simulator whose clock begins in the past, for the whole run; the banks; and asking the schema, as elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from settings.dunning import DunningTerms, use_dunning_terms
from tests.billing.conftest import banks
from tests.graphql.conftest import ask, drivers_of_the_shipped_file, read

__all__ = ["ask", "banks", "drivers_of_the_shipped_file", "read"]


@pytest.fixture(autouse=True)
def shipped_terms() -> Iterator[None]:
    """Every test begins with the shipped settings of dunning."""
    use_dunning_terms(DunningTerms())
    yield
    use_dunning_terms(DunningTerms())
