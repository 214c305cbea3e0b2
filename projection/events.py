"""Events of a subscription completed by compiled functions, and by graphql-core whenever those have no plain answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, OperationType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

if TYPE_CHECKING:
    from projection.compiled_schema import CompiledSchema
    from projection.operations import Operation


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, which subscribes as ever and is copied for every event."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._known: Operation | None = None
        if self.operation.operation is OperationType.SUBSCRIPTION:
            self._known = self._schema().known_subscription(self.operation)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The response to one event, as an awaitable where compiled functions give it; else graphql-core's own."""
        return super().execute_operation(serially) if self._known is None else self._event(self._known, serially)

    async def _event(self, known: Operation, serially: bool | None) -> Any:
        try:
            compiled = known.event(self.variable_values, self._schema().fast)
            data = await compiled.run(
                self.root_value, self.variable_values, self.context_value, self.operation_extensions
            )
        except Exception:  # graphql-core says what it is, with its path
            result = super().execute_operation(serially)
            return await result if self.is_awaitable(result) else result
        return ExecutionResult(data, None)

    def _schema(self) -> CompiledSchema:
        found: CompiledSchema = self.schema._strawberry_schema  # type: ignore[attr-defined]
        return found
