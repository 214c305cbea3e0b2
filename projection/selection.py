"""What a selection set asks for once fragments are spread and `@skip`, `@include` are decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

TYPE_NAME = "__typename"


class Unsupported(Exception):
    """The fast path has no answer here: graphql-core gives it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of the response: its key, the schema's field (None for `__typename`) and every node that asks for it."""

    key: str
    name: str
    parent: GraphQLObjectType
    definition: GraphQLField | None
    nodes: tuple[FieldNode, ...]


class Selections:
    """The selection sets of one operation under fixed values of the variables in `@skip` and `@include`."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        booleans: Mapping[str, object],
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = fragments
        self._booleans = booleans

    def of(self, parent: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> list[Asked]:
        """The fields asked of an object of type `parent`, in the order of the response; raises `Unsupported`."""
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in sets:
            self._collect(parent, selection_set, grouped, visited)
        return [self._asked(parent, key, nodes) for key, nodes in grouped.items()]

    def below(self, asked: Asked, parent: GraphQLObjectType) -> list[Asked]:
        """The fields asked of the object that a field gives."""
        return self.of(parent, (node.selection_set for node in asked.nodes if node.selection_set))

    def _asked(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Asked:
        name = nodes[0].name.value
        if name == TYPE_NAME:
            return Asked(key, name, parent, None, tuple(nodes))
        definition = parent.fields.get(name)
        if definition is None:  # introspection
            raise Unsupported(name)
        return Asked(key, name, parent, definition, tuple(nodes))

    def _collect(
        self, parent: GraphQLObjectType, sets: SelectionSetNode, grouped: dict[str, list[FieldNode]], visited: set[str]
    ) -> None:
        for selection in sets.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                grouped.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                if self._fits(parent, selection):
                    self._collect(parent, selection.selection_set, grouped, visited)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                fragment = self.fragments[selection.name.value]
                if self._fits(parent, fragment):
                    visited.add(selection.name.value)
                    self._collect(parent, fragment.selection_set, grouped, visited)

    def _included(self, selection: SelectionNode) -> bool:
        included = True
        for directive in selection.directives or ():
            name = directive.name.value
            if name not in ("skip", "include"):
                raise Unsupported(f"@{name}")
            value = directive.arguments[0].value if directive.arguments else None
            if isinstance(value, BooleanValueNode):
                decided: object = value.value
            elif isinstance(value, VariableNode):
                decided = self._booleans.get(value.name.value)
            else:
                decided = None
            if not isinstance(decided, bool):
                raise Unsupported(f"@{name} without a boolean")
            included = included and decided is (name == "include")
        return included

    def _fits(self, parent: GraphQLObjectType, fragment: InlineFragmentNode | FragmentDefinitionNode) -> bool:
        condition = fragment.type_condition
        if condition is None or condition.name.value == parent.name:
            return True
        wanted = self.schema.get_type(condition.name.value)
        return wanted is not None and is_abstract_type(wanted) and self.schema.is_sub_type(wanted, parent)


def deciding_variables(sets: Iterable[SelectionSetNode]) -> tuple[str, ...]:
    """Names of the variables that stand in directives of these selection sets, at any depth, sorted."""
    found: set[str] = set()
    waiting: list[SelectionNode] = [selection for each in sets for selection in each.selections]
    while waiting:
        selection = waiting.pop()
        for directive in selection.directives or ():
            arguments = directive.arguments or ()
            found.update(each.value.name.value for each in arguments if isinstance(each.value, VariableNode))
        below = getattr(selection, "selection_set", None)
        waiting.extend(below.selections if below else ())
    return tuple(sorted(found))
