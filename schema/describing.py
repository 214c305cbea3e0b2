"""Making an enum of the domain part of the schema."""

from __future__ import annotations

from enum import Enum

import strawberry


def describe(enum: type[Enum], description: str, values: dict[str, str], name: str | None = None) -> None:
    """Make an enum part of the schema; `values` says what each member means."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values.pop(value.name)
    if values:
        raise ValueError(f"{enum.__name__} has no {', '.join(values)}")
