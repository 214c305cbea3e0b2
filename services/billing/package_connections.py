"""Packages as they begin: told by the operator's inventory and live readings, or by our own reconnecting; each counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.database import execute
from novaconnect_sdk import PackageReading

# A term that began within a day before, or a quarter of an hour after, a reconnecting of ours is the one it brought: the
# operator's clock may differ, and an answer that was lost is settled later.
_CONFIRM = """
UPDATE package_connection p SET connected_at = g.started_at, ends_at = g.ends_at, size_mb = g.size_mb, roaming = g.roaming,
  confirmed = true
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::bool[])
  AS g (sim_id, started_at, ends_at, size_mb, roaming)
WHERE p.id = (SELECT q.id FROM package_connection q
              WHERE q.sim_id = g.sim_id AND NOT q.confirmed
                AND q.connected_at BETWEEN g.started_at - interval '15 minutes' AND g.started_at + interval '1 day'
              ORDER BY greatest(q.connected_at - g.started_at, g.started_at - q.connected_at) LIMIT 1)
  AND NOT EXISTS (SELECT FROM package_connection r
                  WHERE r.sim_id = g.sim_id AND r.connected_at = g.started_at AND r.id <> p.id)
"""

# The end of a term that is known already follows the operator: it may be told later, or be put off. A term that began with a
# former owner of the SIM does not exist for who reads as the present one; the night's inventory reads as the system.
_PUT_OFF = """
UPDATE package_connection r SET ends_at = g.ends_at
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) AS g (sim_id, started_at, ends_at)
WHERE r.sim_id = g.sim_id AND r.connected_at = g.started_at AND g.ends_at IS DISTINCT FROM r.ends_at AND g.ends_at IS NOT NULL
"""

_ADD = """
INSERT INTO package_connection (company_id, sim_id, connected_at, ends_at, size_mb, roaming, confirmed)
SELECT s.company_id, s.id, g.started_at, g.ends_at, g.size_mb, g.roaming, true
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::bool[])
  AS g (sim_id, started_at, ends_at, size_mb, roaming)
JOIN sim s ON s.id = g.sim_id
WHERE NOT EXISTS (SELECT FROM package_connection r WHERE r.sim_id = g.sim_id AND r.connected_at = g.started_at)
ON CONFLICT (sim_id, connected_at) DO NOTHING
"""

_BEGIN = """
INSERT INTO package_connection (company_id, sim_id, connected_at, size_mb, roaming, confirmed)
SELECT s.company_id, s.id, $2, s.package_mb, coalesce(s.roaming, false), false FROM sim s
WHERE s.id = ANY($1::bigint[]) AND s.package_mb IS NOT NULL
ON CONFLICT (sim_id, connected_at) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Term:
    """One package of a SIM as the operator tells it: from when to when, and what it is."""

    sim_id: int
    started_at: datetime
    ends_at: datetime | None
    size_mb: int
    roaming: bool


def term_of(sim_id: int, reading: PackageReading) -> Term | None:
    """The term that a reading tells of; None when it tells of none."""
    if reading.started_at is None or reading.size_mb is None:
        return None
    return Term(sim_id, reading.started_at, reading.ends_at, reading.size_mb, bool(reading.roaming))


async def note_packages(terms: Sequence[Term]) -> None:
    """Keep terms that are not known yet; in three statements, however many they are."""
    if not terms:
        return
    columns = [[getattr(term, name) for term in terms] for name in Term.__dataclass_fields__]
    await execute(_CONFIRM, *columns)
    await execute(_PUT_OFF, *columns[:3])
    await execute(_ADD, *columns)


async def begin_packages(sim_ids: Sequence[int], now: datetime) -> None:
    """A package of the same size began on these SIMs because we asked for it."""
    await execute(_BEGIN, list(sim_ids), now)
