"""Diagnosing many SIMs from what is stored: counted in one set query, no operator is asked."""

from __future__ import annotations

from access import Principal
from domain.catalogue import NetworkStanding, judge_network, plan_of_sim
from domain.clock import clock
from domain.diagnosis import LIVELY, RESET_TAKES, Finding
from domain.locks import BIT, LockKind
from domain.sim_filter import Selection, SimFilter
from models.database import fetch
from models.where import Where
from services.fleet.sim_filter import apply_filter

# The order is that of `domain.diagnosis.find`.
_FINDING = f"""CASE
  WHEN s.left_operator_at IS NOT NULL THEN 'LEFT_OPERATOR'
  WHEN s.lock_mask & {BIT[LockKind.MSU]} <> 0 THEN 'MSU_LOCKED'
  WHEN s.lock_mask & {BIT[LockKind.VIOLATION]} <> 0 THEN 'VIOLATION_LOCKED'
  WHEN s.lock_mask & {BIT[LockKind.FINANCIAL]} <> 0 THEN 'FINANCIAL_LOCKED'
  WHEN s.lock_mask & {BIT[LockKind.PACKAGE]} <> 0 THEN 'PACKAGE_LOCKED'
  WHEN s.lock_mask & {BIT[LockKind.VOLUNTARY]} <> 0 THEN 'VOLUNTARILY_LOCKED'
  WHEN s.observed_blocked THEN 'BLOCKED_BY_OPERATOR'
  WHEN s.limit_used_bytes >= s.limit_mb::bigint * 1000000 THEN 'LIMIT_REACHED'
  WHEN s.session_active OR s.session_ended_at > {{lively}} THEN 'WORKING'
  WHEN s.session_as_of IS NULL THEN 'UNKNOWN'
  WHEN {{outside}} THEN 'OUTSIDE_COVERAGE'
  WHEN s.reset_accepted_at IS NULL
    OR greatest(s.session_started_at, s.session_ended_at, s.registered_at) > s.reset_accepted_at THEN 'NO_SESSION'
  WHEN s.reset_accepted_at > {{resetting}} THEN 'RESET_UNDER_WAY'
  ELSE 'RESET_WITHOUT_EFFECT' END"""

_PLACES = """
SELECT DISTINCT s.profile_id, p.code, coalesce(s.roaming, false) AS roaming, s.registration_plmn AS plmn,
  s.registration_country AS country, s.registration_network AS network
FROM sim s JOIN profile p ON p.id = s.profile_id
WHERE {conditions} AND num_nonnulls(s.registration_plmn, s.registration_country, s.registration_network) > 0
"""


async def diagnose_sims(principal: Principal, selection: Selection) -> dict[Finding, int]:
    """How many of the visible SIMs of a selection have what; those that nobody has are left out.

    Raises what the filter raises, `AmbiguousSelection`, `EmptySelection` and `TooManySims`.
    """
    selection.require_clear()
    where = Where()
    await apply_filter(principal, selection.filter or SimFilter(ids=selection.ids), where)
    outside = await _outside(where)
    clause = _outside_clause(where, outside)
    now = clock.now()
    case = _FINDING.format(
        lively=f"{where.bind(now - LIVELY)}::timestamptz",
        resetting=f"{where.bind(now - RESET_TAKES)}::timestamptz",
        outside=clause,
    )
    rows = await fetch(
        f"SELECT {case} AS finding, count(*) AS sims FROM visible_sim s WHERE {where.sql} GROUP BY 1",  # noqa: S608
        *where.arguments,
    )
    counts = {row["finding"]: row["sims"] for row in rows}
    return {finding: counts[finding.value] for finding in Finding if finding.value in counts}


Place = tuple[int, bool, str, str, str]
"""A profile's id, whether with roaming, PLMN, country and name of the network (empty where not known)."""


async def _outside(where: Where) -> list[Place]:
    """The places in which SIMs were last seen that are not in their plans: judged once each, not once a SIM."""
    found = []
    for row in await fetch(_PLACES.format(conditions=where.sql), *where.arguments):
        plan = plan_of_sim(row["code"], roaming=row["roaming"])
        place = (row["plmn"], row["country"], row["network"])
        if plan is not None and judge_network(plan, *place) is NetworkStanding.OUTSIDE:
            plmn, country, network = (text or "" for text in place)
            found.append((row["profile_id"], row["roaming"], plmn, country, network))
    return found


def _outside_clause(where: Where, places: list[Place]) -> str:
    if not places:
        return "FALSE"
    profiles, roaming, *names = (where.bind(list(column)) for column in zip(*places, strict=True))
    texts = ", ".join(f"{name}::text[]" for name in names)
    return (
        "(s.profile_id, coalesce(s.roaming, false), coalesce(s.registration_plmn, ''), coalesce(s.registration_country, ''),"  # noqa: S608
        f" coalesce(s.registration_network, '')) IN (SELECT * FROM unnest({profiles}::bigint[], {roaming}::bool[], {texts}))"
    )
