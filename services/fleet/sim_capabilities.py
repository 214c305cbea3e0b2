"""What the one who asks can do with each SIM as it stands: what its driver declares, judged by the rules of operations."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from access import Principal
from domain.decisions import Ruling
from domain.errors import Forbidden
from domain.operations import OperationKind, RiskCode
from domain.outcomes import OutcomeCode
from drivers.registry import registry
from novaconnect_sdk import Action, Capability
from services.operations.judge_selection import JudgedSims, verdicts_of_sims


@dataclass(frozen=True, slots=True)
class JudgedCapability:
    """One action on one SIM: `code` and `message` say why it is not available, or why `risk` must be accepted for it."""

    capability: Capability
    available: bool
    code: OutcomeCode | None = None
    message: str = ""
    risk: RiskCode | None = None


async def capabilities_of_sims(principal: Principal, sim_ids: list[int]) -> dict[int, list[JudgedCapability]]:
    """One entry for every action, for each of the SIMs that the principal may see; a query an action.

    SIMs in the same situation share one list.
    """
    may_write = True
    try:
        principal.require_write()
    except Forbidden:
        may_write = False
    found: dict[int, list[JudgedCapability]] = defaultdict(list)
    for action in Action:
        for group in await verdicts_of_sims(principal, OperationKind(action.value), sim_ids):
            judged = _judged(action, group, may_write)
            for sim_id in group.sim_ids:
                found[sim_id].append(judged)
    alike: dict[tuple[int, ...], list[JudgedCapability]] = {}
    return {sim_id: alike.setdefault(tuple(map(id, judged)), judged) for sim_id, judged in found.items()}


def _judged(action: Action, group: JudgedSims, may_write: bool) -> JudgedCapability:
    capability, verdict = registry().capability(group.profile_code, action), group.verdict
    if capability.usable and not may_write:
        message = "Your role only allows looking: ask an owner or manager of your company to do this."
        return JudgedCapability(capability, False, OutcomeCode.ROLE_FORBIDS, message)
    if verdict.ruling is not Ruling.REFUSED:
        return JudgedCapability(capability, True)
    return JudgedCapability(capability, verdict.risk is not None, verdict.code, verdict.message, verdict.risk)
