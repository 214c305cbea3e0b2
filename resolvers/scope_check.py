"""Whether the one who asks has the scopes that an operation needs; nothing of it runs if not."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
    get_named_type,
)

from access import Principal
from domain.errors import RefusalCode
from domain.scopes import Scope
from resolvers.scope_policy import needed_for, of_type


@dataclass(frozen=True, slots=True)
class Need:
    """A scope and the field that first needs it."""

    scope: Scope
    field: FieldNode | InlineFragmentNode | FragmentSpreadNode


def needs_of(schema: GraphQLSchema, document: DocumentNode, name: str | None) -> tuple[Need, ...]:
    """Every scope that an operation needs, in one pass over what it selects; each fragment is looked at once."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    found: dict[Scope, Need] = {}
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        if name is not None and (operation.name is None or operation.name.value != name):
            continue
        root = schema.get_root_type(operation.operation)
        _walk(schema, operation.selection_set, root, fragments, found)
    return tuple(found.values())


def _walk(
    schema: GraphQLSchema,
    selections: SelectionSetNode,
    root: GraphQLNamedType | None,
    fragments: dict[str, FragmentDefinitionNode],
    found: dict[Scope, Need],
) -> None:
    seen: set[str] = set()
    waiting: list[tuple[SelectionSetNode, GraphQLNamedType | None]] = [(selections, root)]
    while waiting:
        chosen, parent = waiting.pop()
        for node in chosen.selections:
            below, selected, needed = _step(schema, node, parent, fragments, seen)
            for scope in needed:
                found.setdefault(scope, Need(scope, node))  # type: ignore[arg-type]
            if selected is not None:
                waiting.append((selected, below))


def _step(
    schema: GraphQLSchema,
    node: object,
    parent: GraphQLNamedType | None,
    fragments: dict[str, FragmentDefinitionNode],
    seen: set[str],
) -> tuple[GraphQLNamedType | None, SelectionSetNode | None, frozenset[Scope]]:
    """The type below a selection, what is selected of it, and the scopes that this step needs."""
    if isinstance(node, FieldNode):
        field = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            field = parent.fields.get(node.name.value)
        if field is None or parent is None:
            return None, None, frozenset()
        returned = get_named_type(field.type)
        return returned, node.selection_set, needed_for(parent.name, node.name.value, returned.name)
    if isinstance(node, FragmentSpreadNode):
        fragment = fragments.get(node.name.value)
        if fragment is None or node.name.value in seen:
            return None, None, frozenset()
        seen.add(node.name.value)
        below = schema.get_type(fragment.type_condition.name.value)
        return below, fragment.selection_set, of_type(below.name if below else "")
    assert isinstance(node, InlineFragmentNode)
    below = schema.get_type(node.type_condition.name.value) if node.type_condition else parent
    return below, node.selection_set, of_type(below.name if below and node.type_condition else "")


def refusal_of(need: Need) -> GraphQLError:
    """Why an operation is not run."""
    return GraphQLError(
        f"This token lacks the scope `{need.scope.value}`: use one that has it, or make a new one with it.",
        need.field,
        extensions={"code": RefusalCode.FORBIDDEN.value},
    )


def rule_for(principal: Principal, operation_name: str | None) -> type[ValidationRule]:
    """A rule that refuses an operation for which the credential has not every scope."""

    class HasScopes(ValidationRule):
        def enter_document(self, node: DocumentNode, *_: object) -> None:
            schema = self.context.schema
            for need in needs_of(schema, node, operation_name):
                if not principal.may(need.scope):
                    self.report_error(refusal_of(need))

    return HasScopes
