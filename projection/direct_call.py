"""Calling a resolver without Strawberry's way to it, where that way would change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField

from projection.field_info import FieldInfo

Call: TypeAlias = Callable[[Any, FieldInfo, Mapping[str, Any]], Any]
"""From source, what the resolver is told, and its arguments by their Python names."""

_AS_THEY_ARE = (str, int, float, bool)


def strawberry_field(definition: GraphQLField) -> StrawberryField | None:
    """The Strawberry field that a field of the schema was made of."""
    found = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return found if isinstance(found, StrawberryField) else None


def direct_call(definition: GraphQLField) -> tuple[Call, dict[str, str]] | None:
    """The resolver itself, and the Python names of its arguments; None where Strawberry has something to do.

    That is: an extension or a permission, an argument that is an input object, an enum or a list, the parent by name.
    """
    field = strawberry_field(definition)
    resolver = field.base_resolver if field else None
    if field is None or resolver is None or field.extensions or field.permission_classes:
        return None
    if resolver.parent_parameter or resolver.root_parameter or not callable(resolver.wrapped_func):
        return None
    names = {}
    for name, argument in zip(definition.args, field.arguments, strict=True):
        kind: Any = argument.type
        kind = kind.of_type if type(kind) is StrawberryOptional else kind
        kind = getattr(kind, "__supertype__", kind)  # what a NewType is made of
        if not (isinstance(kind, type) and issubclass(kind, _AS_THEY_ARE)):
            return None
        names[name] = argument.python_name
    return _call(field, resolver), names


def _call(field: StrawberryField, resolver: Any) -> Call:
    function, told = resolver.wrapped_func, resolver.info_parameter
    if told is None:
        if resolver.self_parameter:
            return lambda source, info, given: function(source, **given)
        return lambda source, info, given: function(**given)
    name = told.name
    if resolver.self_parameter:
        return lambda source, info, given: function(source, **{name: info.of(field)}, **given)
    return lambda source, info, given: function(**{name: info.of(field)}, **given)
