"""What may be done to a SIM as it stands: the rules of the guide, and properties that hold in every situation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decisions import LIVE_FOR, Ruling, Situation, Traits, is_live, judge, weigh
from domain.locks import BIT, HOW_TO_LIFT, LockKind, kinds_of, mask_of, weightiest
from domain.operations import OperationKind, RiskCode
from domain.outcomes import OutcomeCode

LOCK, UNLOCK, RESET = OperationKind.LOCK, OperationKind.UNLOCK, OperationKind.CANCEL_LOCATION
TC = Traits(frozenset(OperationKind), lock_raises_msu=True)
TD = Traits(frozenset(OperationKind), lock_raises_msu=False)
PACKAGED = Traits(frozenset(OperationKind), lock_raises_msu=False, package_sizes=frozenset({15}))
VK = Traits(frozenset(), lock_raises_msu=False)
VOLUNTARY = BIT[LockKind.VOLUNTARY]
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)

situations = st.builds(
    Situation,
    lock_mask=st.sets(st.sampled_from(LockKind)).map(mask_of),
    observed_blocked=st.sampled_from([None, True, False]),
    live=st.booleans(),
    resetting=st.booleans(),
    change_pending=st.booleans(),
)
kinds = st.sampled_from(OperationKind)
traits = st.sampled_from([TC, TD, VK])
risks = st.frozensets(st.sampled_from(RiskCode))


def idle(**changes: object) -> Situation:
    """An unlocked SIM outside of any device, unless `changes` say otherwise."""
    values: dict[str, object] = {"lock_mask": 0, "observed_blocked": False, "live": False, "resetting": False}
    return Situation(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "situation", "of", "ruling", "code"),
    [
        (LOCK, idle(), TC, Ruling.CALL, None),
        (LOCK, idle(live=True), TC, Ruling.RISKY, OutcomeCode.MSU_LOCK),
        (LOCK, idle(live=True), TD, Ruling.CALL, None),
        (LOCK, idle(lock_mask=VOLUNTARY, observed_blocked=True), TC, Ruling.SETTLED, OutcomeCode.ALREADY_LOCKED),
        (LOCK, idle(lock_mask=2, observed_blocked=True), TC, Ruling.SETTLED, OutcomeCode.APPLIED),
        (LOCK, idle(lock_mask=VOLUNTARY, observed_blocked=False), TD, Ruling.CALL, None),
        (LOCK, idle(lock_mask=VOLUNTARY, observed_blocked=None), TD, Ruling.CALL, None),
        (LOCK, idle(observed_blocked=True), TD, Ruling.CALL, None),
        (LOCK, idle(lock_mask=VOLUNTARY, observed_blocked=True, change_pending=True), TD, Ruling.CALL, None),
        (UNLOCK, idle(lock_mask=VOLUNTARY, observed_blocked=True), TC, Ruling.CALL, None),
        (UNLOCK, idle(lock_mask=VOLUNTARY | 2), TC, Ruling.SETTLED, OutcomeCode.STILL_LOCKED),
        (UNLOCK, idle(), TC, Ruling.REFUSED, OutcomeCode.NOT_LOCKED),
        (UNLOCK, idle(change_pending=True), TC, Ruling.CALL, None),
        (UNLOCK, idle(lock_mask=VOLUNTARY, change_pending=True), TC, Ruling.CALL, None),
        (UNLOCK, idle(lock_mask=2, change_pending=True), TC, Ruling.SETTLED, OutcomeCode.STILL_LOCKED),
        (UNLOCK, idle(observed_blocked=True), TC, Ruling.CALL, None),
        (UNLOCK, idle(observed_blocked=True), PACKAGED, Ruling.REFUSED, OutcomeCode.NOT_LOCKED),
        (UNLOCK, idle(observed_blocked=True, package_left=True), PACKAGED, Ruling.CALL, None),
        (UNLOCK, idle(lock_mask=VOLUNTARY, observed_blocked=True), PACKAGED, Ruling.CALL, None),
        (UNLOCK, idle(lock_mask=BIT[LockKind.MSU]), TC, Ruling.REFUSED, OutcomeCode.MSU_LOCKED),
        (UNLOCK, idle(lock_mask=BIT[LockKind.FINANCIAL]), TC, Ruling.REFUSED, OutcomeCode.FINANCIAL_LOCKED),
        (UNLOCK, idle(lock_mask=BIT[LockKind.PACKAGE]), TD, Ruling.REFUSED, OutcomeCode.PACKAGE_LOCKED),
        (UNLOCK, idle(lock_mask=BIT[LockKind.VIOLATION]), TD, Ruling.REFUSED, OutcomeCode.VIOLATION_LOCKED),
        (RESET, idle(), TC, Ruling.CALL, None),
        (RESET, idle(resetting=True), TC, Ruling.RISKY, OutcomeCode.RESET_UNDER_WAY),
        (RESET, idle(lock_mask=VOLUNTARY, live=True), TD, Ruling.CALL, None),
        (LOCK, idle(), VK, Ruling.REFUSED, OutcomeCode.UNSUPPORTED),
    ],
)
def test_the_rules(
    kind: OperationKind, situation: Situation, of: Traits, ruling: Ruling, code: OutcomeCode | None
) -> None:
    verdict = judge(kind, situation, of)

    assert (verdict.ruling, verdict.code) == (ruling, code)


@given(kinds, situations, traits, risks)
def test_a_weighed_verdict_is_never_risky_and_always_says_why(
    kind: OperationKind, situation: Situation, of: Traits, accepted: frozenset[RiskCode]
) -> None:
    verdict = weigh(judge(kind, situation, of), accepted)

    assert verdict.ruling is not Ruling.RISKY
    if verdict.ruling is not Ruling.CALL:
        assert verdict.code is not None
        assert verdict.message.endswith(".")


@given(kinds, situations, traits, risks)
def test_accepting_risks_only_turns_refusals_into_calls(
    kind: OperationKind, situation: Situation, of: Traits, accepted: frozenset[RiskCode]
) -> None:
    without, with_risks = weigh(judge(kind, situation, of), frozenset()), weigh(judge(kind, situation, of), accepted)

    assert with_risks == without or (without.ruling, with_risks.ruling) == (Ruling.REFUSED, Ruling.CALL)


@given(kinds, situations)
def test_without_a_capability_nothing_is_called_or_settled(kind: OperationKind, situation: Situation) -> None:
    assert judge(kind, situation, VK).ruling is Ruling.REFUSED


@given(situations, st.sampled_from([TC, TD]))
def test_an_unlock_is_only_sent_when_no_known_reason_but_the_voluntary_stands(situation: Situation, of: Traits) -> None:
    verdict = judge(UNLOCK, situation, of)

    if verdict.ruling is Ruling.CALL:
        assert situation.lock_mask & ~VOLUNTARY == 0
    if verdict.code is OutcomeCode.STILL_LOCKED:
        assert situation.lock_mask & VOLUNTARY or situation.change_pending
        assert situation.lock_mask & ~VOLUNTARY


@given(situations)
def test_a_live_sim_is_never_locked_unasked_where_that_raises_msu(situation: Situation) -> None:
    verdict = weigh(judge(LOCK, situation, TC), frozenset())

    if verdict.ruling is Ruling.CALL:
        assert not situation.live


@given(situations)
def test_a_lock_settled_without_a_call_is_one_the_operator_holds_already(situation: Situation) -> None:
    if judge(LOCK, situation, TC).ruling is Ruling.SETTLED:
        assert situation.observed_blocked
        assert situation.lock_mask


@pytest.mark.parametrize(
    ("active", "ended", "as_of", "live"),
    [
        (True, None, NOW, True),
        (False, None, NOW, False),
        (None, None, NOW, True),
        (False, None, None, True),
        (False, NOW - LIVE_FOR + timedelta(seconds=1), NOW, True),
        (False, NOW - LIVE_FOR, NOW, False),
        (False, NOW - timedelta(days=30), NOW, False),
    ],
)
def test_live_means_in_session_lately_in_session_or_not_known(
    active: bool | None, ended: datetime | None, as_of: datetime | None, live: bool
) -> None:
    assert is_live(active, ended, as_of, NOW) is live


@given(st.sets(st.sampled_from(LockKind)))
def test_a_mask_is_its_set_of_reasons(reasons: set[LockKind]) -> None:
    mask = mask_of(reasons)

    assert set(kinds_of(mask)) == reasons
    assert (weightiest(mask) is None) is (not reasons)
    assert not reasons or weightiest(mask) in reasons
    assert LockKind.MSU not in reasons or weightiest(mask) is LockKind.MSU


def test_every_kind_of_lock_says_how_it_is_lifted() -> None:
    assert set(HOW_TO_LIFT) == set(LockKind)
    assert all(sentence.endswith(".") for sentence in HOW_TO_LIFT.values())
