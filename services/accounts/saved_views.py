"""A user's own views of the SIM table: which columns, which filter, in which order (the guide's choice of columns)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from access import Principal
from domain.clock import clock
from domain.contact_data import one_line
from domain.errors import InvalidValue, NotFound
from models.database import fetch, fetch_row, fetch_value
from services.accounts.sessions import company_of
from services.audit.record import record
from services.unit_of_work import unit_of_work

MOST_VIEWS, MOST_COLUMNS, LONGEST_FILTER = 100, 60, 20_000
"""Views of a user, columns of a view, and characters of its filter as JSON."""

_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,59}")
_COLUMNS = "id, name, columns, sim_filter, order_by, created_at, updated_at"
_SAVE = f"""
INSERT INTO saved_view AS v (user_id, name, columns, sim_filter, order_by, created_at, updated_at)
VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $6)
ON CONFLICT (user_id, lower(name COLLATE pg_c_utf8)) DO UPDATE SET
  name = excluded.name, columns = excluded.columns, sim_filter = excluded.sim_filter, order_by = excluded.order_by,
  updated_at = excluded.updated_at
RETURNING {_COLUMNS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view; filter and order as GraphQL inputs of `sims`."""

    id: int
    name: str
    columns: tuple[str, ...]
    filter: Mapping[str, object] | None
    order_by: Mapping[str, object] | None
    created_at: datetime
    updated_at: datetime


async def list_views(principal: Principal) -> Sequence[ViewRow]:
    """The principal's views, by name."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM saved_view WHERE user_id = $1 ORDER BY lower(name COLLATE pg_c_utf8), id",  # noqa: S608
        principal.user_id,
    )
    return [_row(row) for row in rows]


async def save_view(
    principal: Principal,
    name: str,
    columns: Sequence[str],
    sim_filter: Mapping[str, object] | None,
    order_by: Mapping[str, object] | None,
) -> ViewRow:
    """Save a view; one of the same name (whatever its case) is replaced. `InvalidValue`."""
    plain = one_line(name, 60, "The name of a view", "input", "name")
    stored = None if sim_filter is None else orjson.dumps(sim_filter).decode()
    if not 1 <= len(columns) <= MOST_COLUMNS or len(set(columns)) < len(columns):
        raise InvalidValue(f"A view has 1 to {MOST_COLUMNS} columns, each once.", path=("input", "columns"))
    if not all(_COLUMN.fullmatch(column) for column in columns):
        raise InvalidValue("A column is the name of a field of a SIM.", path=("input", "columns"))
    if stored is not None and len(stored) > LONGEST_FILTER:
        raise InvalidValue("This filter is too long to be kept: leave the pasted table out.", path=("input", "filter"))
    async with unit_of_work():
        await fetch("SELECT id FROM user_account WHERE id = $1 FOR UPDATE", principal.user_id)
        others = await fetch_value(
            "SELECT count(*) FROM saved_view WHERE user_id = $1 AND lower(name COLLATE pg_c_utf8)"
            " <> lower($2::text COLLATE pg_c_utf8)",
            principal.user_id,
            plain,
        )
        if others >= MOST_VIEWS:
            raise InvalidValue(f"You have {MOST_VIEWS} views: delete one first.", path=("input", "name"))
        order = None if order_by is None else orjson.dumps(order_by).decode()
        row = await fetch_row(_SAVE, principal.user_id, plain, list(columns), stored, order, clock.now())
        assert row is not None
        await record(
            principal, "view.saved", f"view:{row['id']}", company_id=company_of(principal), after={"name": plain}
        )
    return _row(row)


async def delete_view(principal: Principal, view_id: int) -> ViewRow:
    """Delete one of the principal's views and return it as it was; `NotFound`."""
    async with unit_of_work():
        row = await fetch_row(
            f"DELETE FROM saved_view WHERE id = $1 AND user_id = $2 RETURNING {_COLUMNS}",  # noqa: S608
            view_id,
            principal.user_id,
        )
        if row is None:
            raise NotFound("There is no such view: use the id of one of yours.", path=("id",))
        await record(
            principal, "view.deleted", f"view:{view_id}", company_id=company_of(principal), before={"name": row["name"]}
        )
    return _row(row)


def _row(row: asyncpg.Record) -> ViewRow:
    filters, order = row["sim_filter"], row["order_by"]
    return ViewRow(
        row["id"],
        row["name"],
        tuple(row["columns"]),
        orjson.loads(filters) if filters is not None else None,
        orjson.loads(order) if order is not None else None,
        row["created_at"],
        row["updated_at"],
    )
