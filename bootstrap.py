"""Prepares `.venv` from the hash-pinned locks: `python3 bootstrap.py requirements.lock`.

Run by the Makefile with whatever `python3` the machine has, so everything up to the version check has to parse on
old interpreters too, and nothing but the standard library may be imported. uv is used when it is on PATH, otherwise
pip. A lock that is already installed (a stamp of its hash stands in `.venv`) costs one interpreter start.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "NovaConnect needs Python 3.11 or newer; this is %d.%d. Install one, or say which: make PYTHON=python3.12 run"
        % sys.version_info[:2]
    )

import hashlib
import importlib.util
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"

#: The dev lock contains everything of the run lock, so installing it stamps both.
SUPERSETS = {"requirements-dev.lock": ("requirements-dev.lock", "requirements.lock")}

NO_ENSUREPIP = """This Python cannot make a virtual environment with pip in it (its `ensurepip` is missing).
On Debian or Ubuntu: apt install python3-venv. Elsewhere: install uv, or a complete Python 3.11+."""


def say(line: str) -> None:
    """Print one step of the preparation at once."""
    print(f"  {line}", flush=True)


def fingerprint(lock: str) -> str:
    """What the stamp of a lock holds: hex SHA-256 over everything that decides what ends up in `.venv`.

    The folder is part of it, because console scripts and the editable install of sdk/ carry absolute paths.
    """
    digest = hashlib.sha256(str(VENV).encode())
    for file in (ROOT / lock, ROOT / "sdk" / "pyproject.toml"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_installed(lock: str) -> bool:
    """Whether a stamp says that exactly this lock stands in this `.venv`."""
    stamp = STAMPS / lock
    return stamp.is_file() and stamp.read_text() == fingerprint(lock)


def venv_works() -> bool:
    """Whether `.venv` is an environment of a supported Python that starts and was made for this folder."""
    place = VENV / "stamps" / "folder"
    if place.is_file() and place.read_text() != str(VENV):
        return False
    probe = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    try:
        return subprocess.run([VENV_PYTHON, "-c", probe], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def create_venv(uv: str | None) -> None:
    """Make `.venv` anew, removing what is left of a broken or moved one."""
    if VENV.exists() or VENV.is_symlink():
        say("the .venv here is broken or was made elsewhere: making it anew")
        VENV.unlink() if VENV.is_symlink() else shutil.rmtree(VENV)
    say(f"creating .venv with Python {sys.version_info.major}.{sys.version_info.minor}")
    if uv is not None:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], check=True)
    elif importlib.util.find_spec("ensurepip") is None:
        sys.exit(NO_ENSUREPIP)
    elif subprocess.run([sys.executable, "-m", "venv", str(VENV)]).returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(NO_ENSUREPIP)


def install_with_uv(uv: str, lock: str) -> bool:
    """Install the lock and sdk/ with uv; False when uv cannot, for example because only pip knows the index here."""
    install = [uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON)]
    return (
        subprocess.run([*install, "--require-hashes", "-r", lock], cwd=ROOT).returncode == 0
        and subprocess.run([*install, "--no-deps", "--no-build-isolation", "-e", "sdk"], cwd=ROOT).returncode == 0
    )


def install_with_pip(lock: str) -> bool:
    """Install the lock and then sdk/ with pip: hash mode cannot install a local folder, hence two steps."""
    has_pip = subprocess.run([VENV_PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0
    if not has_pip and subprocess.run([VENV_PYTHON, "-m", "ensurepip"], stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(NO_ENSUREPIP)
    install = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return (
        subprocess.run([*install, "--require-hashes", "-r", lock], cwd=ROOT).returncode == 0
        and subprocess.run([*install, "--no-deps", "--no-build-isolation", "-e", "sdk"], cwd=ROOT).returncode == 0
    )


def main(lock: str) -> None:
    """Bring `.venv` to the state the lock describes, or exit with one line that says what is missing."""
    uv = shutil.which("uv")
    if not venv_works():
        create_venv(uv)
    elif is_installed(lock):
        return
    say(f"installing {lock} with {'uv' if uv else 'pip'}")
    if not (uv is not None and install_with_uv(uv, lock)):
        if uv is not None:
            say("uv could not install it; trying pip")
        if not install_with_pip(lock):
            sys.exit(f"{lock} could not be installed: see the lines above; the package index must be reachable once.")
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / "folder").write_text(str(VENV))
    for stamped in SUPERSETS.get(lock, (lock,)):
        (STAMPS / stamped).write_text(fingerprint(stamped))


if __name__ == "__main__":
    os.environ.pop("VIRTUAL_ENV", None)  # an activated environment elsewhere must not catch the install
    main(sys.argv[1])
