"""One event of a live stream as text, written once however many get it."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from graphql import GraphQLFormattedError
from strawberry.http import process_result
from strawberry.types.execution import ExecutionResult, PreExecutionError

from transport.results import is_request_error, says_unauthenticated


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is the payload of a message over a WebSocket, `streamed` that of an event stream.

    With `refused` nothing ran: these are the errors. `ends_access` when it says that the token is no longer good.
    """

    text: str
    streamed: str
    refused: list[GraphQLFormattedError] | None = None
    ends_access: bool = False


def render(result: ExecutionResult | PreExecutionError) -> Rendered:
    """The result written as both transports write it."""
    payload = process_result(result)
    text = streamed = _write(payload)
    if is_request_error(result):
        streamed = _write({key: value for key, value in payload.items() if key != "data"})
    refused = [error.formatted for error in result.errors or ()] if isinstance(result, PreExecutionError) else None
    return Rendered(text, streamed, refused, says_unauthenticated(result))


def _write(payload: object) -> str:
    return orjson.dumps(payload, option=orjson.OPT_UTC_Z).decode()
