"""Cancelling what is still queued of an operation; what was sent stays as it is."""

from __future__ import annotations

from access import Principal
from domain.clock import clock
from domain.errors import NothingToDo
from models.database import execute, fetch
from services.audit.record import record
from services.execution.write_results import COUNT, tell
from services.operations.own_operation import require_operation
from services.unit_of_work import unit_of_work

_CANCEL = f"""
WITH old AS MATERIALIZED (
  SELECT id FROM operation_item WHERE operation_id = $2 AND state = 'QUEUED' ORDER BY id FOR UPDATE
), moved AS (
  UPDATE operation_item i SET state = 'CANCELLED', outcome_code = 'CANCELLED_BY_USER',
    outcome_message = 'Cancelled before it was sent.', finished_at = $1, not_before = NULL
  FROM old WHERE i.id = old.id
  RETURNING i.operation_id, i.company_id, i.sim_id, 'QUEUED' AS before, 'CANCELLED' AS after
), {COUNT}
SELECT operation_id, company_id, sim_id FROM moved
"""  # noqa: S608 - constants of this file and of write_results


# What was cancelled costs its company no place: its next operation lines up behind what it still has queued.
_GIVE_PLACES_BACK = """
UPDATE queue_turn q SET last_turn = coalesce((
  SELECT max(i.turn) FROM operation_item i
  WHERE i.account_id = q.account_id AND i.company_id = q.company_id AND i.state = 'QUEUED' AND i.priority > 0), 0)
FROM (SELECT DISTINCT account_id, company_id FROM operation_item WHERE operation_id = $1 AND priority > 0) c
WHERE q.account_id = c.account_id AND q.company_id = c.company_id
"""


async def cancel_operation(principal: Principal, operation_id: int) -> None:
    """Cancel the queued items. Raises `Forbidden`, `NotFound`, and `NothingToDo` when nothing is queued."""
    async with unit_of_work() as uow:
        company_id = await require_operation(principal, operation_id)
        moved = await fetch(_CANCEL, clock.now(), operation_id)
        if not moved:
            raise NothingToDo("Nothing of this operation is queued any more.", path=("id",))
        await execute(_GIVE_PLACES_BACK, operation_id)
        await record(
            principal,
            "operation.cancelled",
            f"operation:{operation_id}",
            company_id=company_id,
            detail={"items": len(moved)},
        )
        tell(uow, moved)
