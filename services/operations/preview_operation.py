"""What a change would do, SIM by SIM, before anything is done."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from access import Principal
from domain.changes import IN_DATABASE, Change
from domain.decisions import Ruling, Verdict
from domain.operations import RiskCode
from domain.sim_filter import Selection
from models.database import fetch
from services.operations.change_cost import ChangeCost, cost_of
from services.operations.eta import seconds_to_drain
from services.operations.evidence import evidence
from services.operations.judge_selection import JudgedSims, judge_selection


class PreviewVerdict(StrEnum):
    """What would become of an item: it runs, is refused, or is refused unless its risk is accepted."""

    WILL_RUN = "WILL_RUN"
    REFUSED = "REFUSED"
    RISKY = "RISKY"


@dataclass(frozen=True, slots=True)
class PreviewGroup:
    """SIMs that get the same answer; `code` and `message` are None where it simply runs."""

    verdict: PreviewVerdict
    code: str | None
    message: str | None
    count: int


@dataclass(frozen=True, slots=True)
class OperationPreview:
    """The whole selection in figures. `eta_seconds` counts what runs behind everything already queued.

    `cost` is of the SIMs that would run; None for a change that costs nothing.
    """

    total: int
    will_run: int
    refused: int
    risky: int
    eta_seconds: int
    cost: ChangeCost | None
    groups: tuple[PreviewGroup, ...]


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """One SIM's answer, with the stored facts it rests on."""

    sim_id: int
    verdict: PreviewVerdict
    code: str | None
    message: str | None
    evidence: str


async def preview_operation(
    principal: Principal, change: Change, selection: Selection, accept_risks: frozenset[RiskCode]
) -> OperationPreview:
    """Judge a selection as `accept_operation` would. Raises the same errors; stores nothing."""
    judged = await judge_selection(principal, change, selection, accept_risks)
    counts: dict[tuple[PreviewVerdict, str | None, str | None], int] = defaultdict(int)
    runs: dict[int, int] = defaultdict(int)
    for group in judged:
        verdict = _verdict(group.verdict)
        counts[(verdict, group.verdict.code and group.verdict.code.value, group.verdict.message or None)] += len(
            group.sim_ids
        )
        if verdict is PreviewVerdict.WILL_RUN and group.account_id is not None and change.kind not in IN_DATABASE:
            runs[group.account_id] += len(group.sim_ids)
    groups = tuple(PreviewGroup(*key, count) for key, count in sorted(counts.items(), key=lambda entry: -entry[1]))
    by_verdict = {
        verdict: sum(group.count for group in groups if group.verdict is verdict) for verdict in PreviewVerdict
    }
    return OperationPreview(
        total=sum(by_verdict.values()),
        will_run=by_verdict[PreviewVerdict.WILL_RUN],
        refused=by_verdict[PreviewVerdict.REFUSED],
        risky=by_verdict[PreviewVerdict.RISKY],
        eta_seconds=await seconds_to_drain(runs),
        cost=cost_of(change, [group for group in judged if group.verdict.ruling is Ruling.CALL]),
        groups=groups,
    )


async def preview_items(
    principal: Principal,
    change: Change,
    selection: Selection,
    accept_risks: frozenset[RiskCode],
    *,
    after_sim_id: int,
    limit: int,
) -> list[PreviewItem]:
    """The answers for the first `limit` SIMs with an id above `after_sim_id`, in order of id."""
    judged = await judge_selection(principal, change, selection, accept_risks)
    group_of = {sim_id: group for group in judged for sim_id in group.sim_ids if sim_id > after_sim_id}
    chosen = sorted(group_of)[:limit]
    facts = {row["id"]: row for row in await fetch(_FACTS, chosen)}
    return [_item(change, sim_id, group_of[sim_id], facts[sim_id]) for sim_id in chosen]


_FACTS = """
SELECT id, session_active, session_started_at, session_ended_at, session_as_of, reset_accepted_at, msu_count, msu_before,
  msu_changed_at, limit_mb, limit_used_bytes, limit_as_of, package_plan, package_mb, package_remaining_bytes, package_ends_at,
  package_as_of, roaming_change_until
FROM sim
WHERE id = ANY($1::bigint[])
"""


def _verdict(verdict: Verdict) -> PreviewVerdict:
    if verdict.ruling is Ruling.REFUSED:
        return PreviewVerdict.RISKY if verdict.risk is not None else PreviewVerdict.REFUSED
    return PreviewVerdict.WILL_RUN


def _item(change: Change, sim_id: int, group: JudgedSims, facts: asyncpg.Record) -> PreviewItem:
    verdict = group.verdict
    code = verdict.code.value if verdict.code else None
    return PreviewItem(
        sim_id, _verdict(verdict), code, verdict.message or None, evidence(change.kind, group.situation, facts)
    )
