"""Every top-level name of ours is ours: in this repository, no module of Python, no installed distribution's."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"sdk", "docs", "var", "build", "dist"}


def top_level_names() -> list[str]:
    """Packages and modules that stand in the root of the repository, and the SDK's package."""
    packages = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}
    modules = {path.stem for path in ROOT.glob("*.py")}
    return sorted((packages | modules | {"novaconnect_sdk"}) - NOT_OURS)


def test_the_rooms_are_seen() -> None:
    assert {"domain", "drivers", "models", "services", "settings", "simulator", "supervisor"} <= set(top_level_names())


@pytest.mark.parametrize("name", top_level_names())
def test_a_top_level_name_is_ours(name: str) -> None:
    spec = importlib.util.find_spec(name)

    assert spec is not None
    places = [Path(place).resolve() for place in (spec.submodule_search_locations or [spec.origin or "nowhere"])]
    assert all(place.is_relative_to(ROOT) and ".venv" not in place.parts for place in places)
    assert name not in sys.stdlib_module_names
    assert set(packages_distributions().get(name, [])) <= {"novaconnect-sdk"}
