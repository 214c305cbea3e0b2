"""Two filled companies, and asking the schema as the door does."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from access import Principal
from eventstream import EventHub
from models.database import transaction
from models.tenancy import as_system
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from services.execution.hints import open_hints
from services.files.download_links import DownloadLinks, use_download_links
from services.files.file_store import open_file_store, use_file_store
from settings import Settings
from tests.graphql.conftest import drivers_of_the_shipped_file
from tests.tenancy.seed import Side, seed

__all__ = ["drivers_of_the_shipped_file"]

EVENT_SECONDS = 0.3
"""How long the first event of a subscription is waited for."""


class _TakeItBack(Exception):
    pass


@dataclass(frozen=True, slots=True)
class TwoSides:
    """The company that asks, and the other."""

    own: Side
    other: Side
    hub: EventHub

    async def ask(self, principal: Principal, document: str, variables: dict[str, Any]) -> str:
        """The answer as JSON. What a mutation did is taken back."""
        context = RequestContext(principal=principal, hub=self.hub)
        if document.startswith("subscription"):
            return await self._first_event(document, variables, context)
        if not document.startswith("mutation"):
            return _written(await build_schema().execute_fast(document, variables, context))
        answer = ""
        try:
            with as_system():
                async with transaction():
                    answer = _written(await build_schema().execute(document, variables, context))
                    raise _TakeItBack
        except _TakeItBack:
            return answer

    async def _first_event(self, document: str, variables: dict[str, Any], context: RequestContext) -> str:
        async with aclosing(await build_schema().stream(document, variables, context)) as events:
            try:
                async with asyncio.timeout(EVENT_SECONDS):
                    return _written(await anext(events))
            except (TimeoutError, StopAsyncIteration) as silence:
                return type(silence).__name__


def _written(result: Any) -> str:
    errors = sorted((error.formatted for error in result.errors or ()), key=str)
    assert "INTERNAL_ERROR" not in str(errors), errors
    return orjson.dumps({"data": result.data, "errors": errors}, option=orjson.OPT_UTC_Z).decode()


@pytest.fixture
async def two(database: str, hub: EventHub, redis_url: str, tmp_path: Path) -> TwoSides:
    """Both companies, and nothing else."""
    open_hints(f"{redis_url}/1")
    use_file_store(open_file_store(Settings(file_store=str(tmp_path))))
    use_download_links(DownloadLinks("http://files.example", "x" * 40))
    logging.getLogger("novaconnect.graphql").setLevel(logging.ERROR)
    own, other = await seed(database)
    return TwoSides(own, other, hub)
