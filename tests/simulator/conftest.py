"""Two simulators for the whole run: a quick one, and one with the limits the operator documents."""

from collections.abc import Iterator

import pytest

from tests.simulator.running import Simulator, simulator


@pytest.fixture(scope="session")
def quick_program() -> Iterator[Simulator]:
    """A small fleet with raised limits; SIMs change only when told."""
    with simulator("--sims", "200", "--lively", "0", "--raised-limits") as running:
        yield running


@pytest.fixture(scope="session")
def strict_program() -> Iterator[Simulator]:
    """A small fleet with one call at a time and 5 calls a second."""
    with simulator("--sims", "200", "--lively", "0") as running:
        yield running


@pytest.fixture
def world(quick_program: Simulator) -> Simulator:
    """A newborn fleet behind raised limits."""
    quick_program.admin("reset", {})
    return quick_program


@pytest.fixture
def strict_world(strict_program: Simulator) -> Simulator:
    """A newborn fleet behind the documented limits."""
    strict_program.admin("reset", {})
    return strict_program


@pytest.fixture
def tc_sim(world: Simulator) -> dict:
    """A TC SIM in a session."""
    return world.sims(profile="TC", in_session="true")[0]


@pytest.fixture
def td_sim(world: Simulator) -> dict:
    """A TD SIM in a session."""
    return world.sims(profile="TD", in_session="true")[0]
