"""Changes that end in our own database: done for all SIMs at once, in the transaction that accepts them."""

from __future__ import annotations

from domain.changes import AssignGroups, Change, MoveSims
from domain.clock import clock
from domain.errors import NotFound
from eventstream import SimsChanged
from models.database import execute, fetch
from services.fleet.group_rows import group_ids_by_name
from services.unit_of_work import UnitOfWork

# In order of id, so that two renamings of the same SIMs wait for each other instead of meeting half-way.
_HOLD = """
SELECT s.id FROM sim s WHERE s.id IN (
  SELECT sim_id FROM operation_item WHERE operation_id = $1 AND state = 'SUCCEEDED') ORDER BY s.id FOR NO KEY UPDATE
"""

_LEAVE_GROUPS = """
DELETE FROM sim_group_member m USING operation_item i
WHERE i.operation_id = $1 AND i.state = 'SUCCEEDED' AND m.sim_id = i.sim_id
"""
_TAKE_REASONS = """
UPDATE sim_lock_reason r SET company_id = $2 FROM operation_item i
WHERE i.operation_id = $1 AND i.state = 'SUCCEEDED' AND r.sim_id = i.sim_id
"""
_MOVE = """
UPDATE sim s SET company_id = $2, updated_at = $3 FROM operation_item i
WHERE i.operation_id = $1 AND i.state = 'SUCCEEDED' AND s.id = i.sim_id
"""

_RENAME = """
UPDATE sim s SET name = i.argument, updated_at = $2 FROM operation_item i
WHERE i.operation_id = $1 AND i.state = 'SUCCEEDED' AND s.id = i.sim_id
"""

_ADD = """
INSERT INTO sim_group_member (group_id, sim_id, company_id)
SELECT g.id, i.sim_id, i.company_id FROM operation_item i, unnest($2::bigint[]) AS g (id)
WHERE i.operation_id = $1 AND i.state = 'SUCCEEDED'
ON CONFLICT (sim_id, group_id) DO NOTHING
"""

_REMOVE = """
DELETE FROM sim_group_member m USING operation_item i
WHERE i.operation_id = $1 AND i.state = 'SUCCEEDED' AND m.sim_id = i.sim_id AND m.group_id = ANY($2::bigint[])
"""


async def carry_out(uow: UnitOfWork, change: Change, operation_id: int, company_id: int) -> None:
    """Do it to the succeeded items of an operation just stored. Raises `NotFound` for a group that is not the company's."""
    sims = [row["id"] for row in await fetch(_HOLD, operation_id)]
    if isinstance(change, AssignGroups):
        await _require_groups(company_id, change.add, "add")
        await _require_groups(company_id, change.remove, "remove")
        made = await group_ids_by_name(company_id, change.create)
        await execute(_ADD, operation_id, sorted({*change.add, *made}))
        await execute(_REMOVE, operation_id, list(change.remove))
    elif isinstance(change, MoveSims):
        await _move(uow, change, operation_id, sims)
    else:
        await execute(_RENAME, operation_id, clock.now())
    uow.publish(SimsChanged(company_id, tuple(sims)))


async def _move(uow: UnitOfWork, change: MoveSims, operation_id: int, sims: list[int]) -> None:
    """The groups are the old company's and stay without the SIMs; records and operations so far stay that company's."""
    await execute(_LEAVE_GROUPS, operation_id)
    await execute(_TAKE_REASONS, operation_id, change.company_id)
    await execute(_MOVE, operation_id, change.company_id, clock.now())
    uow.publish(SimsChanged(change.company_id, tuple(sims)))


async def _require_groups(company_id: int, ids: tuple[int, ...], *path: str) -> None:
    rows = await fetch(
        "SELECT id FROM sim_group WHERE company_id = $1 AND id = ANY($2::bigint[]) FOR KEY SHARE", company_id, list(ids)
    )
    if len(rows) < len(set(ids)):
        raise NotFound("At least one of these groups does not exist: check the ids.", path=path)
