"""Random documents over a schema: fields, aliases, fragments, `@skip` and `@include`, to any depth that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

BY_THE_CLOCK = {("Operation", "eta")}
"""Fields that are another a moment later."""

BOOLEANS = ("yes", "no", "perhaps")


@dataclass
class Writer:
    """One document in the making; `arguments` are texts to choose from, by type and field."""

    schema: GraphQLSchema
    draw: st.DrawFn
    arguments: Mapping[tuple[str, str], st.SearchStrategy[str]]
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def selection(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        """A selection set in braces."""
        parts = [self._part(parent, depth) for _ in range(self.draw(st.integers(1, 5)))]
        return "{ " + " ".join(parts) + " }"

    def _part(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        kind = self.draw(st.sampled_from(["field"] * 8 + ["inline", "spread", "typename"]))
        if kind == "typename":
            return self._alias() + "__typename" + self._directives()
        if kind == "field" or depth <= 0:
            return self._field(parent, depth)
        condition = self.draw(st.sampled_from(self._conditions(parent)))
        inner = self.selection(self._type(condition or parent.name), depth - 1)
        if kind == "inline":
            return f"...{f' on {condition}' if condition else ''}{self._directives()} {inner}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {condition or parent.name} {inner}")
        spread = f"...{name}{self._directives()}"
        return spread + (f" ...{name}" if self.draw(st.booleans()) else "")

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        names = [name for name, each in parent.fields.items() if self._can_ask(parent.name, name, each, depth)]
        name = self.draw(st.sampled_from(sorted(names))) if names else "__typename"
        if name == "__typename":
            return name
        return self.field(parent.name, name, parent.fields[name], depth)

    def _can_ask(self, parent: str, name: str, definition: GraphQLField, depth: int) -> bool:
        if (parent, name) in BY_THE_CLOCK or (depth <= 0 and not is_leaf_type(get_named_type(definition.type))):
            return False
        given = (parent, name) in self.arguments
        return given or not any(is_required_argument(each) for each in definition.args.values())

    def field(self, parent: str, name: str, definition: GraphQLField, depth: int) -> str:
        """A field with its arguments, directives and selection set."""
        given = ""
        if definition.args:
            choice = self.arguments.get((parent, name))
            given = self.draw(choice) if choice is not None else ""
        # Two fields of one name merge only when their arguments are equal.
        alias = self._alias(always=bool(definition.args))
        below = get_named_type(definition.type)
        inner = "" if is_leaf_type(below) else " " + self.selection(self._type(below.name), depth - 1)
        return f"{alias}{name}{given}{self._directives()}{inner}"

    def _alias(self, *, always: bool = False) -> str:
        if not always and self.draw(st.integers(0, 4)):
            return ""
        self.aliases += 1
        return f"a{self.aliases}: "

    def _directives(self) -> str:
        if self.draw(st.integers(0, 3)):
            return ""
        value = self.draw(st.sampled_from([*(f"${name}" for name in BOOLEANS), "true", "false"]))
        return self.draw(st.sampled_from([f" @skip(if: {value})", f" @include(if: {value})"]))

    def _conditions(self, parent: GraphQLObjectType | GraphQLInterfaceType) -> list[str | None]:
        if isinstance(parent, GraphQLInterfaceType):
            return [None, parent.name, *(each.name for each in self.schema.get_possible_types(parent))]
        return [None, parent.name, *(each.name for each in parent.interfaces)]

    def _type(self, name: str) -> Any:
        return self.schema.get_type(name)


@st.composite
def documents(
    draw: st.DrawFn,
    schema: GraphQLSchema,
    roots: list[str],
    arguments: Mapping[tuple[str, str], st.SearchStrategy[str]],
    depth: int = 4,
) -> tuple[str, dict[str, bool]]:
    """A valid query over some root fields, and values for its boolean variables."""
    writer = Writer(schema, draw, arguments)
    query = schema.query_type
    assert query is not None
    chosen = draw(st.lists(st.sampled_from(roots), min_size=1, max_size=2))
    fields = [writer.field("Query", name, query.fields[name], depth) for name in chosen]
    # Names of variables that nothing uses are refused, so each is used once where it changes nothing.
    used = " ".join(f"u{at}: __typename @include(if: ${name})" for at, name in enumerate(BOOLEANS))
    head = "query Random($yes: Boolean!, $no: Boolean! = false, $perhaps: Boolean = true)"
    text = f"{head} {{ {' '.join(fields)} {used} }} {' '.join(writer.fragments)}"
    values = {"yes": draw(st.booleans())}
    for name in ("no", "perhaps"):
        if draw(st.booleans()):
            values[name] = draw(st.booleans())
    return text, values
