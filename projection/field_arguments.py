"""Arguments of a field: worked out once when they are literals, looked up among the variables when they are those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLString,
    VariableNode,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import ast

from projection.selection import Unsupported

Arguments: TypeAlias = Callable[[VariableValues], dict[str, Any]]
_ABSENT = object()


def compile_arguments(definition: GraphQLField, node: FieldNode) -> Arguments | None:
    """A function that gives the arguments under the variables of a request; None when the field takes none."""
    if not definition.args and not node.arguments:
        return None
    given = {argument.name.value: argument for argument in node.arguments or ()}
    if not any(_mentions_variable(argument) for argument in given.values()):
        try:
            fixed = get_argument_values(definition, node)
        except GraphQLError as error:
            raise Unsupported("an argument is refused") from error
        return lambda variables: fixed
    if all(isinstance(argument.value, VariableNode) or not _mentions_variable(argument) for argument in given.values()):
        return _looked_up(definition, node, given)
    return lambda variables: get_argument_values(definition, node, variables)


def _looked_up(definition: GraphQLField, node: FieldNode, given: dict[str, ArgumentNode]) -> Arguments:
    """For arguments that are each a literal or a variable as a whole."""
    fixed: dict[str, Any] = {}
    variables: list[tuple[str, str, object, bool]] = []
    for name, argument in definition.args.items():
        out_name = argument.out_name or name
        value = given[name].value if name in given else None
        if isinstance(value, VariableNode):
            default = {} if is_required_argument(argument) else _value_of(argument, name, node, ())
            variables.append(
                (out_name, value.name.value, default.get(out_name, _ABSENT), is_non_null_type(argument.type))
            )
        else:
            fixed |= _value_of(argument, name, node, (given[name],) if name in given else ())

    def arguments(values: VariableValues) -> dict[str, Any]:
        found = fixed.copy()
        for out_name, variable, default, required in variables:
            value = values.coerced.get(variable, default)
            if value is None and required:
                raise Unsupported("an argument is refused")
            if value is not _ABSENT:
                found[out_name] = value
            elif required:
                raise Unsupported("an argument is missing")
        return found

    return arguments


def _value_of(argument: GraphQLArgument, name: str, node: FieldNode, given: tuple[ArgumentNode, ...]) -> dict[str, Any]:
    """The argument on its own, from its literal or its default; empty when it has neither."""
    alone = FieldNode(name=node.name, arguments=given, directives=(), loc=node.loc)
    return get_argument_values(GraphQLField(GraphQLString, args={name: argument}), alone)


def _mentions_variable(argument: ArgumentNode) -> bool:
    waiting: list[Any] = [argument.value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, VariableNode):
            return True
        if isinstance(value, ast.ListValueNode):
            waiting.extend(value.values)
        elif isinstance(value, ast.ObjectValueNode):
            waiting.extend(field.value for field in value.fields)
    return False
