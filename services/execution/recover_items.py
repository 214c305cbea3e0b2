"""After a process died: its calls become unknown, its call slots free."""

from __future__ import annotations

from domain.clock import clock
from drivers.process_lease import EXPIRES_AFTER
from models.database import fetch
from models.leases import HOLDER_LOCK
from services.execution.write_results import COUNT, tell
from services.unit_of_work import unit_of_work

_GRACE_SECONDS = 2
"""How long the operator is given to finish a dead process's last call before its slot is used again."""

_BURY = """
UPDATE lease_holder h SET ended_at = clock_timestamp()
WHERE h.ended_at IS NULL AND (
  h.seen_at < clock_timestamp() - make_interval(secs => $1)
  OR (h.seen_at < clock_timestamp() - interval '1 second' AND NOT EXISTS (
    SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = $2 AND l.objid::bigint = h.id AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))))
RETURNING h.id
"""


def _become_unknown(chosen: str) -> str:
    """SQL: the items of the query `chosen` (calls that nobody will report on) become unknown; $1 is now."""
    return f"""
WITH old AS MATERIALIZED (
  {chosen}
), moved AS (
  UPDATE operation_item i SET state = 'UNKNOWN', holder_id = NULL, attempt = i.attempt + 1, outcome_code = 'WORKER_LOST',
    outcome_message = 'The worker stopped during the call: whether the change happened is not known yet.',
    finished_at = $1::timestamptz,
    check_at = CASE WHEN i.kind = 'CANCEL_LOCATION' THEN NULL ELSE $1::timestamptz + interval '5 seconds' END,
    deadline_at = i.started_at
      + CASE WHEN i.kind IN ('CANCEL_LOCATION', 'SET_ROAMING') THEN interval '10 hours' ELSE interval '1 hour' END
  FROM old WHERE i.id = old.id
  RETURNING i.operation_id, i.company_id, i.sim_id, i.kind, 'CALLING' AS before, 'UNKNOWN' AS after
), reset AS (
  UPDATE sim s SET reset_accepted_at = $1::timestamptz FROM moved m WHERE m.sim_id = s.id AND m.kind = 'CANCEL_LOCATION'
), {COUNT}
SELECT operation_id, company_id, sim_id FROM moved
"""  # noqa: S608 - constants of this file and of write_results


_OF_THE_DEAD = _become_unknown(
    "SELECT i.id FROM operation_item i JOIN lease_holder h ON h.id = i.holder_id"
    " WHERE i.state = 'CALLING' AND h.ended_at IS NOT NULL ORDER BY i.id LIMIT 1000 FOR UPDATE OF i SKIP LOCKED"
)

_LEFT_BEHIND = _become_unknown(
    "SELECT id FROM operation_item WHERE holder_id = $2 AND account_id = $3 AND state = 'CALLING'"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)

_FREE_SLOTS = """
UPDATE call_slot c SET holder_id = NULL, taken_at = NULL
FROM lease_holder h
WHERE h.id = c.holder_id AND h.ended_at < clock_timestamp() - make_interval(secs => $1)
"""


async def recover_items() -> int:
    """Take over what dead processes held; returns how many calls became unknown. Safe to run anywhere, any time."""
    await fetch(_BURY, EXPIRES_AFTER, HOLDER_LOCK)
    async with unit_of_work() as uow:
        moved = await fetch(_OF_THE_DEAD, clock.now())
        tell(uow, moved)
        await fetch(_FREE_SLOTS, _GRACE_SECONDS)
    return len(moved)


async def recover_left_behind(account_id: int, holder_id: int) -> int:
    """Take up what this process itself left at CALLING (its results could not be written, or it was unsure of its lease).

    Call it while nothing of the account is in flight in this process; returns how many calls became unknown.
    """
    async with unit_of_work() as uow:
        moved = await fetch(_LEFT_BEHIND, clock.now(), holder_id, account_id)
        tell(uow, moved)
    return len(moved)
