"""What the transport reads from results, and how it speaks of errors that not even the schema has expected.

The schema gives every error of a result its code and masks what it does not know (`resolvers.error_policy`).
"""

from __future__ import annotations

import logging
import secrets
from typing import Protocol

from graphql import GraphQLError, GraphQLFormattedError

from schema.enums import ErrorCode

_log = logging.getLogger("novaconnect.transport")


class Result(Protocol):
    """The result of an operation, or one event of a subscription."""

    data: dict[str, object] | None
    errors: list[GraphQLError] | None


def is_request_error(result: Result) -> bool:
    """Whether nothing was executed: the document or the variables were refused. Errors of execution have a path, save one."""
    errors = result.errors or ()
    return (
        result.data is None and bool(errors) and all(error.path is None and not _timed_out(error) for error in errors)
    )


def _timed_out(error: GraphQLError) -> bool:
    return (error.extensions or {}).get("code") == ErrorCode.TIMED_OUT.value


def says_unauthenticated(result: Result) -> bool:
    """Whether the execution found that the token is no longer good."""
    codes = ((error.extensions or {}).get("code") for error in result.errors or ())
    return ErrorCode.UNAUTHENTICATED.value in codes


def log_unexpected(error: BaseException, where: str) -> str:
    """Log an error that nobody expected, once, and give the id under which it is found."""
    error_id = secrets.token_hex(8)
    _log.error("unexpected error %s in %s", error_id, where, exc_info=error)
    return error_id


def masked(error_id: str) -> GraphQLFormattedError:
    """What a client is told of it."""
    return {
        "message": f"Something broke on our side. Try again; if it stays, tell support the error id {error_id}.",
        "extensions": {"code": ErrorCode.INTERNAL_ERROR.value, "errorId": error_id},
    }
