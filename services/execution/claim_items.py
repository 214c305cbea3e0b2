"""Taking work: the next items of an operator account, in fair order, set to CALLING before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import orjson

from domain.changes import change_of
from domain.clock import clock
from domain.operations import LOCK_KINDS, OperationKind, RiskCode
from eventstream import OperationChanged, publish
from models.database import fetch
from novaconnect_sdk import SimRef
from services.execution.item_results import ClaimedItem, SimFacts, sim_ref
from services.execution.superseded import superseded

# OFFSET 0 keeps the planner from combining the index on the SIM with the partial ones on the state: with a hundred
# thousand items queued and the statistics of an hour ago it would read all of them for each item.
_OF_SIM = "(SELECT * FROM operation_item WHERE sim_id = {0}.sim_id AND id <> {0}.id OFFSET 0)"

# A change that is no lock waits while another of its kind is not confirmed, or is unknown within its window; `{0}` is the
# waiting item.
_HELD_BY_ITS_KIND = f"""{{0}}.kind NOT IN {LOCK_KINDS} AND EXISTS (
  SELECT 1 FROM {_OF_SIM} w WHERE w.kind = {{0}}.kind
    AND (w.state = 'AWAITING_CONFIRMATION' OR (w.state = 'UNKNOWN' AND w.deadline_at > $2)))"""  # noqa: S608 - constants of this file

# An item waits while another of its SIM is in flight, was accepted earlier (unless that one is held back by its own kind,
# which may take hours, and this one is a lock or unlock), or while it is held back by its own kind itself.
_HEAD = f"""
SELECT i.id FROM operation_item i
WHERE i.account_id = $1 AND i.state = 'QUEUED' AND (i.not_before IS NULL OR i.not_before <= $2)
  AND EXISTS (SELECT 1 FROM lease_holder h WHERE h.id = $4 AND h.ended_at IS NULL)
  AND NOT ({_HELD_BY_ITS_KIND.format("i")})
  AND NOT EXISTS (
    SELECT 1 FROM {_OF_SIM.format("i")} o WHERE (
      o.state = 'CALLING' OR (o.state = 'QUEUED' AND o.accept_seq < i.accept_seq
        AND NOT (i.kind IN {LOCK_KINDS} AND {_HELD_BY_ITS_KIND.format("o")}))))
"""  # noqa: S608 - the text is assembled from constants of this file

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
  RETURNING o.id, o.accepted_risks, o.started_by_id, o.parameters
), served AS (
  UPDATE operator_account a SET served_turn = greatest(a.served_turn, t.turn)
  FROM (SELECT max(turn) AS turn FROM taken WHERE priority > 0) t WHERE a.id = $1 AND t.turn IS NOT NULL
)
SELECT t.id, t.attempt, t.attempts_before, t.operation_id, t.company_id, t.sim_id, t.kind, p.code AS profile_code,
       s.iccid, s.imsi, s.msisdn,
       s.operator_ref, s.lock_mask, s.observed_blocked, s.session_active, s.session_ended_at, s.session_as_of,
       s.reset_accepted_at, s.msu_count, s.msu_before, s.msu_changed_at, s.limit_used_bytes, s.limit_as_of, s.roaming,
       s.package_remaining_bytes, s.package_ends_at, s.roaming_change_until, m.country, c.parameters,
       c.accepted_risks, c.started_by_id, coalesce(u.name, 'NovaConnect') AS started_by,
       EXISTS (SELECT 1 FROM {_OF_SIM.format("t")} o WHERE o.kind IN {LOCK_KINDS} AND (o.state = 'AWAITING_CONFIRMATION'
               OR (o.state = 'UNKNOWN' AND (s.observed_at IS NULL OR o.finished_at > s.observed_at)))) AS lock_pending
FROM taken t JOIN counted c ON c.id = t.operation_id JOIN sim s ON s.id = t.sim_id JOIN profile p ON p.id = s.profile_id
JOIN company m ON m.id = t.company_id
LEFT JOIN user_account u ON u.id = c.started_by_id
"""  # noqa: S608 - the text is assembled from constants of this file

_DUE_CHECKS = f"""
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
       o.started_by_id, o.parameters,
       {superseded("t")} AS superseded
FROM taken t JOIN operation o ON o.id = t.operation_id JOIN sim s ON s.id = t.sim_id JOIN profile p ON p.id = s.profile_id
LEFT JOIN user_account u ON u.id = o.started_by_id
"""  # noqa: S608 - the text is assembled from constants


async def claim_items(account_id: int, holder_id: int, limit: int) -> list[ClaimedItem]:
    """Claim at most `limit` items for a lease holder, none for one that was taken for dead.

    They are in flight from here on: a crash makes them unknown.
    """
    now = clock.now()
    rows = await fetch(_CLAIM, account_id, now, limit, holder_id)
    if rows:
        await publish({OperationChanged(row["company_id"], row["operation_id"]) for row in rows})
    return [_claimed(row, now) for row in rows]


async def claim_due_checks(account_id: int, limit: int) -> Sequence[asyncpg.Record]:
    """Items whose confirmation or settlement is due. Each is put off by a minute first, so that a crash only delays it."""
    return await fetch(_DUE_CHECKS, account_id, clock.now(), limit)


def _readable_ref(row: asyncpg.Record) -> SimRef | None:
    """None for numbers that are not in their form: one such SIM must not take the others of its claim with it."""
    try:
        return sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"])
    except ValueError:
        return None


def _claimed(row: asyncpg.Record, now: datetime) -> ClaimedItem:
    return ClaimedItem(
        id=row["id"],
        attempt=row["attempt"],
        tries=row["attempt"] - row["attempts_before"],
        operation_id=row["operation_id"],
        company_id=row["company_id"],
        sim_id=row["sim_id"],
        change=change_of(OperationKind(row["kind"]), orjson.loads(row["parameters"])),
        profile_code=row["profile_code"],
        readable_ref=_readable_ref(row),
        lock_mask=row["lock_mask"],
        observed_blocked=row["observed_blocked"],
        session_active=row["session_active"],
        session_ended_at=row["session_ended_at"],
        session_as_of=row["session_as_of"],
        reset_accepted_at=row["reset_accepted_at"],
        facts=SimFacts(*(row[name] for name in SimFacts.__dataclass_fields__)),
        lock_pending=row["lock_pending"],
        accepted_risks=frozenset(RiskCode(risk) for risk in row["accepted_risks"]),
        started_at=now,
        started_by=row["started_by"],
        started_by_id=row["started_by_id"],
    )
