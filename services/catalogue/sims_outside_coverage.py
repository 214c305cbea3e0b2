"""Which SIMs of a plan's profile last registered where the plan does not work."""

from __future__ import annotations

from dataclasses import dataclass

from access import Principal, limit_to_visible
from domain.catalogue import NetworkStanding, TariffPlan, judge_network
from models.database import fetch
from models.where import Where
from services.fleet.sim_rows import COLUMNS, SimRow, sim_row
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest

_ORDER = ListOrder("OUTSIDE_COVERAGE", "s.id")

_LAST_PLACE = (
    "coalesce(s.registration_plmn, '') || E'\\n' || coalesce(s.registration_country, '')"
    " || E'\\n' || coalesce(s.registration_network, '')"
)


@dataclass(frozen=True, slots=True)
class CoverageOfSims:
    """How the visible SIMs of a plan's profile stand to it by their last registration.

    `unknown` are those whose last network is not known, or of which cannot be said whether it is in the plan. `places`
    are the last networks outside, as (PLMN, country, name) with empty texts for what is not known.
    """

    plan: TariffPlan
    inside: int
    outside: int
    unknown: int
    places: frozenset[tuple[str, str, str]]


async def judge_coverage(principal: Principal, plan: TariffPlan) -> CoverageOfSims:
    """Judge every network that visible SIMs were last seen in, once each."""
    where = _sims_of(principal, plan)
    rows = await fetch(
        "SELECT s.registration_plmn, s.registration_country, s.registration_network, count(*) AS sims"  # noqa: S608
        f" FROM visible_sim s WHERE {where.sql} GROUP BY 1, 2, 3",
        *where.arguments,
    )
    counts = dict.fromkeys(NetworkStanding, 0)
    places = set()
    for row in rows:
        plmn, country, network, sims = row
        standing = judge_network(plan, plmn, country, network)
        counts[standing] += sims
        if standing is NetworkStanding.OUTSIDE:
            places.add((plmn or "", country or "", network or ""))
    return CoverageOfSims(
        plan=plan,
        inside=counts[NetworkStanding.COVERED],
        outside=counts[NetworkStanding.OUTSIDE],
        unknown=counts[NetworkStanding.UNKNOWN],
        places=frozenset(places),
    )


async def list_sims_outside(principal: Principal, judged: CoverageOfSims, request: PageRequest) -> Page[SimRow]:
    """One page of the SIMs outside, by id."""
    where = _sims_of(principal, judged.plan)
    # One text a place, so that PostgreSQL can walk along the ids and stop at a full page.
    places = where.bind(["\n".join(place) for place in judged.places])
    where.add(f"{_LAST_PLACE} = ANY({places}::text[])")
    return await keyset_page(
        lambda conditions, tail: f"SELECT {COLUMNS}, {_ORDER.selected} FROM visible_sim s WHERE {conditions} {tail}",  # noqa: S608
        where,
        _ORDER,
        request,
        sim_row,
    )


def _sims_of(principal: Principal, plan: TariffPlan) -> Where:
    where = Where()
    limit_to_visible(principal, where, "s", sims="s.id")
    where.add(f"s.profile_id IN (SELECT p.id FROM profile p WHERE p.code = {where.bind(plan.profile)})")  # noqa: S608
    return where
