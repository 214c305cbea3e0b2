"""Calling a resolver without Strawberry's way to it, where that way would change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField

from projection.field_info import FieldInfo

if TYPE_CHECKING:
    import strawberry

Convert: TypeAlias = Callable[[Any, FieldInfo], Any]
"""From a coerced value to what the resolver is given: an input object, an enum of ours, a list of them."""

Call: TypeAlias = Callable[[Any, FieldInfo, Mapping[str, Any]], Any]
"""From source, what the resolver is told, and its arguments by their Python names."""

_AS_THEY_ARE = (str, int, float, bool)


def strawberry_field(definition: GraphQLField) -> StrawberryField | None:
    """The Strawberry field that a field of the schema was made of."""
    found = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return found if isinstance(found, StrawberryField) else None


def direct_call(
    definition: GraphQLField, schema: strawberry.Schema
) -> tuple[Call, dict[str, tuple[str, Convert | None]]] | None:
    """The resolver itself, and for each argument its Python name and what makes its value; None where that is not all.

    That is: an extension or a permission, the parent by name.
    """
    field = strawberry_field(definition)
    resolver = field.base_resolver if field else None
    if field is None or resolver is None or field.extensions or field.permission_classes:
        return None
    if resolver.parent_parameter or resolver.root_parameter or not callable(resolver.wrapped_func):
        return None
    names = {
        name: (argument.python_name, _convert(name, argument, field, schema))
        for name, argument in zip(definition.args, field.arguments, strict=True)
    }
    return _call(field, resolver), names


def _convert(
    name: str, argument: StrawberryArgument, field: StrawberryField, schema: strawberry.Schema
) -> Convert | None:
    """How Strawberry makes the argument's value; None where it is the coerced value itself."""
    kind: Any = argument.type
    plain = kind.of_type if type(kind) is StrawberryOptional else kind
    plain = getattr(plain, "__supertype__", plain)  # what a NewType is made of
    if isinstance(plain, type) and issubclass(plain, _AS_THEY_ARE):
        return None
    registry, config = schema.schema_converter.scalar_registry, schema.config
    is_optional = type(kind) is StrawberryOptional

    def convert(value: Any, info: FieldInfo) -> Any:
        if value is None and is_optional:
            return None
        return convert_argument(value, kind, registry, config, info.of(field), path=(name,))

    return convert


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
