"""How many objects an operation may visit: a sum of products of page sizes, of which variables decide some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLField, IntValueNode, VariableNode

PAGED_BY = ("first", "last")
"""Arguments that say how many rows a page has."""


@dataclass(frozen=True, slots=True)
class PageSizes:
    """`usual` when nobody says how many rows, `most` because more are refused by whoever reads them."""

    usual: int = 50
    most: int = 500
    unpaged: int = 10
    """Taken for a list that has no pages and does not say how long it gets."""


@dataclass(frozen=True, slots=True)
class Page:
    """How many rows a field gives; each of `asked` is a number or the name of a variable."""

    asked: tuple[int | str, ...]
    sizes: PageSizes

    def rows(self, variables: Mapping[str, Any]) -> int:
        """The number under these variables."""
        found = [variables.get(each) if isinstance(each, str) else each for each in self.asked]
        given = [each for each in found if isinstance(each, int)]
        return min(max(0, *given), self.sizes.most) if given else self.sizes.usual


Rows: TypeAlias = "int | Page"


def page_of(definition: GraphQLField, node: FieldNode, sizes: PageSizes) -> Rows | None:
    """How many rows the arguments of a field ask for; None when it has no pages."""
    if not any(name in definition.args for name in PAGED_BY):
        return None
    asked: list[int | str] = []
    for argument in node.arguments or ():
        if argument.name.value in PAGED_BY:
            if isinstance(argument.value, VariableNode):
                asked.append(argument.value.name.value)
            elif isinstance(argument.value, IntValueNode) and len(argument.value.value) < 10:
                asked.append(int(argument.value.value))
            elif isinstance(argument.value, IntValueNode):
                asked.append(sizes.most)
    page = Page(tuple(asked), sizes)
    return page if any(isinstance(each, str) for each in asked) else page.rows({})


class Cost:
    """A number, and terms that wait for variables. Parts may be shared, so that the whole stays as small as its text."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0) -> None:
        self.constant = constant
        self.terms: list[tuple[Rows, Cost]] = []

    def add(self, other: Cost, times: Rows = 1) -> None:
        """Add another cost so many times."""
        if isinstance(times, int) and not other.terms:
            self.constant += other.constant * times
        elif times != 0:
            self.terms.append((times, other))

    def value(self, variables: Mapping[str, Any]) -> int:
        """The number under the coerced variables of a request."""
        return self._value(variables, {}) if self.terms else self.constant

    def _value(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        found = known.get(id(self))
        if found is None:
            found = self.constant
            for times, other in self.terms:
                rows = times if isinstance(times, int) else times.rows(variables)
                found += rows * (other._value(variables, known) if other.terms else other.constant)
            known[id(self)] = found
        return found
