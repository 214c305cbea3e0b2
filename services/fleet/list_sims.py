"""The SIM table: a page of what a filter names, and how many there are in all."""

from __future__ import annotations

from access import Principal, limit_to_visible
from domain.sim_filter import SimFilter
from models.database import fetch_value
from models.where import Where
from services.fleet.sim_filter import apply_filter
from services.fleet.sim_order import sim_order
from services.fleet.sim_rows import COLUMNS, SimRow, sim_row
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest

NEWEST_FIRST = sim_order()
EVERYTHING = SimFilter()


def is_kept(principal: Principal, sim_filter: SimFilter) -> bool:
    """Whether the number of what the filter names is kept: that of all SIMs of the companies that the principal sees."""
    return sim_filter == EVERYTHING and principal.group_ids is None


async def list_sims(
    principal: Principal, sim_filter: SimFilter, request: PageRequest, order: ListOrder = NEWEST_FIRST
) -> Page[SimRow]:
    """One page of the visible SIMs that the filter names."""
    request.size()  # a bad size is refused before anything is looked up
    where = Where()
    await apply_filter(principal, sim_filter, where)
    columns = f"{COLUMNS}, {order.selected}"
    return await keyset_page(
        lambda conditions, tail: f"SELECT {columns} FROM visible_sim s WHERE {conditions} {tail}",  # noqa: S608
        where,
        order,
        request,
        sim_row,
    )


async def count_sims(principal: Principal, sim_filter: SimFilter) -> int:
    """How many visible SIMs the filter names, exactly."""
    where = Where()
    if is_kept(principal, sim_filter):  # a count of 100,000 rows takes longer than their page; this number is kept
        limit_to_visible(principal, where, "k")
        kept = f"SELECT coalesce(sum(k.change), 0)::bigint FROM sim_count_change k WHERE {where.sql}"  # noqa: S608
        return int(await fetch_value(kept, *where.arguments))
    await apply_filter(principal, sim_filter, where)
    return int(await fetch_value(f"SELECT count(*) FROM visible_sim s WHERE {where.sql}", *where.arguments))  # noqa: S608
