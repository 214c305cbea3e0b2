"""Asking a schema both ways."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import GraphQLError

from projection import CompiledSchema


def _error(error: GraphQLError) -> dict[str, Any]:
    return dict(error.formatted)


async def both(
    schema: CompiledSchema,
    query: str,
    variables: dict[str, Any] | None = None,
    context: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the fast way and plain graphql-core answer, as JSON."""
    answers = []
    for execute in (schema.execute_fast, schema.execute):
        result = await execute(
            query, variables, context if context is not None else {"shop": "north"}, operation_name=name
        )
        errors = sorted((_error(error) for error in result.errors or ()), key=str)
        answers.append(orjson.dumps({"data": result.data, "errors": errors}, option=orjson.OPT_UTC_Z))
    return orjson.loads(answers[0]), orjson.loads(answers[1])


async def same(
    schema: CompiledSchema, query: str, variables: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """The answer, which is the same both ways, the order of its keys included."""
    fast, plain = await both(schema, query, variables, **more)
    assert orjson.dumps(fast) == orjson.dumps(plain)
    return fast
