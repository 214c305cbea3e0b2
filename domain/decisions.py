"""What may be done to a SIM as it stands: judged once at acceptance for sets of like SIMs, and again right before the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.locks import BIT, HOW_TO_LIFT, LockKind, weightiest
from domain.operations import OperationKind, RiskCode
from domain.outcomes import OutcomeCode

LIVE_FOR = timedelta(hours=24)
"""A device counts as live for so long after its last data session ended."""

RESET_WINDOW = timedelta(hours=10)
"""How long a cancel location may take (guide, "Перезагрузка"); a second one within it is a risk."""

_VOLUNTARY = BIT[LockKind.VOLUNTARY]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a profile can do, as far as decisions need it."""

    usable: frozenset[OperationKind]
    lock_raises_msu: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about a SIM that a decision depends on.

    `live`: a data session is open, ended less than `LIVE_FOR` ago, or nothing is known. `resetting`: a cancel location was
    accepted within `RESET_WINDOW`. `change_pending`: another lock or unlock of this SIM is not settled yet, so what stands
    now may not be what stands when its turn comes.
    """

    lock_mask: int
    observed_blocked: bool | None
    live: bool
    resetting: bool
    change_pending: bool = False


class Ruling(StrEnum):
    """What happens to an item: call the operator, end well without a call, refuse, or refuse unless the risk is accepted."""

    CALL = "CALL"
    SETTLED = "SETTLED"
    REFUSED = "REFUSED"
    RISKY = "RISKY"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling with its reason. `risk` is set when the ruling is RISKY, or
    REFUSED for a risk that was not accepted."""

    ruling: Ruling
    code: OutcomeCode | None = None
    message: str = ""
    risk: RiskCode | None = None


CALL = Verdict(Ruling.CALL)

_LOCKED_BY: dict[LockKind, OutcomeCode] = {
    LockKind.MSU: OutcomeCode.MSU_LOCKED,
    LockKind.VIOLATION: OutcomeCode.VIOLATION_LOCKED,
    LockKind.FINANCIAL: OutcomeCode.FINANCIAL_LOCKED,
    LockKind.PACKAGE: OutcomeCode.PACKAGE_LOCKED,
}


def is_live(active: bool | None, ended_at: datetime | None, as_of: datetime | None, now: datetime) -> bool:
    """Whether a SIM must be taken to sit in a live device; what is not known counts as live (DESIGN §4)."""
    if as_of is None or active is None or active:
        return True
    return ended_at is not None and ended_at > now - LIVE_FOR


def judge(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    """What would happen to a SIM in this situation; risks are named, not yet weighed against what was accepted."""
    if kind not in traits.usable:
        return Verdict(
            Ruling.REFUSED, OutcomeCode.UNSUPPORTED, "The operator of this profile does not offer this action."
        )
    if kind is OperationKind.LOCK:
        return _judge_lock(situation, traits)
    if kind is OperationKind.UNLOCK:
        return _judge_unlock(situation)
    if situation.resetting:
        return Verdict(
            Ruling.RISKY,
            OutcomeCode.RESET_UNDER_WAY,
            "A reset of this SIM was accepted less than 10 hours ago: wait, or accept the risk RESET_UNDER_WAY.",
            RiskCode.RESET_UNDER_WAY,
        )
    return CALL


def _judge_lock(situation: Situation, traits: Traits) -> Verdict:
    if situation.observed_blocked and situation.lock_mask and not situation.change_pending:
        code = OutcomeCode.ALREADY_LOCKED if situation.lock_mask & _VOLUNTARY else OutcomeCode.APPLIED
        return Verdict(Ruling.SETTLED, code, "The operator already blocks this SIM; nothing had to be sent.")
    if traits.lock_raises_msu and situation.live:
        return Verdict(
            Ruling.RISKY,
            OutcomeCode.MSU_LOCK,
            "This SIM is in a live device, or that is not known: locking it can trigger an irrevocable MSU lock."
            " Take it out of the device, or accept the risk MSU_LOCK.",
            RiskCode.MSU_LOCK,
        )
    return CALL


def _judge_unlock(situation: Situation) -> Verdict:
    if situation.change_pending:
        return CALL
    remaining = situation.lock_mask & ~_VOLUNTARY
    if situation.lock_mask & _VOLUNTARY:
        if not remaining:
            return CALL
        return Verdict(Ruling.SETTLED, OutcomeCode.STILL_LOCKED, _still_locked(remaining))
    if remaining:
        kind = weightiest(remaining)
        assert kind is not None
        return Verdict(Ruling.REFUSED, _LOCKED_BY[kind], _still_locked(remaining))
    if situation.observed_blocked:
        return CALL  # the operator blocks what nobody asked to be blocked: unlocking mends the drift
    return Verdict(Ruling.REFUSED, OutcomeCode.NOT_LOCKED, "This SIM is not locked; there is nothing to unlock.")


def _still_locked(remaining: int) -> str:
    kind = weightiest(remaining)
    assert kind is not None
    return f"The SIM stays locked ({kind.value}). {HOW_TO_LIFT[kind]}"


def weigh(verdict: Verdict, accepted: frozenset[RiskCode]) -> Verdict:
    """The verdict once the accepted risks are known: an accepted risk runs, another is refused with the risk's code."""
    if verdict.ruling is not Ruling.RISKY:
        return verdict
    if verdict.risk in accepted:
        return CALL
    return Verdict(Ruling.REFUSED, verdict.code, verdict.message, verdict.risk)
