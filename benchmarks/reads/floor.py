"""The floor: the same answers by hand, bare ASGI over asyncpg, without GraphQL, authentication, permissions or gates.

Groups and profiles are read once and never again. Run by uvicorn with `DATABASE_URL` and `COMPANY_ID` set.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from models.database import connection_arguments

_COMPANY = int(os.environ["COMPANY_ID"])
_COLUMNS = (
    "s.id, s.iccid, s.imsi, s.msisdn, s.name, s.lock_mask <> 0, s.msu_count, s.balance::text, s.currency, s.created_at,"
    " s.profile_id, (SELECT array_agg(m.group_id) FROM sim_group_member m WHERE m.sim_id = s.id)::text,"
    " CASE WHEN s.lock_mask <> 0 THEN ARRAY(SELECT ROW(r.kind, r.since) FROM sim_lock_reason r WHERE r.sim_id = s.id"
    " ORDER BY r.since, r.id) END"
)
_PAGE = f"SELECT {_COLUMNS} FROM sim s WHERE s.company_id = $1 ORDER BY s.created_at DESC, s.id DESC LIMIT $2"
_AFTER = (
    f"SELECT {_COLUMNS} FROM sim s WHERE s.company_id = $1 AND (s.created_at, s.id) < ($3, $4)"
    " ORDER BY s.created_at DESC, s.id DESC LIMIT $2"
)
_COUNTED = (
    f"SELECT {_COLUMNS}, (SELECT sum(change)::bigint FROM sim_count_change WHERE company_id = $1)"
    " FROM sim s WHERE s.company_id = $1 ORDER BY s.created_at DESC, s.id DESC LIMIT $2"
)
_SEARCH = f"""WITH found AS MATERIALIZED (
  SELECT id, created_at FROM sim WHERE company_id = $1 AND search_text LIKE $2)
SELECT {_COLUMNS}, (SELECT count(*) FROM found) FROM sim s
WHERE s.id IN (SELECT id FROM found ORDER BY created_at DESC, id DESC LIMIT 151) ORDER BY s.created_at DESC, s.id DESC"""
_NARROW = "SELECT iccid, name, profile_id FROM sim WHERE company_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
_FRAGMENTS = (
    "SELECT iccid, msisdn, company_id, name, observed_status, observed_at, updated_at FROM sim WHERE company_id = $1"
    " ORDER BY created_at DESC, id DESC LIMIT $2"
)
_ONE = f"SELECT {_COLUMNS} FROM sim s WHERE s.company_id = $1 AND s.iccid = $2"


class Floor:
    """The application; what it needs is opened at the start."""

    pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> asyncpg.Pool[asyncpg.Record]:
        async def no_reset(connection: Any) -> None:
            return None

        arguments = connection_arguments(os.environ["DATABASE_URL"])
        pool = await asyncpg.create_pool(**arguments, max_size=10, reset=no_reset, server_settings={"jit": "off"})
        profiles = await pool.fetch("SELECT id, code, title, apn FROM profile")
        self.codes = {row["id"]: orjson.Fragment(orjson.dumps({"code": row["code"]})) for row in profiles}
        companies = await pool.fetch("SELECT id, name FROM company")
        self.companies = {row["id"]: orjson.Fragment(orjson.dumps({"name": row["name"]})) for row in companies}
        groups = await pool.fetch("SELECT id, name FROM sim_group ORDER BY lower(name), id")
        self.profiles = {
            row["id"]: orjson.Fragment(orjson.dumps({**row, "id": _id("Profile", row["id"])})) for row in profiles
        }
        self.group_rows = {row["id"]: {"id": _id("SimGroup", row["id"]), "name": row["name"]} for row in groups}
        self.places = {row["id"]: at for at, row in enumerate(groups)}
        self.groups: dict[str | None, orjson.Fragment] = {None: orjson.Fragment(b"[]")}
        return pool

    def groups_of(self, key: str | None) -> orjson.Fragment:
        found = self.groups.get(key)
        if found is None:
            assert key is not None
            ids = sorted((int(row_id) for row_id in key[1:-1].split(",")), key=self.places.__getitem__)
            found = self.groups[key] = orjson.Fragment(orjson.dumps([self.group_rows[row_id] for row_id in ids]))
        return found

    def row(self, r: Any) -> dict[str, Any]:
        return {
            "id": base64.b64encode(b"Sim:%d" % r[0]).decode(),
            "iccid": r[1],
            "imsi": r[2],
            "msisdn": r[3],
            "name": r[4],
            "isLocked": r[5],
            "msuCount": r[6],
            "balance": r[7],
            "currency": r[8],
            "createdAt": r[9],
            "profile": self.profiles[r[10]],
            "groups": self.groups_of(r[11]),
            "locks": [{"kind": kind, "since": since} for kind, since in r[12] or ()],
        }

    async def page(self, pool: asyncpg.Pool[asyncpg.Record], variables: dict[str, Any]) -> Any:
        first = variables["first"]
        if after := variables.get("after"):
            _, moment, row_id = orjson.loads(base64.urlsafe_b64decode(after))
            rows = await pool.fetch(_AFTER, _COMPANY, first + 1, datetime.fromisoformat(moment), row_id)
        else:
            rows = await pool.fetch(_PAGE, _COMPANY, first + 1)
        edges = [{"cursor": _cursor(r), "node": self.row(r)} for r in rows[:first]]
        return {"sims": {"edges": edges, "pageInfo": _page_info(rows, first)}}

    async def counted(self, pool: asyncpg.Pool[asyncpg.Record], variables: dict[str, Any]) -> Any:
        rows = await pool.fetch(_COUNTED, _COMPANY, variables["first"] + 1)
        return {"sims": self.with_total(rows, variables["first"])}

    async def search(self, pool: asyncpg.Pool[asyncpg.Record], variables: dict[str, Any]) -> Any:
        rows = await pool.fetch(_SEARCH, _COMPANY, f"%{variables['text']}%")
        return {"sims": self.with_total(rows, 150)}

    def with_total(self, rows: list[asyncpg.Record], first: int) -> Any:
        edges = [{"node": self.row(r)} for r in rows[:first]]
        return {"totalCount": rows[0][13] if rows else 0, "edges": edges, "pageInfo": _page_info(rows, first)}

    async def one(self, pool: asyncpg.Pool[asyncpg.Record], variables: dict[str, Any]) -> Any:
        found = await pool.fetchrow(_ONE, _COMPANY, variables["iccid"])
        return {"sim": None if found is None else self.row(found)}

    async def narrow(self, pool: asyncpg.Pool[asyncpg.Record], variables: dict[str, Any]) -> Any:
        rows = await pool.fetch(_NARROW, _COMPANY, 50)
        return {"sims": {"nodes": [{"iccid": r[0], "name": r[1], "profile": self.codes[r[2]]} for r in rows]}}

    async def fragments(self, pool: asyncpg.Pool[asyncpg.Record], variables: dict[str, Any]) -> Any:
        rows = await pool.fetch(_FRAGMENTS, _COMPANY, 100)
        nodes = [
            {
                "key": r[0],
                "number": r[1],
                "company": self.companies[r[2]],
                "label": r[3],
                "observed": {"status": r[4], "asOf": r[5]},
                "updatedAt": r[6],
            }
            for r in rows
        ]
        return {"sims": {"nodes": nodes}}

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        message = await receive()
        if scope["type"] == "lifespan":
            self.pool = await self.open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        request = orjson.loads(message["body"])
        assert self.pool is not None
        handle = {
            "Page": self.page,
            "Counted": self.counted,
            "Search": self.search,
            "One": self.one,
            "Narrow": self.narrow,
            "Fragments": self.fragments,
        }
        name = request["query"][6:].split("(", 1)[0].split("{", 1)[0].strip()
        data = await handle[name](self.pool, request.get("variables") or {})
        body = orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _id(type_name: str, row_id: int) -> str:
    return base64.b64encode(f"{type_name}:{row_id}".encode()).decode()


def _cursor(r: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(["CREATED_AT:DESC", r[9].isoformat(), r[0]])).decode()


def _page_info(rows: list[asyncpg.Record], first: int) -> Any:
    return {"hasNextPage": len(rows) > first, "endCursor": _cursor(rows[min(first, len(rows)) - 1]) if rows else None}


app = Floor()
