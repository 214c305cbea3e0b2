"""The schema as a door: whatever it runs, it runs for the companies of the one who asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from strawberry.types import ExecutionResult

from models.tenancy import EVERY_COMPANY, NO_COMPANY, each_in_scope, in_scope
from projection import CompiledSchema
from projection.operations import CompiledQuery
from schema.auth import AuthContext
from schema.context import RequestContext


class TenantSchema(CompiledSchema):
    """Each way of running an operation sets for whom; a context without a principal acts for no company."""

    async def execute(
        self, query: str | None, variable_values: Any = None, context_value: Any = None, *arguments: Any, **options: Any
    ) -> ExecutionResult:
        """One result."""
        with in_scope(_scope_of(context_value)):
            return await super().execute(query, variable_values, context_value, *arguments, **options)

    async def run(self, compiled: CompiledQuery, variables: Any, context: Any, *arguments: Any) -> dict[str, Any]:
        """The data of a compiled query."""
        with in_scope(_scope_of(context)):
            return await super().run(compiled, variables, context, *arguments)

    async def stream(
        self, query: str | None, variable_values: Any = None, context_value: Any = None, *arguments: Any, **options: Any
    ) -> AsyncGenerator[Any, None]:
        """Several; whoever asks for the next one may do so in any task."""
        results = await super().stream(query, variable_values, context_value, *arguments, **options)
        return each_in_scope(_scope_of(context_value), results)


def _scope_of(context: object) -> str:
    if isinstance(context, RequestContext):
        return context.principal.scope
    # Who logs in, registers or follows a link is looked for among all; those services give away nothing else.
    return EVERY_COMPANY if isinstance(context, AuthContext) else NO_COMPANY
