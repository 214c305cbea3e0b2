"""Objects of which only a few columns were read: enough for the resolvers of fields beside a projection."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


def bare(kind: type[Any], *names: str) -> Callable[..., Any]:
    """A function from values to an object of a GraphQL type whose `row` has nothing but these, under these names."""

    def make(*values: object) -> Any:
        made = object.__new__(kind)
        made.row = SimpleNamespace(**dict(zip(names, values, strict=True)))
        return made

    return make
