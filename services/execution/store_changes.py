"""What SIMs carry of limits and packages: what was asked for once it stands, and what the operator says of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.changes import ChangePackage, SetLimit, SetRoaming
from domain.clock import clock
from domain.locks import BIT, LockKind
from domain.operations import OperationKind
from models.database import execute, fetch
from novaconnect_sdk import LimitReading, PackageReading
from services.billing.package_connections import begin_packages, note_packages, term_of
from services.execution.item_results import ItemResult

_PACKAGE = BIT[LockKind.PACKAGE]

_LIMITS = """
UPDATE sim s SET limit_mb = c.mb, wanted_limit_mb = c.mb, wanted_limit_at = $1,
  limit_reached_at = CASE WHEN s.limit_used_bytes >= c.mb::bigint * 1000000 THEN s.limit_reached_at END
FROM unnest($2::bigint[], $3::int[]) AS c (id, mb) WHERE s.id = c.id
"""

_PACKAGES = """
UPDATE sim s SET wanted_package_mb = c.mb, wanted_auto_reconnect = c.again, auto_reconnect = c.again, wanted_package_at = $1
FROM unnest($2::bigint[], $3::int[], $4::bool[]) AS c (id, mb, again) WHERE s.id = c.id
"""

_RECONNECTED = """
UPDATE sim s SET package_remaining_bytes = s.package_mb::bigint * 1000000, package_ends_at = NULL, package_as_of = $1
WHERE s.id = ANY($2::bigint[])
"""

_ROAMING_BEGUN = """
UPDATE sim s SET wanted_roaming = c.enabled, wanted_package_at = $1, roaming_change_until = c.until
FROM unnest($2::bigint[], $3::bool[], $4::timestamptz[]) AS c (id, enabled, until) WHERE s.id = c.id
"""

_ROAMING_DONE = """
UPDATE sim s SET roaming = c.enabled, wanted_roaming = c.enabled, wanted_package_at = coalesce(s.wanted_package_at, $1),
  roaming_change_until = NULL
FROM unnest($2::bigint[], $3::bool[]) AS c (id, enabled) WHERE s.id = c.id
"""

# What was asked for after the reading began is not undone by it.
_LIMIT_READ = """
UPDATE sim s SET limit_mb = CASE WHEN s.wanted_limit_at > $2 THEN s.limit_mb ELSE $3::int END, limit_used_bytes = $4,
  limit_reached_at = CASE WHEN $5::timestamptz IS NOT NULL THEN $5
    WHEN $3::int IS NULL OR $4::bigint < $3::bigint * 1000000 THEN NULL
    WHEN $4::bigint >= $3::bigint * 1000000 THEN coalesce(s.limit_reached_at, $2) ELSE s.limit_reached_at END,
  limit_as_of = $2
WHERE s.id = $1 AND (s.limit_as_of IS NULL OR s.limit_as_of <= $2)
"""

_PACKAGE_READ = f"""
UPDATE sim s SET package_plan = $3, package_mb = coalesce($4::int, s.package_mb), package_remaining_bytes = $5,
  package_ends_at = $6, roaming = coalesce($8::bool, s.roaming), package_as_of = $2,
  auto_reconnect = CASE WHEN s.wanted_package_at > $2 THEN s.auto_reconnect ELSE coalesce($7::bool, s.auto_reconnect) END,
  lock_mask = CASE $9::bool WHEN true THEN s.lock_mask | {_PACKAGE} WHEN false THEN s.lock_mask & ~{_PACKAGE} ELSE s.lock_mask
    END,
  updated_at = CASE WHEN coalesce($9::bool, false) <> (s.lock_mask & {_PACKAGE} <> 0) THEN $10 ELSE s.updated_at END
WHERE s.id = $1 AND (s.package_as_of IS NULL OR s.package_as_of <= $2)
RETURNING s.id, s.company_id
"""  # noqa: S608 - constants

_ADD_REASON = """
INSERT INTO sim_lock_reason (sim_id, company_id, kind, since, set_by, reason)
VALUES ($1, $2, 'PACKAGE', $3, 'operator', 'The package is used up or over, and no other follows by itself.')
ON CONFLICT (sim_id, kind) DO NOTHING
"""

_LIFT_REASON = "DELETE FROM sim_lock_reason WHERE sim_id = $1 AND kind = 'PACKAGE'"


async def store_changes(results: Sequence[ItemResult]) -> None:
    """Note what the results say of limits and packages; inside the transaction that writes them."""
    now = clock.now()
    done = [(result.sim_id, result.done) for result in results if result.done is not None]
    if limits := [(sim_id, change.megabytes) for sim_id, change in done if isinstance(change, SetLimit)]:
        await execute(_LIMITS, now, *_columns(limits))
    if packages := [
        (sim, change.size_mb, change.auto_reconnect) for sim, change in done if isinstance(change, ChangePackage)
    ]:
        await execute(_PACKAGES, now, *_columns(packages))
    if reconnected := [sim_id for sim_id, change in done if change.kind is OperationKind.RECONNECT_PACKAGE]:
        await execute(_RECONNECTED, now, reconnected)
        await begin_packages(reconnected, now)
    if roaming := [(sim_id, change.enabled) for sim_id, change in done if isinstance(change, SetRoaming)]:
        await execute(_ROAMING_DONE, now, *_columns(roaming))
    if begun := [(result.sim_id, result.begun.enabled, result.deadline_at) for result in results if result.begun]:
        await execute(_ROAMING_BEGUN, now, *_columns(begun))
    for result in results:
        if result.limit is not None:
            await note_limit(result.sim_id, result.limit, now)
        if result.package is not None:
            await note_package(result.sim_id, result.package, now)


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def note_limit(sim_id: int, reading: LimitReading, as_of: datetime) -> None:
    """Keep what the operator says of a SIM's limit; an older answer than the one stored changes nothing."""
    await execute(_LIMIT_READ, sim_id, as_of, reading.megabytes, reading.used_bytes, reading.reached_at)


async def note_package(sim_id: int, reading: PackageReading, as_of: datetime) -> None:
    """Keep what the operator says of a SIM's package; an older answer than the one stored changes nothing.

    A package that is over with none to follow is a lock reason of its own, because the operator stops the SIM; one that runs
    takes that reason away. Call it inside a transaction, and tell listeners of the SIM.
    """
    rows = await fetch(
        _PACKAGE_READ,
        sim_id,
        as_of,
        reading.plan,
        reading.size_mb,
        reading.remaining_bytes,
        reading.ends_at,
        reading.auto_reconnect,
        reading.roaming,
        reading.exhausted,
        clock.now(),
    )
    if rows and (term := term_of(sim_id, reading)) is not None:
        await note_packages([term])
    for row in rows:
        if reading.exhausted:
            await execute(_ADD_REASON, row["id"], row["company_id"], as_of)
        elif reading.exhausted is False:
            await execute(_LIFT_REASON, row["id"])
