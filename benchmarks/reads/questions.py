"""Every question in the words of every server, and the bytes in which it is put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from benchmarks.reads import postgraphile_queries, queries
from benchmarks.reads.contenders import Contender
from benchmarks.reads.load import request_bytes
from benchmarks.world import SEARCH
from models.database import connection_arguments
from services.fleet.list_sims import NEWEST_FIRST

ICCID = "8937" + "500".rjust(15, "0")
OURS, FLOOR = "NovaConnect", "floor"
"""The two servers between which the details are compared."""

FAR = "page at row 90,000"
ONE_AT_A_TIME = ("page", FAR, "one SIM")
"""What is asked at one connection too."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The bodies of requests by question: `ours` for servers of our schema, `theirs` for PostGraphile."""

    ours: dict[str, dict[str, Any]]
    theirs: dict[str, dict[str, Any]]
    token: str

    def body(self, server: Contender, name: str) -> dict[str, Any] | None:
        """What this server is asked; None when it is not asked that."""
        if name == FAR and server.name not in (OURS, FLOOR):
            return None
        return (self.theirs if server.postgraphile else self.ours).get(name)

    def request(self, server: Contender, name: str) -> bytes | None:
        """The same as it goes over the wire."""
        body = self.body(server, name)
        token = self.token if server.token else None
        return None if body is None else request_bytes("/graphql", "127.0.0.1", orjson.dumps(body), token)


async def questions(url: str, company_id: int, token: str) -> Questions:
    """All of them, for the data of this database; makes the function that PostGraphile searches with."""
    owner = await asyncpg.connect(**connection_arguments(url))
    try:
        await owner.execute(postgraphile_queries.SEARCH_FUNCTION)
        place = await owner.fetch(
            "SELECT created_at, id FROM sim WHERE company_id = $1 ORDER BY created_at DESC, id DESC"
            " OFFSET (SELECT count(*) * 9 / 10 FROM sim WHERE company_id = $1) LIMIT 1",
            company_id,
        )
    finally:
        await owner.close()
    ours = queries.bodies(ICCID, SEARCH)
    far = {"query": queries.PAGE, "variables": {"first": 150, "after": NEWEST_FIRST.cursor(*place[0])}}
    return Questions(ours | {FAR: far}, postgraphile_queries.bodies(company_id, ICCID, SEARCH), token)
