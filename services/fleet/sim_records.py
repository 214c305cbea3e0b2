"""SIMs as records of asked columns only: the same rows, places and refusals as `list_sims` and `get_sim`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import asyncpg

from access import Principal, limit_to_visible
from domain.sim_filter import SimFilter
from models.database import readers
from models.where import Where
from services.fleet.list_sims import count_sims, is_kept
from services.fleet.sim_filter import apply_filter
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which SIMs; `columns` are SQL over `s` and stand first in the records, each where `positions` says."""

    sim_filter: SimFilter
    request: PageRequest
    order: ListOrder
    columns: str
    positions: Mapping[str, int]


async def list_sim_records(principal: Principal, asked: Asked) -> Page[asyncpg.Record]:
    """One page of the visible SIMs that the filter names."""
    where = await _filtered(principal, asked)
    return await _page(where, asked, asked.columns)


async def list_and_count_sim_records(principal: Principal, asked: Asked) -> tuple[Page[asyncpg.Record], int]:
    """The same with how many there are in all, in one statement where that is possible."""
    where = await _filtered(principal, asked)
    if is_kept(principal, asked.sim_filter):
        kept = Where(*where.arguments)
        limit_to_visible(principal, kept, "k")
        where.arguments[:] = kept.arguments
        total = f"(SELECT sum(k.change)::bigint FROM sim_count_change k WHERE {kept.sql}) AS total"  # noqa: S608
        page = await _page(where, asked, f"{asked.columns}, {total}")
    elif asked.order.nullable:
        page = await _page(where, asked, asked.columns)
        return page, await count_sims(principal, asked.sim_filter)
    else:
        page = await _found_page(where, asked)
    if page.rows:
        return page, int(page.rows[0]["total"])
    return page, await count_sims(principal, asked.sim_filter)


async def _filtered(principal: Principal, asked: Asked) -> Where:
    asked.request.size()  # a bad size is refused before anything is looked up
    where = Where()
    await apply_filter(principal, asked.sim_filter, where)
    return where


async def _page(where: Where, asked: Asked, columns: str) -> Page[asyncpg.Record]:
    # Most often the ordered value is asked for anyway; a moment takes longer to decode than anything else of a row.
    value_at = asked.positions.get(asked.order.expression or "", "order_value")
    selected = asked.order.selected if value_at == "order_value" else f"{asked.order.id_column} AS order_id"
    return await keyset_page(
        lambda conditions, tail: f"SELECT {columns}, {selected} FROM sim s WHERE {conditions} {tail}",  # noqa: S608
        where,
        asked.order,
        asked.request,
        _as_it_is,
        readers().fetch,
        value_at,
    )


async def _found_page(where: Where, asked: Asked) -> Page[asyncpg.Record]:
    """What the filter names is found once; the page is cut from it and its rows are counted."""
    found = (
        f"WITH found AS MATERIALIZED (SELECT s.id, {asked.order.expression or 'NULL'} AS place"  # noqa: S608
        f" FROM sim s WHERE {where.sql})"
    )
    order = replace(asked.order, expression=asked.order.expression and "f.place", id_column="f.id")

    def build(conditions: str, tail: str) -> str:
        ordered = tail.split(" LIMIT ")[0].replace("f.", "p.")
        return (
            f"{found} SELECT {asked.columns}, (SELECT count(*) FROM found) AS total, p.place AS order_value,"  # noqa: S608
            f" p.id AS order_id FROM (SELECT f.id, f.place FROM found f WHERE {conditions} {tail}) p"
            f" JOIN sim s ON s.id = p.id {ordered}"
        )

    return await keyset_page(build, Where(*where.arguments), order, asked.request, _as_it_is, read=readers().fetch)


async def get_sim_record(
    principal: Principal, columns: str, *, sim_id: int | None = None, iccid: str | None = None
) -> asyncpg.Record | None:
    """The SIM by one of both, or None when there is none that the principal may see."""
    where = Where()
    where.add(f"s.iccid = {where.bind(iccid)}" if sim_id is None else f"s.id = {where.bind(sim_id)}")
    limit_to_visible(principal, where, "s", sims="s.id")
    return await readers().fetch_row(f"SELECT {columns} FROM sim s WHERE {where.sql}", *where.arguments)  # noqa: S608


def _as_it_is(record: asyncpg.Record) -> asyncpg.Record:
    return record
