"""`plugins.toml`: which driver plugins are switched on and which profiles exist, with the line of everything."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from settings.bad_setting import BadSetting
from settings.references import LiteralSecret, check_literal_secrets

NO_DRIVER = "none"
"""The driver name of a profile that is shown but cannot be acted on."""

_PROFILE_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PluginEntry:
    """One plugin to load: `module` of a bundled driver, or an entry point of the group `novaconnect.drivers` by `name`."""

    name: str
    module: str | None
    line: int


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """One profile: what customers see (code, title, APN, number prefix), its driver's name and settings (unresolved)."""

    code: str
    title: str
    apn: str
    number_prefix: str
    driver: str
    line: int
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PluginsFile:
    """The file as read."""

    path: Path
    plugins: tuple[PluginEntry, ...]
    profiles: tuple[ProfileEntry, ...]


def read_plugins_file(path: Path) -> PluginsFile:
    """Read and check the file; raises `BadSetting` naming the file, the line and what to change."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"{path} cannot be read ({type(error).__name__}): put the file there or set NOVACONNECT_PLUGINS."
        ) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{path} is not valid TOML: {error}.") from error
    lines = text.splitlines()
    plugins = tuple(_plugin(path, lines, name, entry) for name, entry in _tables(path, table, "plugins").items())
    profiles = tuple(_profile(path, lines, code, entry) for code, entry in _tables(path, table, "profiles").items())
    if not profiles:
        raise BadSetting(f"{path} names no profile: add at least one [profiles.CODE] table.")
    return PluginsFile(path, plugins, profiles)


def _tables(path: Path, table: Mapping[str, object], key: str) -> Mapping[str, Mapping[str, object]]:
    value = table.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(entry, dict) for entry in value.values()):
        raise BadSetting(f"{path}: `{key}` must be tables like [{key}.NAME].")
    return value


def _line_of(lines: list[str], header: str) -> int:
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith(f"[{header}]"):
            return number
    return 1


def _plugin(path: Path, lines: list[str], name: str, entry: Mapping[str, object]) -> PluginEntry:
    line = _line_of(lines, f"plugins.{name}")
    module = entry.get("module")
    if module is not None and not isinstance(module, str):
        raise BadSetting(f"{path}:{line}: `module` of plugin {name} must be a string.")
    unknown = set(entry) - {"module"}
    if unknown:
        raise BadSetting(f"{path}:{line}: plugin {name} has unknown keys {', '.join(sorted(unknown))}.")
    return PluginEntry(name, module, line)


def _profile(path: Path, lines: list[str], code: str, entry: Mapping[str, object]) -> ProfileEntry:
    line = _line_of(lines, f"profiles.{code}")
    where = f"{path}:{line}: profile {code}"
    if not _PROFILE_CODE.fullmatch(code):
        raise BadSetting(f"{where}: a code is Latin capitals and digits, at most 16.")
    texts = {key: entry.get(key, "") for key in ("title", "apn", "number_prefix", "driver")}
    for key, value in texts.items():
        if not isinstance(value, str) or (key in ("title", "driver") and not value):
            raise BadSetting(f"{where}: `{key}` must be a string.")
    unknown = set(entry) - {*texts, "settings"}
    if unknown:
        raise BadSetting(f"{where} has unknown keys {', '.join(sorted(unknown))}.")
    settings = entry.get("settings", {})
    if not isinstance(settings, dict):
        raise BadSetting(f"{where}: `settings` must be a table [profiles.{code}.settings].")
    try:
        check_literal_secrets(settings)
    except LiteralSecret as error:
        raise BadSetting(f"{where}: {error}") from error
    return ProfileEntry(code=code, line=line, settings=settings, **{key: str(value) for key, value in texts.items()})
