"""SIMs as records of asked columns only: the same rows, places and refusals as `list_sims` and `get_sim`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import asyncpg

from access import Principal, limit_to_visible
from domain.sim_filter import SimFilter
from models.database import readers
from models.where import Where
from services.fleet.list_sims import EVERYTHING, count_sims, is_kept
from services.fleet.sim_filter import apply_filter
from services.keyset import AskedColumns, keyset_records
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which SIMs, and what of each: SQL over `s`."""

    sim_filter: SimFilter
    request: PageRequest
    order: ListOrder
    of_each: AskedColumns


@dataclass(frozen=True, slots=True)
class _OfEach:
    """Asked columns under other names of their expressions."""

    columns: str
    positions: Mapping[str, int]
    moments: Mapping[str, int]
    cursors: str


async def list_sim_records(principal: Principal, asked: Asked) -> Page[asyncpg.Record]:
    """One page of the visible SIMs that the filter names."""
    return await _page(await _filtered(principal, asked), asked)


async def list_and_count_sim_records(principal: Principal, asked: Asked) -> tuple[Page[asyncpg.Record], int]:
    """The same with how many there are in all, in one statement where that is possible."""
    where = await _filtered(principal, asked)
    if is_kept(principal, asked.sim_filter):
        kept = Where(*where.arguments)
        limit_to_visible(principal, kept, "k")
        where.arguments[:] = kept.arguments
        total = f"(SELECT sum(k.change)::bigint FROM sim_count_change k WHERE {kept.sql}) AS total"  # noqa: S608
        page = await _page(where, asked, total)
    elif asked.order.nullable:
        page = await _page(where, asked)
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


async def _page(where: Where, asked: Asked, extra: str = "") -> Page[asyncpg.Record]:
    return await keyset_records(
        lambda columns, conditions, tail: f"SELECT {columns} FROM visible_sim s WHERE {conditions} {tail}",  # noqa: S608
        where,
        asked.order,
        asked.request,
        asked.of_each,
        extra=extra,
        is_steady=asked.sim_filter is EVERYTHING or asked.sim_filter == EVERYTHING,
    )


async def _found_page(where: Where, asked: Asked) -> Page[asyncpg.Record]:
    """What the filter names is found once; the page is cut from it and its rows are counted."""
    found = (
        f"WITH found AS MATERIALIZED (SELECT s.id, {asked.order.expression or 'NULL'} AS place"  # noqa: S608
        f" FROM visible_sim s WHERE {where.sql})"
    )
    order = replace(asked.order, expression=asked.order.expression and "f.place", id_column="f.id")

    def build(columns: str, conditions: str, tail: str) -> str:
        return (
            f"{found} SELECT {columns} FROM (SELECT f.id, f.place FROM found f WHERE {conditions} {tail}) f"  # noqa: S608
            f" JOIN sim s ON s.id = f.id {tail.split(' LIMIT ')[0]}"
        )

    return await keyset_records(
        build,
        Where(*where.arguments),
        order,
        asked.request,
        _as_place(asked),
        extra="(SELECT count(*) FROM found) AS total",
    )


def _as_place(asked: Asked) -> _OfEach:
    """What is asked, where the ordered expression has the name `f.place`."""
    of_each, expression = asked.of_each, asked.order.expression or ""
    positions, moments = (
        {"f.place": places[expression]} if expression in places else {}
        for places in (of_each.positions, of_each.moments)
    )
    return _OfEach(of_each.columns, positions, moments, of_each.cursors)


async def get_sim_record(
    principal: Principal, columns: str, *, sim_id: int | None = None, iccid: str | None = None
) -> asyncpg.Record | None:
    """The SIM by one of both, or None when there is none that the principal may see."""
    where = Where()
    where.add(f"s.iccid = {where.bind(iccid)}" if sim_id is None else f"s.id = {where.bind(sim_id)}")
    limit_to_visible(principal, where, "s", sims="s.id")
    return await readers().fetch_row(f"SELECT {columns} FROM visible_sim s WHERE {where.sql}", *where.arguments)  # noqa: S608
