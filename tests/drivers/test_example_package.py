"""The tutorial's driver package, from its folder to an installed plugin: built, found by its entry point, conforming."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.drivers.operator_process import ROOT

EXAMPLE = ROOT / "examples" / "novaconnect-lantern"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example's folder, as an author would have it."""
    copied = tmp_path_factory.mktemp("example") / "project"
    shutil.copytree(EXAMPLE, copied, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".*"))
    return copied


@pytest.fixture(scope="module")
def installed(project: Path) -> Path:
    """A folder of installed packages that holds the example and nothing else."""
    wheels, site = project.parent / "wheels", project.parent / "site"
    wheels.mkdir()
    subprocess.run([sys.executable, "-c", BUILD, str(wheels)], cwd=project, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def test_the_example_passes_the_suite(project: Path, installed: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(installed), str(ROOT / "sdk")))}
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(project), "-p", "no:cacheprovider"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert " passed" in outcome.stdout
    assert "skipped" not in outcome.stdout


def test_the_installed_example_passes_the_hosts_gate(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drivers.gate import load_plugins
    from settings import read_plugins_file

    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("LANTERN_TOKEN", "t")
    file = tmp_path / "plugins.toml"
    file.write_text(
        '[plugins.lantern]\n\n[profiles.LN]\ntitle = "LN"\napn = "lantern"\nnumber_prefix = "46"\ndriver = "lantern"\n\n'
        '[profiles.LN.settings]\nbase_url = "http://127.0.0.1:9"\ntoken = "env:LANTERN_TOKEN"\n'
    )
    gated = load_plugins(read_plugins_file(file))
    assert gated.problems == ()
    assert set(gated.factories) == {"lantern"}
