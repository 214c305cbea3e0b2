"""Queueing the failed items of an operation again, behind what was accepted since."""

from __future__ import annotations

from access import Principal
from domain.clock import clock
from domain.errors import NothingToDo
from models.database import fetch
from services.audit.record import record
from services.dunning.company_lock import require_not_locked
from services.execution.write_results import COUNT, tell
from services.operations.accept_operation import DRAIN
from services.operations.own_operation import require_operation
from services.operations.ownership import hold_ownership
from services.unit_of_work import unit_of_work

_RETRY = f"""
WITH old AS MATERIALIZED (
  SELECT o.id FROM operation_item o WHERE o.operation_id = $2 AND o.state = 'FAILED'
    AND EXISTS (SELECT FROM sim s WHERE s.id = o.sim_id AND s.company_id = o.company_id)
  ORDER BY o.id FOR UPDATE
), place AS (
  SELECT nextval('acceptance_order') AS seq
), moved AS (
  UPDATE operation_item i SET state = 'QUEUED', accept_seq = place.seq, attempt = i.attempt + 1,
    attempts_before = i.attempt + 1, checks = 0,
    outcome_code = NULL, outcome_message = NULL, native_code = NULL, handle = NULL, finished_at = NULL, accepted_at = NULL,
    check_at = NULL, deadline_at = NULL, not_before = NULL,
    turn = CASE WHEN i.priority = 0 THEN i.turn
           ELSE greatest(i.turn, (SELECT served_turn FROM operator_account a WHERE a.id = i.account_id)) END
  FROM old, place WHERE i.id = old.id
  RETURNING i.operation_id, i.company_id, i.sim_id, i.account_id, 'FAILED' AS before, 'QUEUED' AS after
), {COUNT}
SELECT operation_id, company_id, sim_id, account_id FROM moved
"""  # noqa: S608 - constants of this file and of write_results


async def retry_failed_items(principal: Principal, operation_id: int) -> None:
    """Queue FAILED items again, but not those of SIMs that went to another company since.

    Raises `Forbidden`, `NotFound`, and `NothingToDo` when none is left that failed.
    """
    async with unit_of_work() as uow:
        await hold_ownership()
        company_id = await require_operation(principal, operation_id)
        await require_not_locked(principal, company_id)
        moved = await fetch(_RETRY, clock.now(), operation_id)
        if not moved:
            raise NothingToDo("No item of this operation failed whose SIM is still yours.", path=("id",))
        for account_id in {row["account_id"] for row in moved}:
            uow.enqueue(DRAIN, account_id)
        await record(
            principal,
            "operation.retried",
            f"operation:{operation_id}",
            company_id=company_id,
            detail={"items": len(moved)},
        )
        tell(uow, moved)
