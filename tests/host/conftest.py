"""Plugins and plugin files as a deployment might have them, good and bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

QUIET_DRIVER = """
from novaconnect_sdk import DriverFactory, OperatorLimits, hookimpl

class Quiet:
    name = "quiet"
    account_key = "quiet:account"
    limits = OperatorLimits(calls_per_second=5, max_concurrency=1)

    def __init__(self, settings):
        self.settings = settings

    def capabilities(self, sim=None):
        return ()

    async def close(self):
        pass

@hookimpl
def register_drivers():
    return [DriverFactory(name="quiet", sdk_versions=">=1.0,<2", create=lambda settings, context: Quiet(settings))]
"""

PROFILE = '[profiles.QQ]\ntitle = "Quiet"\napn = ""\nnumber_prefix = ""\ndriver = "quiet"\n'


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """A function that installs a module of this source and gives its name."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def install(name: str, source: str) -> str:
        (folder / f"{name}.py").write_text(source)
        return name

    return install


@pytest.fixture
def plugins_file(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a `plugins.toml`."""

    def write(text: str) -> Path:
        path = tmp_path / "plugins.toml"
        path.write_text(text)
        return path

    return write
