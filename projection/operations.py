"""Documents parsed and validated once, and their queries compiled once for each decision of `@skip` and `@include`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.values import VariableValues, get_variable_values

from models.database import readers
from projection.bounded_cache import BoundedCache
from projection.closures import Closures, Finish, Run, settle
from projection.declaration import FastFields
from projection.measure import Measure
from projection.plan import Projected
from projection.selection import Selections, Unsupported, deciding_variables

Compiled = TypeVar("Compiled")
_NO_VARIABLES = VariableValues({}, {})
MAX_VARIANTS = 16
"""Compiled variants of one operation: other decisions of its boolean variables push the oldest out."""


class CompiledQuery:
    """A query under fixed decisions."""

    def __init__(self, selections: Selections, fast: FastFields) -> None:
        root = selections.schema.query_type
        assert root is not None
        self._closures = Closures(selections, fast)
        self._proof_sql = fast.proof
        asked = selections.of(root, [selections.operation.selection_set])
        self._complete: Finish = self._closures.object(root, asked)
        planned = [field for field, plan in self._closures.fields if plan]
        self.is_proving = all(each.definition is None or any(each is field for field in planned) for each in asked)
        """Whether everything comes from projections, so that each part of the answer brings its proof."""

    async def run(
        self,
        variables: VariableValues,
        context: Any,
        root_value: Any,
        extensions: dict[str, Any] | None,
        proof: object = None,
    ) -> dict[str, Any]:
        """The `data` of the response; anything that is not plain success raises, and graphql-core says what it is.

        With a `proof` it raises too when a projection did not see the same; only for queries that are proving.
        """
        make_info = self._closures.make_info((context, root_value, variables.coerced, extensions))
        run = Run(len(self._closures.fields), variables, make_info, proof)
        try:
            data: dict[str, Any] = self._complete(root_value, run)
            while run.pending:
                await _settle_pending(run)
            if proof is not None and run.is_unproven:
                await self._prove(proof)
        except BaseException:
            _close(run)
            raise
        return data

    async def _prove(self, proof: object) -> None:
        """Ask on its own what a row would have brought: nothing was found, so this is read after that at the earliest."""
        row = await readers().fetch_row(f"SELECT {self._proof_sql}")
        if row is None or row[0] != proof:
            raise Unsupported("what was presumed is not so")


class CompiledEvent:
    """What a subscription under fixed decisions makes of an event, which is the value of its only field."""

    def __init__(self, selections: Selections, fast: FastFields) -> None:
        root = selections.schema.subscription_type
        assert root is not None
        (asked,) = selections.of(root, [selections.operation.selection_set])
        if asked.definition is None:
            raise Unsupported(asked.name)
        self._closures = Closures(selections, fast)
        self._key = asked.key
        self._finish = self._closures.finish(asked, asked.definition.type)

    async def run(
        self, event: Any, variables: VariableValues, context: Any, extensions: dict[str, Any] | None
    ) -> dict[str, Any]:
        """The `data` of the response; anything that is not plain success raises, and graphql-core says what it is."""
        run = Run(
            len(self._closures.fields),
            variables,
            self._closures.make_info((context, event, variables.coerced, extensions)),
        )
        data: dict[str, Any] = {}
        try:
            settle(data, self._key, event, self._finish, run)
            while run.pending:
                await _settle_pending(run)
        except BaseException:
            _close(run)
            raise
        return data


async def _settle_pending(run: Run) -> None:
    """Wait for all that is awaited together, as data loaders want it, and complete it."""
    pending, run.pending = run.pending, []
    if len(pending) == 1:
        values = [await pending[0][2]]
    else:
        # Every one is waited for, so that none runs on while graphql-core asks again.
        values = await asyncio.gather(*(awaited for _, _, awaited, _ in pending), return_exceptions=True)
    for value in values:
        if isinstance(value, BaseException):
            raise value
    for (out, key, _, finish), value in zip(pending, values, strict=True):
        out[key] = run.taken(value) if isinstance(value, Projected) else finish(value, run)


def _close(run: Run) -> None:
    for _, _, awaited, _ in run.pending:
        close = getattr(awaited, "close", None)
        if close is not None:
            close()


class Operation:
    """One operation of a valid document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        measure: Measure,
    ) -> None:
        self.node = node
        self.measure = measure
        self.is_query = node.operation is OperationType.QUERY
        self._schema = schema
        self._fragments = fragments
        self._deciding: tuple[str, ...] | None = None
        self._variants: BoundedCache[tuple[object, ...], Any] = BoundedCache(MAX_VARIANTS)

    def variables(self, given: dict[str, Any] | None) -> VariableValues:
        """The coerced variables; raises `Unsupported` when they are refused."""
        if not self.node.variable_definitions:
            return _NO_VARIABLES
        values = get_variable_values(self._schema, self.node.variable_definitions or (), given or {})
        if isinstance(values, list):
            raise Unsupported("variables are refused")
        return values

    def compiled(self, variables: VariableValues, fast: FastFields) -> CompiledQuery:
        """The query compiled for these variables; raises `Unsupported`, which is remembered too."""
        return self._compiled(CompiledQuery, variables, fast)

    def event(self, variables: VariableValues, fast: FastFields) -> CompiledEvent:
        """The same of a subscription."""
        return self._compiled(CompiledEvent, variables, fast)

    def _compiled(
        self, kind: Callable[[Selections, FastFields], Compiled], values: VariableValues, fast: FastFields
    ) -> Compiled:
        if self._deciding is None:
            sets = [self.node.selection_set, *(fragment.selection_set for fragment in self._fragments.values())]
            self._deciding = deciding_variables(sets)
        decisions = tuple(values.coerced.get(name) for name in self._deciding)
        if not all(isinstance(decision, bool) or decision is None for decision in decisions):
            raise Unsupported("a directive with a variable that is no boolean")
        found = self._variants.get(decisions)
        if found is None:
            booleans = dict(zip(self._deciding, decisions, strict=True))
            try:
                found = kind(Selections(self._schema, self.node, self._fragments, booleans), fast)
            except (Unsupported, RecursionError) as error:
                found = Unsupported(str(error))
            self._variants.put(decisions, found)
        if isinstance(found, Unsupported):
            raise Unsupported(str(found))
        return found


class Document:
    """A valid document and its operations."""

    def __init__(self, schema: GraphQLSchema, node: DocumentNode, measures: dict[int, Measure]) -> None:
        """`measures` of its operations by the `id` of their nodes."""
        self.node = node
        fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
        self._operations = [
            Operation(schema, each, fragments, measures[id(each)])
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        ]
        self._by_name = {each.node.name.value: each for each in self._operations if each.node.name}

    def operation(self, name: str | None) -> Operation | None:
        """The operation of that name, or the only one; None when that does not tell one."""
        if name is not None:
            return self._by_name.get(name)
        return self._operations[0] if len(self._operations) == 1 else None
