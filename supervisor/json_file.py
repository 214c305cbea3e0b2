"""Small JSON files that others read while we write: a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_atomically(path: Path, content: object, mode: int = 0o644) -> None:
    """Replace the file in one step; `mode` are the permissions of the new file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    beside.replace(path)
