"""Events of a subscription are completed as graphql-core does it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from graphql.execution import Executor

from projection import CompiledSchema, operations
from projection.events import EventExecutor


async def followed(schema: CompiledSchema, query: str, variables: dict[str, Any]) -> list[bytes]:
    """All that the subscription tells, as JSON."""
    schema.document(query)  # as the transport does, to see whether it can be shared
    told = []
    async for result in await schema.stream(query, variables, {"shop": "north"}):
        errors = sorted((dict(error.formatted) for error in result.errors or ()), key=str)
        told.append(orjson.dumps({"data": result.data, "errors": errors}, option=orjson.OPT_UTC_Z))
    return told


HAPPENINGS = """subscription($breaking: Int, $full: Boolean = true) { it: happenings(breaking: $breaking) {
  __typename number order { ...O @include(if: $full) id related(first: 1) { totalCount nodes { placedAt } } } } }
fragment O on Order { note state placedAt money { total } seller { name } labels { name } lines { item wantedAt }
  numbered { item } }"""


@pytest.mark.parametrize(
    ("query", "variables", "compiled"),
    [
        (HAPPENINGS, {}, 3),
        (HAPPENINGS, {"full": False}, 3),
        (HAPPENINGS, {"breaking": 2}, 2),
        (HAPPENINGS, {"breaking": -1}, 3),
        (HAPPENINGS, {"breaking": "x"}, 0),
        ("subscription { happenings { nothing } }", {}, 0),
        ("subscription { happenings { number order { noteOrError breaks } } }", {}, 2),
    ],
)
async def test_events_are_equal(
    schema: CompiledSchema,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    variables: dict[str, Any],
    compiled: int,
) -> None:
    done = []
    run = operations.CompiledEvent.run

    async def counted(*arguments: Any) -> Any:
        data = await run(*arguments)
        done.append(data)
        return data

    monkeypatch.setattr(operations.CompiledEvent, "run", counted)
    # What came of it is asked of graphql-core too, after the count.
    fast = await followed(schema, query, variables)
    count = len(done)
    monkeypatch.setattr(EventExecutor, "execute_operation", Executor.execute_operation)

    assert fast == await followed(schema, query, variables)
    assert count == compiled
