"""Judging a selection as a set: SIMs in like situations are judged once, by the pure rule, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import Principal, limit_to_visible
from domain.clock import clock
from domain.decisions import LIVE_FOR, RESET_WINDOW, Situation, Verdict, judge, weigh
from domain.errors import EmptySelection, InvalidValue, NotFound, TooManySims
from domain.locks import BIT, LockKind
from domain.operations import MAX_SIMS, OperationKind, RiskCode
from domain.sim_filter import Selection
from drivers.registry import registry
from models.database import fetch
from models.where import Where
from services.sim_filter import apply_filter


@dataclass(frozen=True, slots=True)
class JudgedSims:
    """SIMs of one profile and company in one situation, with the verdict on all of them; ids ascending."""

    profile_id: int
    profile_code: str
    account_id: int | None
    company_id: int
    situation: Situation
    verdict: Verdict
    sim_ids: list[int]


# OFFSET 0 keeps the planner to the index on the SIM (see `services.claim_items`).
_CHANGE_PENDING = """EXISTS (
  SELECT 1 FROM (SELECT * FROM operation_item WHERE sim_id = c.id OFFSET 0) i WHERE i.kind IN ('LOCK', 'UNLOCK')
    AND (i.state IN ('QUEUED', 'CALLING', 'AWAITING_CONFIRMATION')
         OR (i.state = 'UNKNOWN' AND (c.observed_at IS NULL OR i.finished_at > c.observed_at))))"""

# Looked up only where the rule (`domain.decisions`) asks for it: for most SIMs it does not.
_PENDING = {
    OperationKind.LOCK: f"CASE WHEN c.lock_mask <> 0 AND c.observed_blocked THEN {_CHANGE_PENDING} ELSE FALSE END",
    OperationKind.UNLOCK: f"CASE WHEN c.lock_mask = {BIT[LockKind.VOLUNTARY]} THEN FALSE ELSE {_CHANGE_PENDING} END",
}


async def judge_selection(
    principal: Principal, kind: OperationKind, selection: Selection, accepted: frozenset[RiskCode]
) -> list[JudgedSims]:
    """The selected SIMs by situation. `accepted` risks are weighed in.

    Raises the typed errors of a selection that is empty, too large, ambiguous, names a SIM the principal cannot see, or
    spans companies. One snapshot: call it inside the transaction that acts on the answer.
    """
    selection.require_clear()
    where = Where()
    if selection.ids is not None:
        limit_to_visible(principal, where, "s")
        where.add(f"s.id = ANY({where.bind(list(set(selection.ids)))}::bigint[])")
    else:
        assert selection.filter is not None
        await apply_filter(principal, selection.filter, where, "s")
    rows = await fetch(_query(where, kind, clock.now()), *where.arguments)
    judged = [_judged(row, kind, accepted) for row in rows]
    _check(selection, judged)
    return judged


def _query(where: Where, kind: OperationKind, now: datetime) -> str:
    live_since, reset_since = where.bind(now - LIVE_FOR), where.bind(now - RESET_WINDOW)
    limit = where.bind(MAX_SIMS + 1)
    pending = _PENDING.get(kind, "FALSE")
    return f"""
        WITH chosen AS MATERIALIZED (SELECT s.* FROM sim s WHERE {where.sql} LIMIT {limit})
        SELECT p.id AS profile_id, p.code, p.account_id, c.company_id, c.lock_mask, c.observed_blocked,
          (c.session_as_of IS NULL OR c.session_active IS NOT FALSE
           OR coalesce(c.session_ended_at > {live_since}, FALSE)) AS live,
          coalesce(c.reset_accepted_at > {reset_since}, FALSE) AS resetting, {pending} AS pending,
          array_agg(c.id ORDER BY c.id) AS ids
        FROM chosen c JOIN profile p ON p.id = c.profile_id
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 4, 5
    """  # noqa: S608 - conditions carry placeholders only


def _judged(row: asyncpg.Record, kind: OperationKind, accepted: frozenset[RiskCode]) -> JudgedSims:
    get = row.__getitem__
    situation = Situation(get("lock_mask"), get("observed_blocked"), get("live"), get("resetting"), get("pending"))
    verdict = weigh(judge(kind, situation, registry().traits(get("code"))), accepted)
    return JudgedSims(
        get("profile_id"), get("code"), get("account_id"), get("company_id"), situation, verdict, get("ids")
    )


def _check(selection: Selection, judged: list[JudgedSims]) -> None:
    count = sum(len(group.sim_ids) for group in judged)
    if selection.ids is not None and count < len(set(selection.ids)):
        raise NotFound("At least one SIM of the selection does not exist: check the ids.", path=("selection", "ids"))
    if count == 0:
        raise EmptySelection("The selection matches no SIM: widen the filter.", path=("selection", "filter"))
    if count > MAX_SIMS:
        raise TooManySims(
            f"An operation takes at most {MAX_SIMS} SIMs: narrow the filter or split it.", path=("selection",)
        )
    if len({group.company_id for group in judged}) > 1:
        raise InvalidValue(
            "The selection spans several companies: an operation belongs to one; add companyIds to the filter.",
            path=("selection",),
        )
