"""What may be done to a SIM as it stands: judged once at acceptance for sets of like SIMs, and again right before the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.locks import BIT, HOW_TO_LIFT, LockKind, kinds_of, weightiest
from domain.operations import OperationKind, RiskCode
from domain.outcomes import OutcomeCode

LIVE_FOR = timedelta(hours=24)
"""A device counts as live for so long after its last data session ended."""

RESET_WINDOW = timedelta(hours=10)
"""How long a cancel location may take (guide, "Перезагрузка"); a second one within it is a risk."""

LOCK_OF: dict[OperationKind, LockKind] = {
    OperationKind.LOCK: LockKind.VOLUNTARY,
    OperationKind.UNLOCK: LockKind.VOLUNTARY,
    OperationKind.SET_VIOLATION_LOCK: LockKind.VIOLATION,
    OperationKind.LIFT_VIOLATION_LOCK: LockKind.VIOLATION,
    OperationKind.SET_FINANCIAL_LOCK: LockKind.FINANCIAL,
    OperationKind.LIFT_FINANCIAL_LOCK: LockKind.FINANCIAL,
    OperationKind.RECONNECT_PACKAGE: LockKind.PACKAGE,
}
"""The lock reason that a kind sets or lifts."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a profile can do, as far as decisions need it: sizes in MB, `largest_limit_mb` None where none is known."""

    usable: frozenset[OperationKind]
    lock_raises_msu: bool
    largest_limit_mb: int | None = None
    package_sizes: frozenset[int] = frozenset()
    roaming_sizes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about a SIM that a decision depends on.

    `live`: a data session is open, ended less than `LIVE_FOR` ago, or nothing is known. `resetting`: a cancel location was
    accepted within `RESET_WINDOW`. `change_pending`: another lock or unlock of this SIM is not settled yet, so what stands
    now may not be what stands when its turn comes. `msu_rising`: the MSU count rose within `LIVE_FOR`, which no SIM in a
    drawer does. `over_limit`: the limit asked for is below what is used this month. `package_left`: the package is not used
    up. `reopens_on`: the roaming plan is being changed until the day before. `stands`: what is asked for is so already.
    `unfit_size`: the package size asked for does not exist on the roaming plan of the SIM.
    """

    lock_mask: int
    observed_blocked: bool | None
    live: bool
    resetting: bool
    change_pending: bool = False
    msu_rising: bool = False
    over_limit: bool = False
    package_left: bool = False
    reopens_on: date | None = None
    stands: bool = False
    unfit_size: bool = False


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
    return _RULES[kind](kind, situation, traits)


def _judge_lock(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    if situation.observed_blocked and situation.lock_mask and not situation.change_pending:
        own = BIT[LOCK_OF[kind]]
        code = OutcomeCode.ALREADY_LOCKED if situation.lock_mask & own else OutcomeCode.APPLIED
        return Verdict(Ruling.SETTLED, code, "The operator already blocks this SIM; nothing had to be sent.")
    if traits.lock_raises_msu and situation.live:
        return _risky(
            RiskCode.MSU_LOCK,
            "This SIM is in a live device, or that is not known: locking it can trigger an irrevocable MSU lock."
            " Take it out of the device, or accept the risk MSU_LOCK.",
        )
    if traits.lock_raises_msu and situation.msu_rising:
        return _risky(
            RiskCode.MSU_LOCK,
            "The MSU count of this SIM rose within the last 24 hours, so it is in a live device: locking it can trigger an"
            " irrevocable MSU lock. Take it out of the device, or accept the risk MSU_LOCK.",
        )
    return CALL


def _judge_unlock(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    own = BIT[LOCK_OF[kind]]
    remaining = situation.lock_mask & ~own
    if situation.change_pending:
        # Whatever becomes of the other change, the operator's block stays on while another reason stands.
        return Verdict(Ruling.SETTLED, OutcomeCode.STILL_LOCKED, still_locked(remaining)) if remaining else CALL
    if situation.lock_mask & own:
        if not remaining:
            return CALL
        return Verdict(Ruling.SETTLED, OutcomeCode.STILL_LOCKED, still_locked(remaining))
    if kind is not OperationKind.UNLOCK:
        return Verdict(Ruling.REFUSED, OutcomeCode.NOT_LOCKED, f"This SIM has no lock {LOCK_OF[kind].value} to lift.")
    if remaining:
        weighty = weightiest(remaining)
        assert weighty is not None
        return Verdict(Ruling.REFUSED, _LOCKED_BY[weighty], still_locked(remaining))
    if situation.observed_blocked and traits.package_sizes and not situation.package_left:
        # Its package may have ended without our having read it; to unblock it would start, and charge, a new one.
        return Verdict(
            Ruling.REFUSED,
            OutcomeCode.NOT_LOCKED,
            "The operator blocks this SIM though nobody locked it here; its package may have ended."
            " Look at it with simLive, then reconnect the package.",
        )
    if situation.observed_blocked:
        return CALL  # the operator blocks what nobody asked to be blocked: unlocking mends the drift
    return Verdict(Ruling.REFUSED, OutcomeCode.NOT_LOCKED, "This SIM is not locked; there is nothing to unlock.")


def _judge_reset(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    if situation.resetting:
        return _risky(
            RiskCode.RESET_UNDER_WAY,
            "A reset of this SIM was accepted less than 10 hours ago: wait, or accept the risk RESET_UNDER_WAY.",
        )
    return CALL


def _judge_limit(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    if situation.over_limit:
        return _risky(
            RiskCode.LIMIT_BELOW_USED,
            "This SIM has used more than that this month, so its data would stop at once: give a larger limit, or accept"
            " the risk LIMIT_BELOW_USED.",
        )
    return CALL


def _judge_package(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    if situation.reopens_on is not None:
        return Verdict(
            Ruling.REFUSED,
            OutcomeCode.ROAMING_CHANGE_UNDER_WAY,
            "The roaming plan of this SIM is being changed; its package can be changed again from"
            f" {situation.reopens_on.isoformat()}.",
        )
    if situation.unfit_size:
        sizes = ", ".join(str(size) for size in sorted(traits.roaming_sizes))
        return Verdict(
            Ruling.REFUSED,
            OutcomeCode.ROAMING_PACKAGE_SIZE,
            f"This SIM roams in all countries, for which packages have {sizes} MB: switch roaming off for other sizes.",
        )
    if situation.stands:
        return Verdict(Ruling.SETTLED, OutcomeCode.APPLIED, "It stands so already; nothing had to be sent.")
    if kind is OperationKind.RECONNECT_PACKAGE and situation.package_left:
        return _risky(
            RiskCode.PACKAGE_LEFT,
            "The package of this SIM is not used up: what remains would be lost and a new one charged. Wait, or accept the"
            " risk PACKAGE_LEFT.",
        )
    return CALL


def _judge_ours(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    return CALL


def _judge_move(kind: OperationKind, situation: Situation, traits: Traits) -> Verdict:
    # What comes of the other operation belongs to the company that asked for it.
    if situation.change_pending:
        return Verdict(
            Ruling.REFUSED,
            OutcomeCode.CHANGE_UNDER_WAY,
            "Another operation on this SIM is not settled yet: move it when that has ended.",
        )
    return CALL


_RULES: dict[OperationKind, Callable[[OperationKind, Situation, Traits], Verdict]] = {
    OperationKind.LOCK: _judge_lock,
    OperationKind.UNLOCK: _judge_unlock,
    OperationKind.CANCEL_LOCATION: _judge_reset,
    OperationKind.SET_LIMIT: _judge_limit,
    OperationKind.CHANGE_PACKAGE: _judge_package,
    OperationKind.RECONNECT_PACKAGE: _judge_package,
    OperationKind.SET_ROAMING: _judge_package,
    OperationKind.RENAME: _judge_ours,
    OperationKind.ASSIGN_GROUPS: _judge_ours,
    OperationKind.MOVE: _judge_move,
    OperationKind.SET_VIOLATION_LOCK: _judge_lock,
    OperationKind.LIFT_VIOLATION_LOCK: _judge_unlock,
    OperationKind.SET_FINANCIAL_LOCK: _judge_lock,
    OperationKind.LIFT_FINANCIAL_LOCK: _judge_unlock,
}


def _risky(risk: RiskCode, message: str) -> Verdict:
    return Verdict(Ruling.RISKY, OutcomeCode(risk.value), message, risk)


def still_locked(remaining: int) -> str:
    """The sentence about a SIM that these reasons keep locked, with all of them by name."""
    kind = weightiest(remaining)
    assert kind is not None
    names = ", ".join(each.value for each in kinds_of(remaining))
    return f"The SIM stays locked ({names}). {HOW_TO_LIFT[kind]}"


def weigh(verdict: Verdict, accepted: frozenset[RiskCode]) -> Verdict:
    """The verdict once the accepted risks are known: an accepted risk runs, another is refused with the risk's code."""
    if verdict.ruling is not Ruling.RISKY:
        return verdict
    if verdict.risk in accepted:
        return CALL
    return Verdict(Ruling.REFUSED, verdict.code, verdict.message, verdict.risk)
