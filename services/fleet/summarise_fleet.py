"""The home page: how many SIMs there are of what kind, and what is going on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from access import Principal, limit_to_visible, limit_to_visible_operations
from domain.locks import LockKind, kinds_of
from models.database import fetch, fetch_value
from models.where import Where
from novaconnect_sdk import SimStatus
from services.fleet.sim_relations import ProfileRow

# A few dozen groups come back, however many SIMs there are.
_COUNTS = """
SELECT s.profile_id, s.observed_status, s.lock_mask, s.session_active, count(*) AS sims,
       count(*) FILTER (WHERE s.observed_blocked <> (s.lock_mask <> 0)) AS drifting,
       count(s.left_operator_at) AS gone
FROM sim s WHERE {visible}
GROUP BY s.profile_id, s.observed_status, s.lock_mask, s.session_active
"""

# A profile that was switched off still has its SIMs.
_PROFILES = """
SELECT id, code, title, apn, number_prefix FROM profile WHERE enabled OR id = ANY($1::bigint[]) ORDER BY code
"""


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """Numbers of visible SIMs, and of operations that are not done.

    A SIM with several lock reasons counts under each, once in `locked`. `session_unknown` are those of which nobody can
    say whether they are in session.
    """

    total: int
    by_profile: Sequence[tuple[ProfileRow, int]]
    by_status: Mapping[SimStatus, int]
    by_lock: Mapping[LockKind, int]
    locked: int
    in_session: int
    session_unknown: int
    drifting: int
    left_operator: int
    running_operations: int


async def summarise_fleet(principal: Principal) -> FleetSummary:
    """Count what the principal may see: one set query for the SIMs, one for operations."""
    where = Where()
    limit_to_visible(principal, where, "s", sims="s.id")
    rows = await fetch(_COUNTS.format(visible=where.sql), *where.arguments)
    profiles = await fetch(_PROFILES, list({row["profile_id"] for row in rows}))
    return _summary(rows, [ProfileRow(*row) for row in profiles], await _running_operations(principal))


def _summary(rows: Sequence[asyncpg.Record], profiles: Sequence[ProfileRow], running: int) -> FleetSummary:
    of_profile: Counter[int] = Counter()
    statuses = Counter(dict.fromkeys(SimStatus, 0))
    locks = Counter(dict.fromkeys(LockKind, 0))
    sessions: Counter[bool | None] = Counter()
    for row in rows:
        of_profile[row["profile_id"]] += row["sims"]
        statuses[SimStatus(row["observed_status"])] += row["sims"]
        sessions[row["session_active"]] += row["sims"]
        for kind in kinds_of(row["lock_mask"]):
            locks[kind] += row["sims"]
    return FleetSummary(
        total=of_profile.total(),
        by_profile=[(profile, of_profile[profile.id]) for profile in profiles],
        by_status=statuses,
        by_lock=locks,
        locked=sum(row["sims"] for row in rows if row["lock_mask"]),
        in_session=sessions[True],
        session_unknown=sessions[None],
        drifting=sum(row["drifting"] for row in rows),
        left_operator=sum(row["gone"] for row in rows),
        running_operations=running,
    )


async def _running_operations(principal: Principal) -> int:
    where = Where()
    limit_to_visible_operations(principal, where, "o")
    # These very words let the partial index of open operations be used.
    where.add("o.state IN ('QUEUED', 'RUNNING')")
    return int(await fetch_value(f"SELECT count(*) FROM operation o WHERE {where.sql}", *where.arguments))  # noqa: S608
