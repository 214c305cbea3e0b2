"""Live SIMs: a snapshot of what a filter names, then the SIMs that changed, came in or dropped out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, replace

from access import Principal
from domain import csv_filter
from domain.errors import TooManySims
from domain.sim_filter import Selection, SimFilter
from eventstream import EventHub
from eventstream.hub import MAX_NOTED
from services.fleet.csv_matches import csv_sim_ids
from services.fleet.list_sims import list_sims
from services.fleet.sim_rows import SimRow
from services.paging import MAX_SIZE, PageRequest
from services.streams.audience import AccessEnded, Audience, Delivery
from services.streams.live_pace import IDLE_SECONDS, LivePace

WATCHED_IDS_MAX = MAX_SIZE
"""The most SIMs that can be watched by id; more are watched by a filter."""


@dataclass(frozen=True, slots=True)
class SimsEvent:
    """SIMs that match and are new or changed, and ids of those sent before that no longer match.

    A `snapshot` replaces everything sent before; `truncated` says that more SIMs match than it holds.
    """

    snapshot: bool
    sims: list[SimRow]
    no_longer_matching: list[int]
    truncated: bool
    delivery: Delivery


async def watch_sims(audience: Audience, hub: EventHub, selection: Selection) -> AsyncGenerator[SimsEvent, None]:
    """What the selection names, without end.

    Raises the errors of a selection and of a filter, `TooManySims` for more than 500 ids, and `AccessEnded`, also when a SIM
    that was asked for by its id has gone to another company.
    """
    principal = audience.principal
    with hub.listen(principal.company_ids) as listener:
        wanted = await _filter(principal, selection)
        pace = LivePace(audience, listener)
        event = await _snapshot(principal, wanted, Delivery.SNAPSHOT)
        sent = {row.id for row in event.sims}
        yield event
        waiting: set[int] = set()
        while True:
            look = await pace.look(0 if waiting else IDLE_SECONDS)
            waiting |= look.sims
            if look.missed or len(waiting) > MAX_NOTED or len(sent) > MAX_NOTED:
                waiting = set()
                event = await _snapshot(principal, wanted, Delivery.SNAPSHOT)
                known, sent = sent, {row.id for row in event.sims}
                _require_all_still_there(selection, known - sent)
                yield event
                continue
            if waiting:
                event = await _changes(principal, wanted, waiting, sent)
                _require_all_still_there(selection, event.no_longer_matching)
                if event.sims or event.no_longer_matching:
                    yield event
            if look.newcomers:
                event = await _snapshot(principal, wanted, Delivery.CATCH_UP)
                sent |= {row.id for row in event.sims}
                yield event


def _require_all_still_there(selection: Selection, gone: Collection[int]) -> None:
    """A SIM is never deleted, so one of those asked for by id is gone only when it may not be seen any more."""
    if gone and selection.filter is None:
        raise AccessEnded


async def _filter(principal: Principal, selection: Selection) -> SimFilter:
    selection.require_clear()
    if selection.filter is None:
        if len(set(selection.ids or ())) > WATCHED_IDS_MAX:
            raise TooManySims(f"At most {WATCHED_IDS_MAX} SIMs can be watched by id: use a filter.", path=("ids",))
        return SimFilter(ids=selection.ids)
    if selection.filter.csv is None:
        return selection.filter
    # Read once, not at every event.
    table = await asyncio.to_thread(csv_filter.parse, selection.filter.csv, path=("filter", "csv"))
    table.require_readable(path=("filter", "csv"))
    named = set(await csv_sim_ids(principal, table))
    if selection.filter.ids is not None:
        named &= set(selection.filter.ids)
    return replace(selection.filter, csv=None, ids=tuple(named))


async def _snapshot(principal: Principal, wanted: SimFilter, delivery: Delivery) -> SimsEvent:
    page = await list_sims(principal, wanted, PageRequest(first=MAX_SIZE))
    return SimsEvent(True, list(page.rows), [], page.has_next, delivery)


async def _changes(principal: Principal, wanted: SimFilter, waiting: set[int], sent: set[int]) -> SimsEvent:
    """One event out of what waits; takes what it tells out of `waiting` and remembers in `sent` who knows what."""
    some = set(sorted(waiting)[:MAX_SIZE])
    waiting -= some
    if wanted.ids is not None:
        some &= set(wanted.ids)
    page = await list_sims(principal, replace(wanted, ids=tuple(some)), PageRequest(first=MAX_SIZE))
    matching = {row.id for row in page.rows}
    gone = sorted((some - matching) & sent)
    sent |= matching
    sent.difference_update(gone)
    return SimsEvent(False, list(page.rows), gone, False, Delivery.CHANGE)
