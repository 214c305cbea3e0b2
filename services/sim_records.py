"""SIMs as records of asked columns only: the same rows, places and refusals as `list_sims` and `get_sim`."""

from __future__ import annotations

import asyncpg

from access import Principal, limit_to_visible
from domain.sim_filter import SimFilter
from models.database import readers
from models.where import Where
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest
from services.sim_filter import apply_filter


async def list_sim_records(
    principal: Principal, sim_filter: SimFilter, request: PageRequest, order: ListOrder, columns: str
) -> Page[asyncpg.Record]:
    """One page of the visible SIMs that the filter names; `columns` are SQL over `s` and stand first in the records."""
    request.size()  # a bad size is refused before anything is looked up
    where = Where()
    await apply_filter(principal, sim_filter, where)
    return await keyset_page(
        lambda conditions, tail: f"SELECT {columns}, {order.selected} FROM sim s WHERE {conditions} {tail}",  # noqa: S608
        where,
        order,
        request,
        _as_it_is,
        read=readers().fetch,
    )


async def get_sim_record(
    principal: Principal, columns: str, *, sim_id: int | None = None, iccid: str | None = None
) -> asyncpg.Record | None:
    """The SIM by one of both, or None when there is none that the principal may see."""
    where = Where()
    where.add(f"s.iccid = {where.bind(iccid)}" if sim_id is None else f"s.id = {where.bind(sim_id)}")
    limit_to_visible(principal, where, "s")
    return await readers().fetch_row(f"SELECT {columns} FROM sim s WHERE {where.sql}", *where.arguments)  # noqa: S608


def _as_it_is(record: asyncpg.Record) -> asyncpg.Record:
    return record
