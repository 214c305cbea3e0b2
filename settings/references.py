"""References in settings: a secret is never written in a file, only where to find it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from settings.bad_setting import BadSetting

_SECRET_KEY = re.compile(r"(pass|secret|api_key|license_key|token|credential|private_key)", re.IGNORECASE)
_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)


class LiteralSecret(BadSetting):
    """A key that holds a secret has a literal value."""


def check_literal_secrets(settings: Mapping[str, object]) -> None:
    """Refuse literal values, defaults included, under keys that name a secret; `env:NAME` and `file:PATH` pass."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            check_literal_secrets(value)
        elif _SECRET_KEY.search(key) and not (isinstance(value, str) and _names_a_secret(value)):
            raise LiteralSecret(f"`{key}` holds a literal secret: write env:NAME or file:PATH instead.")


def _names_a_secret(value: str) -> bool:
    """A reference without a default: the default of a secret would be a literal one."""
    match = _REFERENCE.fullmatch(value)
    return match is not None and not (match[1] == "env" and "|" in match[2])


def resolve_references(settings: Mapping[str, object], environ: Mapping[str, str] | None = None) -> dict[str, object]:
    """Replace `env:NAME`, `env:NAME|default` and `file:PATH` by what they point to; raises `BadSetting` when it is not there.

    A default is for what is not secret; every resolved value is a string.
    """
    env = os.environ if environ is None else environ
    return {key: _resolve(key, value, env) for key, value in settings.items()}


def _resolve(key: str, value: object, env: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        return {inner: _resolve(inner, item, env) for inner, item in value.items()}
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    kind, rest = match.groups()
    if kind == "file":
        try:
            return Path(rest).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"`{key}`: the file {rest} cannot be read: create it or change the reference.") from error
    name, bar, default = rest.partition("|")
    if name in env:
        return env[name]
    if bar:
        return default
    raise BadSetting(f"`{key}`: the environment variable {name} is not set: set it or change the reference.")
