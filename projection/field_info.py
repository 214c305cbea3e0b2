"""What a resolver is told about its field, made once a field and request instead of once a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from graphql import FieldNode
from strawberry.execution import optimized_is_awaitable

from projection.selection import Asked, Selections, Unsupported

if TYPE_CHECKING:
    import strawberry
    from strawberry.types.field import StrawberryField

    from projection.plan import Plan


RequestValues: TypeAlias = tuple[Any, Any, dict[str, Any], dict[str, Any] | None]
"""Context, root value, coerced variables, extensions."""


class FieldInfo:
    """graphql-core's `GraphQLResolveInfo` for one field of one request, with the field's projection if it has one."""

    __slots__ = (
        "context",
        "field_name",
        "field_nodes",
        "fragments",
        "info",
        "operation",
        "operation_extensions",
        "parent_type",
        "plan",
        "return_type",
        "root_value",
        "schema",
        "variable_values",
    )

    abort_signal = None
    async_helpers = None
    is_awaitable = staticmethod(optimized_is_awaitable)

    def __init__(self, asked: Asked, plan: Plan | None, selections: Selections, values: RequestValues) -> None:
        assert asked.definition is not None
        self.field_name = asked.name
        self.field_nodes: list[FieldNode] = list(asked.nodes)
        self.return_type = asked.definition.type
        self.parent_type = asked.parent
        self.schema = selections.schema
        self.operation = selections.operation
        self.fragments = selections.fragments
        self.plan = plan
        self.info: strawberry.Info[Any, Any] | None = None
        self.context, self.root_value, self.variable_values, self.operation_extensions = values

    def of(self, field: StrawberryField) -> strawberry.Info[Any, Any]:
        """The same as Strawberry puts it to resolvers; made once."""
        if self.info is None:
            info_class = self.schema._strawberry_schema.config.info_class  # type: ignore[attr-defined]
            self.info = info_class(_raw_info=self, _field=field)
        return self.info

    @property
    def path(self) -> Any:
        """Not known here: a resolver that looks at it is run by graphql-core."""
        raise Unsupported("path")


def plan_of(info: strawberry.Info[Any, Any]) -> Plan | None:
    """How the field can answer with a projection of what is asked; None when it has to answer with objects."""
    return getattr(info._raw_info, "plan", None)
