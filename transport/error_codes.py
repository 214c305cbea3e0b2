"""The last look at GraphQL errors before they leave: each has a code, and what nobody expected is masked."""

from __future__ import annotations

import logging
import secrets
from typing import Protocol

from graphql import GraphQLError, GraphQLSyntaxError
from graphql.language import ValueNode, VariableDefinitionNode, VariableNode
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from domain.errors import DomainError, RefusalCode
from transport.refusals import TransportCode

_log = logging.getLogger("novaconnect.transport")

_REQUEST_ERRORS = (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)


class _Result(Protocol):
    data: dict[str, object] | None
    errors: list[GraphQLError] | None


def finish_errors(result: _Result) -> None:
    """Complete the errors of a result in place; codes that the schema has set stay."""
    if result.errors:
        result.errors = [_finished(error) for error in result.errors]


def is_request_error(result: _Result) -> bool:
    """Whether nothing was executed: the document or the variables were refused. Errors of execution have a path."""
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def says_unauthenticated(result: _Result) -> bool:
    """Whether the execution found that the token is no longer good."""
    return any((error.extensions or {}).get("code") == RefusalCode.UNAUTHENTICATED for error in result.errors or ())


def log_unexpected(error: BaseException, where: str) -> str:
    """Log an error that nobody expected, once, and give the id under which it is found."""
    error_id = secrets.token_hex(8)
    _log.error("unexpected error %s in %s", error_id, where, exc_info=error)
    return error_id


def masked(error_id: str) -> dict[str, object]:
    """What a client is told of it."""
    return {
        "message": f"Something went wrong on our side: try again, or tell support the error id {error_id}.",
        "extensions": {"code": TransportCode.INTERNAL_ERROR.value, "errorId": error_id},
    }


def _finished(error: GraphQLError) -> GraphQLError:
    if "code" in (error.extensions or {}):
        return error
    original = _root(error)
    if isinstance(original, DomainError):
        return _with_code(error, str(original.code))
    if isinstance(error, GraphQLSyntaxError):
        return _with_code(error, TransportCode.INVALID_SYNTAX)
    if error.path is None and isinstance(original, RecursionError):
        return _with_code(GraphQLError("The query is too complex: ask for less at once."), TransportCode.INVALID_QUERY)
    # A scalar may refuse a value with any exception; such an error points into the document and was no accident.
    refused_input = error.path is None and (error.nodes is not None or isinstance(original, _REQUEST_ERRORS))
    if original is None or refused_input:
        return _with_code(error, _request_error_code(error)) if error.path is None else error
    mask = masked(log_unexpected(original, "an operation"))
    return GraphQLError(str(mask["message"]), nodes=error.nodes, path=error.path, extensions=mask["extensions"])  # type: ignore[arg-type]


def _request_error_code(error: GraphQLError) -> str:
    """Whether a value was refused, in the document or in a variable, or the document itself."""
    if not error.nodes:  # raised by a scalar itself; GraphQL's own errors point into the document
        return (
            TransportCode.INVALID_QUERY
            if isinstance(error.original_error, _REQUEST_ERRORS)
            else RefusalCode.INVALID_VALUE
        )
    node = error.nodes[0]
    literal = isinstance(node, ValueNode) and not isinstance(node, VariableNode)
    variable = isinstance(node, VariableDefinitionNode) and " has invalid value: " in error.message
    return RefusalCode.INVALID_VALUE if literal or variable else TransportCode.INVALID_QUERY


def _root(error: GraphQLError) -> BaseException | None:
    """What was raised at first, beneath GraphQL's own wrappers; None for an error that GraphQL itself made."""
    original: BaseException | None = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    return original


def _with_code(error: GraphQLError, code: str) -> GraphQLError:
    error.extensions = {**(error.extensions or {}), "code": str(code)}
    return error
