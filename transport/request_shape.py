"""From bytes to an operation: what is not a GraphQL request is refused here, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from strawberry.http import GraphQLRequestData

from transport.documents import Documents
from transport.limits import LONG_STRING_KEYS, MAX_STRING
from transport.query_gate import check_document, is_longer
from transport.refusals import bad_request, too_large


def read_request(body: bytes, documents: Documents) -> GraphQLRequestData:
    """The operation in a JSON body; raises `RequestRefused`. JSON deeper than 1,024 levels is refused by the parser."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request("The body is not valid JSON in UTF-8: send an object with a `query`.") from error
    if isinstance(data, list):
        raise bad_request("Batches are not accepted: send one operation a request.")
    if not isinstance(data, dict):
        raise bad_request("The body must be a JSON object with a `query`.")
    return read_operation(data, documents)


def read_parameters(parameters: Mapping[str, str | None], documents: Documents) -> GraphQLRequestData:
    """The operation in a query string, where variables and extensions are JSON; raises `RequestRefused`."""
    data: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        text = data.pop(name, None)
        try:
            data[name] = orjson.loads(text) if text else None
        except orjson.JSONDecodeError as error:
            raise bad_request(f"`{name}` is not valid JSON.") from error
    return read_operation(data, documents)


def read_operation(data: dict[str, Any], documents: Documents) -> GraphQLRequestData:
    """The operation in a JSON object, checked in its shape and sizes; raises `RequestRefused`."""
    documents.complete(data)
    query, variables = data.get("query"), data.get("variables")
    operation_name, extensions = data.get("operationName"), data.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise bad_request("`query` must be a string with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise bad_request("`variables` must be an object.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise bad_request("`operationName` must be a string.")
    if extensions is not None and not isinstance(extensions, dict):
        raise bad_request("`extensions` must be an object.")
    check_document(query)
    _check_strings(variables)
    # An empty name means none, as some clients send it.
    return GraphQLRequestData(query, variables, operation_name or None, extensions)


def _check_strings(variables: object) -> None:
    """Look at every string of the variables, at any depth, without recursion."""
    waiting: list[tuple[str | None, object]] = [(None, variables)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((None, item) for item in value)
        elif isinstance(value, str):
            if key not in LONG_STRING_KEYS and is_longer(value, MAX_STRING):
                raise too_large(
                    f"A string in the variables is over {MAX_STRING // 1024} KB; only `csv` and `content` may be longer."
                )
            # PostgreSQL has no way to store it.
            if "\x00" in value:
                raise bad_request("A string in the variables holds a NUL character: remove it.")
