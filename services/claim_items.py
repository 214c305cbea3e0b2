"""Taking work: the next items of an operator account, in fair order, set to CALLING before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from domain.clock import clock
from domain.operations import OperationKind, RiskCode
from eventstream import OperationChanged, publish
from models.database import fetch
from services.item_results import ClaimedItem, sim_ref

# An item waits while another of its SIM is in flight, was accepted earlier, or (its own kind only, and never a lock or
# unlock) still waits for its confirmation or is unknown within its window.
_HEAD = """
SELECT i.id FROM operation_item i
WHERE i.account_id = $1 AND i.state = 'QUEUED' AND (i.not_before IS NULL OR i.not_before <= $2)
  AND NOT EXISTS (
    SELECT 1 FROM operation_item o WHERE o.sim_id = i.sim_id AND o.id <> i.id AND (
      o.state = 'CALLING' OR (o.state = 'QUEUED' AND o.accept_seq < i.accept_seq)
      OR (o.kind = i.kind AND i.kind NOT IN ('LOCK', 'UNLOCK')
          AND (o.state = 'AWAITING_CONFIRMATION' OR (o.state = 'UNKNOWN' AND o.deadline_at > $2)))))
"""

_CLAIM = f"""
WITH head AS MATERIALIZED (
  {_HEAD} ORDER BY i.priority, i.turn, i.id LIMIT $3 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE operation_item i SET state = 'CALLING', holder_id = $4, attempt = i.attempt + 1, started_at = $2,
         not_before = NULL
  FROM head WHERE i.id = head.id
  RETURNING i.*
), counted AS (
  UPDATE operation o SET queued = o.queued - d.n, calling = o.calling + d.n, state = 'RUNNING', finished_at = NULL,
         revision = o.revision + 1
  FROM (SELECT operation_id, count(*) AS n FROM taken GROUP BY operation_id) d WHERE o.id = d.operation_id
  RETURNING o.id, o.accepted_risks, o.started_by_id
), served AS (
  UPDATE operator_account a SET served_turn = greatest(a.served_turn, t.turn)
  FROM (SELECT max(turn) AS turn FROM taken) t WHERE a.id = $1 AND t.turn IS NOT NULL
)
SELECT t.id, t.attempt, t.attempts_before, t.operation_id, t.company_id, t.sim_id, t.kind, p.code AS profile_code,
       s.iccid, s.imsi, s.msisdn,
       s.operator_ref, s.lock_mask, s.observed_blocked, s.session_active, s.session_ended_at, s.session_as_of,
       s.reset_accepted_at, c.accepted_risks, c.started_by_id, coalesce(u.name, 'NovaConnect') AS started_by,
       EXISTS (SELECT 1 FROM operation_item o WHERE o.sim_id = t.sim_id AND o.id <> t.id AND o.state = 'UNKNOWN'
               AND o.kind IN ('LOCK', 'UNLOCK') AND (s.observed_at IS NULL OR o.finished_at > s.observed_at)) AS lock_unknown
FROM taken t JOIN counted c ON c.id = t.operation_id JOIN sim s ON s.id = t.sim_id JOIN profile p ON p.id = s.profile_id
LEFT JOIN user_account u ON u.id = c.started_by_id
"""  # noqa: S608 - the text is assembled from constants of this file

_DUE_CHECKS = """
WITH due AS MATERIALIZED (
  SELECT id FROM operation_item
  WHERE account_id = $1 AND check_at <= $2 AND state IN ('AWAITING_CONFIRMATION', 'UNKNOWN')
  ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE operation_item i SET check_at = $2 + interval '1 minute', checks = i.checks + 1
  FROM due WHERE i.id = due.id RETURNING i.*
)
SELECT t.id, t.attempt, t.operation_id, t.company_id, t.sim_id, t.kind, t.state, t.checks, t.handle, t.accepted_at,
       t.started_at, t.deadline_at, t.outcome_code, t.outcome_message, p.code AS profile_code,
       s.iccid, s.imsi, s.msisdn, s.operator_ref, s.lock_mask, coalesce(u.name, 'NovaConnect') AS started_by,
       o.started_by_id,
       EXISTS (SELECT 1 FROM operation_item n WHERE n.sim_id = t.sim_id AND n.kind IN ('LOCK', 'UNLOCK')
               AND n.accept_seq > t.accept_seq AND n.state <> 'QUEUED' AND n.started_at IS NOT NULL) AS superseded
FROM taken t JOIN operation o ON o.id = t.operation_id JOIN sim s ON s.id = t.sim_id JOIN profile p ON p.id = s.profile_id
LEFT JOIN user_account u ON u.id = o.started_by_id
"""


async def claim_items(account_id: int, holder_id: int, limit: int) -> list[ClaimedItem]:
    """Claim at most `limit` items for a lease holder. They are in flight from here on: a crash makes them unknown."""
    now = clock.now()
    rows = await fetch(_CLAIM, account_id, now, limit, holder_id)
    if rows:
        await publish({OperationChanged(row["company_id"], row["operation_id"]) for row in rows})
    return [_claimed(row, now) for row in rows]


async def claim_due_checks(account_id: int, limit: int) -> Sequence[asyncpg.Record]:
    """Items whose confirmation or settlement is due. Each is put off by a minute first, so that a crash only delays it."""
    return await fetch(_DUE_CHECKS, account_id, clock.now(), limit)


def _claimed(row: asyncpg.Record, now: datetime) -> ClaimedItem:
    return ClaimedItem(
        id=row["id"],
        attempt=row["attempt"],
        tries=row["attempt"] - row["attempts_before"],
        operation_id=row["operation_id"],
        company_id=row["company_id"],
        sim_id=row["sim_id"],
        kind=OperationKind(row["kind"]),
        profile_code=row["profile_code"],
        ref=sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"]),
        lock_mask=row["lock_mask"],
        observed_blocked=row["observed_blocked"],
        session_active=row["session_active"],
        session_ended_at=row["session_ended_at"],
        session_as_of=row["session_as_of"],
        reset_accepted_at=row["reset_accepted_at"],
        lock_unknown=row["lock_unknown"],
        accepted_risks=frozenset(RiskCode(risk) for risk in row["accepted_risks"]),
        started_at=now,
        started_by=row["started_by"],
        started_by_id=row["started_by_id"],
    )
