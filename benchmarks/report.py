"""What a benchmark prints: the machine once, then lines."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime


class Report:
    """Lines on standard output, flushed at once."""

    def __init__(self, title: str) -> None:
        now = datetime.now(UTC)
        self.line(
            f"## {title} ({now:%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()})"
        )

    def line(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)
