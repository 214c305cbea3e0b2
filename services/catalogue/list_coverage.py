"""Pages of networks, out of memory: where tariff plans work and what traffic costs there."""

from __future__ import annotations

from functools import lru_cache

from domain.catalogue import Network, networks
from domain.catalogue.search import NetworkFilter, search_networks
from services.paging import ListOrder, Page, PageRequest

_ORDER = ListOrder("COVERAGE", "network")


def list_coverage(wanted: NetworkFilter, request: PageRequest) -> Page[Network]:
    """One page, forward, by country and operator; cursors are places in the list of all networks."""
    size, after = request.size(), _ORDER.place(request.after, "after")
    beyond = after[1] if after else 0
    rest = [row for row in search_networks(wanted) if _places()[row] > beyond]
    rows = rest[:size]
    places = [(None, _places()[row]) for row in rows]
    return Page(rows, places, _ORDER, has_next=len(rest) > size, has_previous=after is not None)


async def count_coverage(wanted: NetworkFilter) -> int:
    """How many networks meet the filter."""
    return len(search_networks(wanted))


@lru_cache(maxsize=1)
def _places() -> dict[Network, int]:
    return {network: place for place, network in enumerate(networks(), start=1)}
