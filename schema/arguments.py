"""Arguments that many fields share, described once."""

from __future__ import annotations

from typing import Annotated

import strawberry

First = Annotated[
    int | None,
    strawberry.argument(description="At most so many rows from the beginning, 0 to 500; 50 unless `last` is given."),
]
After = Annotated[str | None, strawberry.argument(description="Only rows after the one with this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="At most so many rows from the end, 0 to 500.")]
Before = Annotated[str | None, strawberry.argument(description="Only rows before the one with this cursor.")]
