"""One simulator for all driver tests: SIMs change only when told, and Jasper's one call at a time is enforced."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.drivers.operator_process import OperatorProcess, operator_process


@pytest.fixture(scope="session")
def operator_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the simulator listens."""
    arguments = ("--sims", "400", "--lively", "0", "--jasper-rate", "5000", "--jasper-latency-ms", "0")
    with operator_process(tmp_path_factory.mktemp("operator"), *arguments) as address:
        yield address


@pytest.fixture(scope="session")
async def simulated_operator(operator_address: str) -> AsyncIterator[OperatorProcess]:
    """The simulator with its admin API."""
    operator = OperatorProcess(operator_address)
    yield operator
    await operator.close()
