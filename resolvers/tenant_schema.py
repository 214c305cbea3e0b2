"""The schema as a door: whatever it runs, it runs for the companies of the one who asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from typing import Any

from strawberry.types import ExecutionResult

from models.tenancy import acting_for, each_acting_for
from projection import CompiledSchema
from schema.context import RequestContext


class TenantSchema(CompiledSchema):
    """Each way of running an operation sets for whom; a context without a principal acts for no company."""

    async def execute(
        self, query: str | None, variable_values: Any = None, context_value: Any = None, *arguments: Any, **options: Any
    ) -> ExecutionResult:
        """One result."""
        with acting_for(_companies_of(context_value)):
            return await super().execute(query, variable_values, context_value, *arguments, **options)

    async def execute_fast(
        self, query: str | None, variable_values: Any = None, context_value: Any = None, *arguments: Any, **options: Any
    ) -> ExecutionResult:
        """One result, by a compiled query where that is possible."""
        with acting_for(_companies_of(context_value)):
            return await super().execute_fast(query, variable_values, context_value, *arguments, **options)

    async def stream(
        self, query: str | None, variable_values: Any = None, context_value: Any = None, *arguments: Any, **options: Any
    ) -> AsyncGenerator[Any, None]:
        """Several; whoever asks for the next one may do so in any task."""
        results = await super().stream(query, variable_values, context_value, *arguments, **options)
        return each_acting_for(_companies_of(context_value), results)


def _companies_of(context: object) -> Collection[int] | None:
    return context.principal.company_ids if isinstance(context, RequestContext) else ()
