"""Writing what became of items: the items, their SIMs, the lock reasons and the counters, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

import asyncpg

from domain.clock import clock
from domain.locks import BIT, LockKind
from domain.operations import sources_of
from eventstream import OperationChanged, SimsChanged
from models.database import again_after_deadlock, execute, fetch
from services.execution.item_results import ItemResult
from services.execution.store_changes import store_changes
from services.execution.superseded import superseded
from services.unit_of_work import UnitOfWork, unit_of_work

_COUNTERS = {
    "queued": "QUEUED",
    "calling": "CALLING",
    "waiting": "AWAITING_CONFIRMATION",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "refused": "REFUSED",
    "unknown": "UNKNOWN",
    "cancelled": "CANCELLED",
}

_DELTAS = ", ".join(
    f"count(*) FILTER (WHERE after = '{state}') - count(*) FILTER (WHERE before = '{state}') AS {column}"
    for column, state in _COUNTERS.items()
)
_SUMS = ", ".join(f"{column} = o.{column} + d.{column}" for column in _COUNTERS)
_OPEN = "(o.queued + d.queued + o.calling + d.calling + o.waiting + d.waiting)"

COUNT = f"""
counted AS (
  UPDATE operation o SET {_SUMS}, revision = o.revision + 1,
    state = CASE WHEN {_OPEN} > 0 THEN 'RUNNING' WHEN o.cancelled + d.cancelled > 0 THEN 'CANCELLED' ELSE 'DONE' END,
    finished_at = CASE WHEN {_OPEN} > 0 THEN NULL ELSE coalesce(o.finished_at, $1::timestamptz) END
  FROM (SELECT operation_id, {_DELTAS} FROM moved GROUP BY operation_id) d
  WHERE o.id = d.operation_id
)"""  # noqa: S608 - constants of this file
"""SQL: keeps the counters and the state of operations; needs a CTE `moved (operation_id, before, after)` and $1 = now."""

_TRANSITION = f"""
WITH change AS (
  SELECT * FROM unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
    AS c (id, fence, state, code, message, native_code, handle, accepted_at, not_before, check_at, deadline_at)
), old AS MATERIALIZED (
  SELECT i.id, i.state FROM operation_item i JOIN change c ON c.id = i.id
  WHERE i.attempt = c.fence AND i.state = ANY($13::text[]) AND CASE WHEN $14::bigint IS NOT NULL THEN i.holder_id = $14
    ELSE c.state = 'UNKNOWN' OR NOT {superseded("i")} END
  ORDER BY i.id FOR UPDATE OF i
), moved AS (
  UPDATE operation_item i SET state = c.state, outcome_code = c.code, outcome_message = c.message,
    native_code = coalesce(c.native_code, i.native_code), handle = coalesce(c.handle, i.handle),
    accepted_at = coalesce(c.accepted_at, i.accepted_at), not_before = c.not_before, check_at = c.check_at,
    deadline_at = coalesce(c.deadline_at, i.deadline_at), holder_id = NULL,
    finished_at = CASE WHEN c.state IN ('QUEUED', 'AWAITING_CONFIRMATION') THEN NULL ELSE $1::timestamptz END
  FROM change c JOIN old ON old.id = c.id WHERE i.id = c.id
  RETURNING i.id, i.operation_id, i.company_id, i.sim_id, i.kind, old.state AS before, i.state AS after
), {COUNT}
SELECT id, operation_id, company_id, sim_id FROM moved
"""  # noqa: S608 - constants of this file

# A word of the operator that is older than what is stored (it was held up on its way) changes nothing of what was seen.
_TOUCH_SIMS = """
UPDATE sim s SET
  lock_mask = (s.lock_mask | c.add_bits) & ~c.remove_bits,
  observed_blocked = CASE WHEN c.observed_at >= coalesce(s.observed_at, c.observed_at)
    THEN coalesce(c.blocked, s.observed_blocked) ELSE s.observed_blocked END,
  observed_status = CASE WHEN c.observed_at >= coalesce(s.observed_at, c.observed_at)
    THEN c.status ELSE s.observed_status END,
  native_status = CASE WHEN c.observed_at >= coalesce(s.observed_at, c.observed_at)
    THEN c.native_status ELSE s.native_status END,
  observed_at = greatest(c.observed_at, s.observed_at),
  session_active = CASE WHEN c.session_as_of >= coalesce(s.session_as_of, c.session_as_of)
    THEN c.session_active ELSE s.session_active END,
  session_started_at = CASE WHEN c.session_as_of >= coalesce(s.session_as_of, c.session_as_of)
    THEN c.session_started ELSE s.session_started_at END,
  session_ended_at = CASE WHEN c.session_as_of >= coalesce(s.session_as_of, c.session_as_of)
    THEN c.session_ended ELSE s.session_ended_at END,
  session_as_of = greatest(c.session_as_of, s.session_as_of),
  reset_accepted_at = greatest(c.reset_accepted_at, s.reset_accepted_at),
  msu_count = coalesce(c.msu_count, s.msu_count),
  updated_at = $1
FROM unnest($2::bigint[], $3::smallint[], $4::smallint[], $5::bool[], $6::text[], $7::text[], $8::timestamptz[],
            $9::bool[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::int[])
  AS c (id, add_bits, remove_bits, blocked, status, native_status, observed_at, session_active, session_started,
        session_ended, session_as_of, reset_accepted_at, msu_count)
WHERE s.id = c.id
"""

_ADD_REASONS = """
INSERT INTO sim_lock_reason (sim_id, company_id, kind, since, set_by_user_id, set_by, reason)
SELECT c.sim_id, c.company_id, c.kind, $1, c.user_id, c.set_by, c.reason
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[])
  AS c (sim_id, company_id, kind, user_id, set_by, reason)
ON CONFLICT (sim_id, kind) DO NOTHING
"""

_REMOVE_REASONS = """
DELETE FROM sim_lock_reason r USING unnest($1::bigint[], $2::text[]) AS c (sim_id, kind)
WHERE r.sim_id = c.sim_id AND r.kind = c.kind
"""


async def write_results(results: Sequence[ItemResult], holder_id: int | None) -> set[int]:
    """Write results and tell listeners. Returns the ids of the items that were still ours to move.

    `holder_id` None is for items that nobody holds (confirmations, settlements); the state an item is in must allow the step
    (`domain.operations`), and the fence must match: a result that comes too late changes nothing, and neither does a reading
    of the SIM that a later lock or unlock has overtaken.
    """
    moved: set[int] = set()
    for batch in _without_repeated_sims(results):
        moved |= await again_after_deadlock(partial(_write, batch, holder_id))
    return moved


def _without_repeated_sims(results: Iterable[ItemResult]) -> list[list[ItemResult]]:
    """Batches in which a SIM stands once: one UPDATE applies only one row of each."""
    batches: list[tuple[set[int], list[ItemResult]]] = []
    for result in results:
        for sims, batch in batches:
            if result.sim_id not in sims:
                sims.add(result.sim_id)
                batch.append(result)
                break
        else:
            batches.append(({result.sim_id}, [result]))
    return [batch for _, batch in batches]


async def _write(batch: list[ItemResult], holder_id: int | None) -> set[int]:
    by_state: dict[str, list[ItemResult]] = defaultdict(list)
    for result in batch:
        by_state[result.state.value].append(result)
    moved: list[asyncpg.Record] = []
    async with unit_of_work() as uow:
        for same in by_state.values():
            moved += await _move(same, holder_id)
        ids = {row["id"] for row in moved}
        company_of = {row["sim_id"]: row["company_id"] for row in moved}
        await _touch([result for result in batch if result.item_id in ids], company_of)
        tell(uow, moved)
    return ids


async def _move(results: list[ItemResult], holder_id: int | None) -> Sequence[asyncpg.Record]:
    sources = [state.value for state in sources_of(results[0].state)]
    return await fetch(
        _TRANSITION,
        clock.now(),
        [result.item_id for result in results],
        [result.fence for result in results],
        [result.state.value for result in results],
        [result.code.value for result in results],
        [result.message[:500] for result in results],
        [result.native_code and result.native_code[:100] for result in results],
        [result.handle for result in results],
        [result.accepted_at for result in results],
        [result.not_before for result in results],
        [result.check_at for result in results],
        [result.deadline_at for result in results],
        sources,
        holder_id,
    )


async def _touch(results: list[ItemResult], company_of: dict[int, int]) -> None:
    if not results:
        return
    now = clock.now()
    await execute(
        _TOUCH_SIMS,
        now,
        [result.sim_id for result in results],
        [_added_bits(result) for result in results],
        [BIT[result.lifts] if result.lifts else 0 for result in results],
        [result.observed.blocked if result.observed else None for result in results],
        [result.observed.status.value if result.observed else None for result in results],
        [result.observed.native_status if result.observed else None for result in results],
        [result.observed.as_of if result.observed else None for result in results],
        [result.session.active if result.session else None for result in results],
        [result.session.started_at if result.session else None for result in results],
        [result.session.ended_at if result.session else None for result in results],
        [result.session_as_of for result in results],
        [result.reset_accepted_at for result in results],
        [result.msu.count if result.msu else None for result in results],
    )
    await _change_reasons(results, company_of)
    await store_changes(results)


async def _change_reasons(results: list[ItemResult], company_of: dict[int, int]) -> None:
    if added := [(result, result.adds, result.reason) for result in results if result.adds] + [
        (result, LockKind.MSU, _MSU_REASON) for result in results if _msu_locked(result)
    ]:
        await execute(
            _ADD_REASONS,
            clock.now(),
            [result.sim_id for result, _, _ in added],
            [company_of[result.sim_id] for result, _, _ in added],
            [kind.value for _, kind, _ in added],
            [None if kind is LockKind.MSU else result.set_by_user_id for result, kind, _ in added],
            ["operator" if kind is LockKind.MSU else result.set_by for result, kind, _ in added],
            [reason for _, _, reason in added],
        )
    if lifted := [(result.sim_id, result.lifts.value) for result in results if result.lifts]:
        await execute(_REMOVE_REASONS, [sim_id for sim_id, _ in lifted], [kind for _, kind in lifted])


_MSU_REASON = "The operator blocked this SIM for too much signalling."


def _msu_locked(result: ItemResult) -> bool:
    return result.msu is not None and result.msu.blocked


def _added_bits(result: ItemResult) -> int:
    return (BIT[result.adds] if result.adds else 0) | (BIT[LockKind.MSU] if _msu_locked(result) else 0)


def tell(uow: UnitOfWork, moved: Iterable[asyncpg.Record]) -> None:
    """Events for rows of (operation_id, company_id, sim_id)."""
    sims: dict[int, set[int]] = defaultdict(set)
    operations: set[tuple[int, int]] = set()
    for row in moved:
        sims[row["company_id"]].add(row["sim_id"])
        operations.add((row["company_id"], row["operation_id"]))
    for company_id, operation_id in operations:
        uow.publish(OperationChanged(company_id, operation_id))
    for company_id, sim_ids in sims.items():
        uow.publish(SimsChanged(company_id, tuple(sim_ids)))
