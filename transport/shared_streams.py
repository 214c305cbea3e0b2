"""Subscriptions that are rendered once for everybody who asks the same and may see the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import FieldNode, OperationType
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter

from access import Principal
from eventstream import EventHub
from projection import CompiledSchema, TooComplex
from projection.selection import Unsupported
from resolvers.context import RequestContext
from schema.context import SHARED
from transport.rendered import Rendered
from transport.shared_stream import SharedStream


@dataclass(frozen=True, slots=True)
class Subscription:
    """A valid document with its operation name and variables; `key` is equal for all that ask the same."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    key: tuple[str, str | None, bytes]


class SharedStreams:
    """The live streams of this process by what is asked and by permission class: nobody shares across that line."""

    def __init__(self, schema: Schema, hub: EventHub) -> None:
        self._schema = schema if isinstance(schema, CompiledSchema) else None
        self._hub = hub
        self._shared_fields = _shared_fields(schema)
        self._streams: dict[tuple[object, ...], SharedStream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def subscription(
        self, query: str | None, variables: dict[str, Any] | None, operation_name: str | None
    ) -> Subscription | None:
        """What is asked, if it is a subscription that can be shared; None leaves it, and its errors, to the schema."""
        if self._schema is None or not query:
            return None
        document = self._schema.document(query)
        operation = document.operation(operation_name) if document else None
        if operation is None or operation.node.operation is not OperationType.SUBSCRIPTION:
            return None
        roots = operation.node.selection_set.selections
        if not all(isinstance(root, FieldNode) and root.name.value in self._shared_fields for root in roots):
            return None
        try:
            self._schema.check_cost(operation, operation.variables(variables))
        except (Unsupported, TooComplex):
            return None
        written = orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)
        return Subscription(query, variables, operation_name, (query, operation_name, written))

    async def follow(self, subscription: Subscription, principal: Principal) -> AsyncGenerator[Rendered, None]:
        """Its events for someone authenticated just now: a snapshot, then the latest of what came, to the end."""
        while True:
            stream = self._stream(subscription, principal)
            seat = stream.join(principal)
            try:
                while (event := await seat.next()) is not None:
                    yield event
            finally:
                stream.leave(seat)
                self._forget_if_over(subscription, principal, stream)
            if not seat.is_cut_short:
                return

    def _stream(self, subscription: Subscription, principal: Principal) -> SharedStream:
        key = (subscription.key, principal.permission_class)
        known = self._streams.get(key)
        if known is None or known.is_over:
            known = self._streams[key] = self._open(subscription, principal)
        return known

    def _open(self, subscription: Subscription, principal: Principal) -> SharedStream:
        assert self._schema is not None
        schema = self._schema

        async def execute(context: RequestContext) -> AsyncGenerator[Any, None]:
            return await schema.stream(
                subscription.query,
                variable_values=subscription.variables,
                context_value=context,
                operation_name=subscription.operation_name,
            )

        return SharedStream(schema, self._hub, principal, execute)

    def _forget_if_over(self, subscription: Subscription, principal: Principal, stream: SharedStream) -> None:
        key = (subscription.key, principal.permission_class)
        if stream.is_over and self._streams.get(key) is stream:
            del self._streams[key]


def _shared_fields(schema: Schema) -> frozenset[str]:
    root = schema._schema.subscription_type
    return frozenset(name for name, field in (root.fields if root else {}).items() if _is_shared(field.extensions))


def _is_shared(extensions: dict[str, Any]) -> bool:
    definition = extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition is not None and SHARED.items() <= definition.metadata.items()
