"""A Strawberry schema that answers queries by compiled operations, and by graphql-core whatever those leave to it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse, specified_rules
from graphql.execution.values import VariableValues
from graphql.validation import validate
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from models.deadlines import Deadlines
from projection.bounded_cache import BoundedCache
from projection.complexity import Limits, TooComplex, check_cost, measured
from projection.declaration import FastFields
from projection.events import EventExecutor
from projection.operations import CompiledQuery, Document, Operation
from projection.selection import Unsupported

MAX_DOCUMENTS = 256 * 1024
"""Characters of all remembered documents together. A tree takes a few hundred times its text."""

MAX_DOCUMENT = 16 * 1024
"""Characters of a document that is worth remembering."""

MAX_ERRORS = 5
"""Validation tells so many errors of a document and stops."""

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
Result = TypeVar("Result")


class OutOfTime(Exception):
    """An operation took longer than any may; what it was waiting for was cancelled."""


class _Refused:
    """A document that may not run: its errors, and its tree if it has one."""

    def __init__(self, node: DocumentNode | None, errors: list[GraphQLError]) -> None:
        self.node = node
        self.errors = errors


def _unchain(node: DocumentNode) -> None:
    """Cut the links by which tokens know the one before: without such circles a tree is gone as soon as nobody holds it.

    Otherwise refused documents wait for the garbage collector, which then stops every request for a tenth of a second.
    """
    token = node.loc.start_token if node.loc else None
    while token is not None:
        token.prev = None
        token = token.next


class CompiledSchema(strawberry.Schema):
    """`execute` is Strawberry's own; `execute_fast` gives the same answer sooner, as data for orjson alone.

    Its data may hold `orjson.Fragment` and `datetime`; write it with `orjson.OPT_UTC_Z`. Resolvers find out with
    `plan_of(info)` whether they can answer with a projection. Whatever way an operation comes, `limits` hold for its
    document, and `seconds` for its execution. Events of subscriptions are completed by compiled functions.
    """

    def __init__(
        self,
        *args: Any,
        fast: FastFields | None = None,
        limits: Limits | None = None,
        seconds: float = 15.0,
        **options: Any,
    ) -> None:
        options.setdefault("execution_context_class", EventExecutor)
        super().__init__(*args, **options)
        self.fast = fast or FastFields()
        self.limits = limits or Limits()
        self._deadlines = Deadlines(seconds)
        self._compiles = not (self.extensions or self.directives or self.exception_handlers)
        self._documents: BoundedCache[str, Document] = BoundedCache(MAX_DOCUMENTS)
        self._just_refused: tuple[str, _Refused] | None = None

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
                compiled, variables = self._compiled(operation, variable_values)
                data = await self.run(compiled, variables, context_value, root_value, operation_extensions)
                return ExecutionResult(data=data, errors=None)
            except OutOfTime as error:
                errors = [GraphQLError(str(error), original_error=error)]
                self.process_errors(errors)
                return ExecutionResult(data=None, errors=errors)
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
            return self._compiled(operation, variable_values)
        except (Unsupported, TooComplex):
            return None

    def known_subscription(self, node: OperationDefinitionNode) -> Operation | None:
        """The operation of a remembered document that is being executed; None leaves it to graphql-core."""
        document = self._documents.get(node.loc.source.body) if node.loc and self._compiles else None
        operation = document.operation(node.name.value if node.name else None) if document else None
        return operation if operation is not None and operation.node is node else None

    async def run(
        self,
        compiled: CompiledQuery,
        variables: VariableValues,
        context: Any,
        root_value: Any,
        extensions: dict[str, Any] | None,
        proof: object = None,
    ) -> dict[str, Any]:
        """`CompiledQuery.run` within the time that every operation has; raises `OutOfTime`."""
        return await self._in_time(compiled.run(variables, context, root_value, extensions, proof))

    def document(self, query: str) -> Document | None:
        """The document of a text, parsed, measured and validated once; None when it may not run."""
        known = self._documents.get(query)
        if known is None and len(query) <= MAX_DOCUMENT and not self._is_just_refused(query):
            prepared = self._prepared(query)
            if isinstance(prepared, _Refused):
                self._just_refused = (query, prepared)
                return None
            known = prepared
            self._documents.put(query, known, len(query))
        return known

    def _is_just_refused(self, query: str) -> bool:
        """Whether it is the very text that was refused last, so that one request looks at it once."""
        return self._just_refused is not None and self._just_refused[0] is query

    def check_cost(self, operation: Operation, variables: VariableValues) -> None:
        """Raise `TooComplex` when these variables make the operation visit too much."""
        if operation.measure.cost.terms:
            check_cost(operation.measure, variables.coerced, self.limits)

    def _compiled(
        self, operation: Operation, variable_values: dict[str, Any] | None
    ) -> tuple[CompiledQuery, VariableValues]:
        variables = operation.variables(variable_values)
        self.check_cost(operation, variables)
        return operation.compiled(variables, self.fast), variables

    def lets_through(self, query: str, operation_name: str | None, context: Any) -> bool:
        """Whether a compiled query may run for whoever asks. If not, `execute` says why; here everything may."""
        return True

    def _operation(self, query: str | None, name: str | None) -> Operation | None:
        document = self.document(query) if query else None
        return document.operation(name) if document else None

    def _prepared(self, query: str) -> Document | _Refused:
        node = None
        try:
            node = parse(query)
            _unchain(node)
            measures = measured(self._schema, node, self.limits)
            errors = validate(self._schema, node, _RULES, max_errors=MAX_ERRORS, hide_suggestions=True)
        except GraphQLError as error:
            errors = [error]
        except TooComplex as error:
            errors = [error.as_graphql()]
        except RecursionError:
            errors = [TooComplex("depth", self.limits.depth).as_graphql()]
        if errors:
            return _Refused(node, errors[:MAX_ERRORS])
        assert node is not None
        return Document(self._schema, node, measures)

    def _create_execution_context(
        self, query: str | None, allowed_operation_types: Iterable[OperationType], *args: Any, **options: Any
    ) -> ExecutionContext:
        """Strawberry's, with everything that comes before the execution done already."""
        context = super()._create_execution_context(query, allowed_operation_types, *args, **options)
        if not query:
            return context
        refused = self._just_refused[1] if self._just_refused and self._is_just_refused(query) else None
        prepared = self._documents.get(query) or refused or self._prepared(query)
        context.graphql_document = prepared.node
        if isinstance(prepared, _Refused):
            # Without a tree Strawberry parses the text again, and says the same of it.
            context.pre_execution_errors = prepared.errors if prepared.node else None
            return context
        context.validation_rules = ()
        operation = prepared.operation(context.operation_name)
        if operation is not None and operation.measure.cost.terms:
            context.pre_execution_errors = self._too_costly(operation, context.variables)
        return context

    def _too_costly(self, operation: Operation, given: dict[str, Any] | None) -> list[GraphQLError] | None:
        try:
            self.check_cost(operation, operation.variables(given))
        except TooComplex as error:
            return [error.as_graphql()]
        except Unsupported:  # variables that are refused: graphql-core says why
            return None
        return None

    async def _execute_operation(self, *args: Any, **options: Any) -> Any:
        return await self._in_time(super()._execute_operation(*args, **options))

    async def _in_time(self, work: Awaitable[Result]) -> Result:
        limit = self._deadlines.limit()
        try:
            with limit:
                return await work
        except TimeoutError as error:
            if limit.expired:
                raise OutOfTime from error
            raise
