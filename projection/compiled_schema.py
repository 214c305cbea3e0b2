"""A Strawberry schema that answers queries by compiled operations, and by graphql-core whatever those leave to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import strawberry
from graphql import GraphQLError, parse, specified_rules
from graphql.execution.values import VariableValues
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from projection.bounded_cache import BoundedCache
from projection.declaration import FastFields
from projection.operations import CompiledQuery, Document, Operation
from projection.selection import Unsupported

MAX_DOCUMENTS = 256 * 1024
"""Characters of all remembered documents together. A tree takes a few hundred times its text."""

MAX_DOCUMENT = 16 * 1024
"""Characters of a document that is worth remembering."""


class CompiledSchema(strawberry.Schema):
    """`execute` is Strawberry's own; `execute_fast` gives the same answer sooner, as data for orjson alone.

    Its data may hold `orjson.Fragment` and `datetime`; write it with `orjson.OPT_UTC_Z`. Resolvers find out with
    `plan_of(info)` whether they can answer with a projection.
    """

    def __init__(self, *args: Any, fast: FastFields | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fast = fast or FastFields()
        self._compiles = not (self.extensions or self.directives or self.exception_handlers)
        self._documents: BoundedCache[str, Document] = BoundedCache(MAX_DOCUMENTS)

    async def execute_fast(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Run an operation. Whatever a compiled query cannot answer plainly is asked again of graphql-core.

        Only queries are compiled, so nothing that changes anything ever runs twice.
        """
        operation = self._operation(query, operation_name)
        allowed = allowed_operation_types is None or OperationType.QUERY in allowed_operation_types
        if (
            query is not None
            and operation is not None
            and operation.is_query
            and allowed
            and self._compiles
            and self.lets_through(query, operation_name, context_value)
        ):
            try:
                variables = operation.variables(variable_values)
                compiled = operation.compiled(variables, self.fast)
                data = await compiled.run(variables, context_value, root_value, operation_extensions)
                return ExecutionResult(data=data, errors=None)
            except Exception:  # noqa: S110 - graphql-core says what it is, with its path
                pass
        return await self.execute(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
        )

    def known_query(
        self, query: str, variable_values: dict[str, Any] | None, operation_name: str | None
    ) -> tuple[CompiledQuery, VariableValues] | None:
        """What a document that was executed before compiles to, if it is a query; None for anything out of the ordinary."""
        document = self._documents.get(query)
        operation = document.operation(operation_name) if document else None
        if operation is None or not operation.is_query or not self._compiles:
            return None
        try:
            variables = operation.variables(variable_values)
            return operation.compiled(variables, self.fast), variables
        except Unsupported:
            return None

    def lets_through(self, query: str, operation_name: str | None, context: Any) -> bool:
        """Whether a compiled query may run for whoever asks. If not, `execute` says why; here everything may."""
        return True

    def _operation(self, query: str | None, name: str | None) -> Operation | None:
        document = self.document(query) if query else None
        return document.operation(name) if document else None

    def document(self, query: str) -> Document | None:
        """The document of a text, parsed and validated once; None when it is not valid."""
        known = self._documents.get(query)
        if known is None and len(query) <= MAX_DOCUMENT:
            try:
                node = parse(query)
                if validate_document(self._schema, node, tuple(specified_rules)):
                    return None
            except (GraphQLError, RecursionError):
                return None
            known = Document(self._schema, node)
            self._documents.put(query, known, len(query))
        return known

    def _create_execution_context(
        self, query: str | None, allowed_operation_types: Iterable[OperationType], *args: Any, **options: Any
    ) -> ExecutionContext:
        """Strawberry's, with a document that is known to be valid already in it."""
        context = super()._create_execution_context(query, allowed_operation_types, *args, **options)
        known = self._documents.get(query) if query else None
        if known is not None:
            context.graphql_document = known.node
            context.validation_rules = ()
        return context
