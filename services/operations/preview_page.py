"""A page of a preview, SIM by SIM."""

from __future__ import annotations

from access import Principal
from domain.changes import Change
from domain.operations import RiskCode
from domain.sim_filter import Selection
from services.operations.preview_operation import PreviewItem, preview_items
from services.paging import ListOrder, Page, PageRequest

_ORDER = ListOrder("PREVIEW", "s.id")


async def preview_page(
    principal: Principal,
    change: Change,
    selection: Selection,
    accept_risks: frozenset[RiskCode],
    request: PageRequest,
) -> Page[PreviewItem]:
    """The judged SIMs in order of id, forward; raises what `preview_operation` raises."""
    size, after = request.size(), _ORDER.place(request.after, "after")
    beyond = after[1] if after else 0
    items = await preview_items(principal, change, selection, accept_risks, after_sim_id=beyond, limit=size + 1)
    rows = items[:size]
    places = [(None, item.sim_id) for item in rows]
    return Page(rows, places, _ORDER, has_next=len(items) > size, has_previous=after is not None)
