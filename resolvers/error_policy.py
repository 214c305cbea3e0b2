"""What of an error leaves the house: refusals as they are, anything unexpected only as an error id."""

from __future__ import annotations

import logging
import re
import secrets
import traceback
from collections.abc import Iterable
from typing import Any

import asyncpg
from graphql import GraphQLError
from graphql.language import ValueNode, VariableDefinitionNode
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from domain.errors import DomainError
from domain.scopes import ALL_SCOPES, Scope
from projection import BoundedCache, OutOfTime, TooComplex
from projection.compiled_schema import MAX_DOCUMENTS
from resolvers.context import RequestContext
from resolvers.named_operation import OnlyOperation
from resolvers.scope_check import needs_of, rule_for
from resolvers.tenant_schema import TenantSchema
from schema.enums import ErrorCode

_log = logging.getLogger("novaconnect.graphql")
_REFUSALS_OF_THE_LIBRARY = (
    GraphQLError,
    MissingQueryError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
    RecursionError,  # nothing but a query nested out of reason leads to one before a resolver runs
)
OUT_OF_TIME = (OutOfTime, asyncpg.QueryCanceledError)
"""The limit of an operation, and that of PostgreSQL for a single statement, which stands a second behind it."""

TOOK_TOO_LONG = (
    "This took too long and was stopped. Ask for less at once. A mutation may have happened: send it again with the same"
    " idempotency key, or look before you repeat it."
)
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


class NovaSchema(TenantSchema):
    """A schema whose errors all have a `code`, that never guesses which operation is meant, and that minds scopes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._scopes: BoundedCache[tuple[str, str | None], frozenset[Scope]] = BoundedCache(MAX_DOCUMENTS)

    def _create_execution_context(
        self, query: str | None, allowed_operation_types: Iterable[OperationType], *arguments: Any, **options: Any
    ) -> ExecutionContext:
        context = super()._create_execution_context(query, allowed_operation_types, *arguments, **options)
        name = options.get("operation_name")
        if name is None:
            context.validation_rules = (*context.validation_rules, OnlyOperation)
        asking = options.get("context_value")
        if isinstance(asking, RequestContext) and asking.principal.scopes != ALL_SCOPES:
            context.validation_rules = (*context.validation_rules, rule_for(asking.principal, name))
        return context

    def lets_through(self, query: str, operation_name: str | None, context: Any) -> bool:
        """Whether whoever asks has every scope that the operation needs; for a document that is known."""
        if not isinstance(context, RequestContext) or context.principal.scopes == ALL_SCOPES:
            return True
        needed = self._scopes.get((query, operation_name))
        if needed is None:
            document = self.document(query)
            if document is None:
                return False
            needed = frozenset(each.scope for each in needs_of(self._schema, document.node, operation_name))
            self._scopes.put((query, operation_name), needed, len(query))
        return needed <= context.principal.scopes

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Give each error its code in place; what is unexpected is logged once and masked."""
        for error in errors:
            extensions = dict(error.extensions or {})
            if "code" in extensions:
                continue
            if isinstance(error.original_error, DomainError):
                extensions |= {"code": str(error.original_error.code), "input": list(error.original_error.path)}
            elif isinstance(error.original_error, TooComplex):
                extensions |= {"code": ErrorCode.QUERY_TOO_COMPLEX.value, "allowed": error.original_error.allowed}
            elif isinstance(error.original_error, OUT_OF_TIME):
                error.message = TOOK_TOO_LONG
                extensions["code"] = ErrorCode.TIMED_OUT.value
            elif _is_about_the_request(error):
                # Suggestions would tell the schema to those who may not read it.
                error.message = _SUGGESTION.sub("", error.message)
                extensions["code"] = _request_code(error)
            else:
                _mask(error, extensions)
            error.extensions = extensions


def _is_about_the_request(error: GraphQLError) -> bool:
    """Whether the request was refused before any resolver ran: later errors have a path."""
    if error.path is not None:
        return False
    return error.original_error is None or isinstance(error.original_error, _REFUSALS_OF_THE_LIBRARY)


def _request_code(error: GraphQLError) -> str:
    about_value = isinstance(error, StrawberryInputCoercionError) or any(
        isinstance(node, ValueNode | VariableDefinitionNode) for node in error.nodes or ()
    )
    return ErrorCode.INVALID_VALUE.value if about_value else ErrorCode.INVALID_REQUEST.value


def _mask(error: GraphQLError, extensions: dict[str, object]) -> None:
    cause = error.original_error or error
    error_id = secrets.token_hex(8)
    # Neither the message nor the values: a database error quotes the row it is about. Nor the lines of the source.
    frames = "\n".join(f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(cause.__traceback__))
    place = ".".join(str(step) for step in error.path or ())
    _log.error("unexpected error %s: %s at %s\n%s", error_id, type(cause).__name__, place, frames)
    error.message = f"Something broke on our side. Try again; if it stays, tell support the error id {error_id}."
    extensions |= {"code": ErrorCode.INTERNAL_ERROR.value, "errorId": error_id}
