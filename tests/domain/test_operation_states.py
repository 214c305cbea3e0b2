"""The states of an item: which step may follow which, checked as a whole and along random walks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.operations import ACTION_OF, ItemState, RiskCode, may_follow, sources_of
from domain.outcomes import OutcomeCode
from novaconnect_sdk import Action

S = ItemState
states = st.sampled_from(ItemState)

ALLOWED = {
    (S.QUEUED, S.CALLING),
    (S.QUEUED, S.CANCELLED),
    (S.CALLING, S.QUEUED),
    (S.CALLING, S.AWAITING_CONFIRMATION),
    (S.CALLING, S.SUCCEEDED),
    (S.CALLING, S.FAILED),
    (S.CALLING, S.REFUSED),
    (S.CALLING, S.UNKNOWN),
    (S.AWAITING_CONFIRMATION, S.SUCCEEDED),
    (S.AWAITING_CONFIRMATION, S.FAILED),
    (S.AWAITING_CONFIRMATION, S.UNKNOWN),
    (S.UNKNOWN, S.SUCCEEDED),
    (S.UNKNOWN, S.FAILED),
    (S.UNKNOWN, S.UNKNOWN),
    (S.FAILED, S.QUEUED),
}


@pytest.mark.parametrize("before", S)
@pytest.mark.parametrize("after", S)
def test_exactly_these_steps_are_allowed(before: ItemState, after: ItemState) -> None:
    assert may_follow(before, after) is ((before, after) in ALLOWED)


@given(states, states)
def test_sources_and_steps_tell_the_same(before: ItemState, after: ItemState) -> None:
    assert (before in sources_of(after)) is may_follow(before, after)


@given(st.lists(states, max_size=30))
def test_no_walk_calls_an_operator_without_being_queued_first(wishes: list[ItemState]) -> None:
    walk = [S.QUEUED]
    for wish in wishes:
        if may_follow(walk[-1], wish):
            walk.append(wish)

    for place, state in enumerate(walk):
        if state is S.CALLING:
            assert walk[place - 1] is S.QUEUED
        if state in (S.SUCCEEDED, S.REFUSED, S.CANCELLED):
            assert place == len(walk) - 1
        if state is S.UNKNOWN:
            # What is unknown is never sent again unless a reading has shown that it did not happen.
            later = walk[place:]
            assert S.CALLING not in later or S.FAILED in later[: later.index(S.CALLING)]


def test_codes_shared_between_enums_are_spelled_alike() -> None:
    assert {risk.value for risk in RiskCode} <= {code.value for code in OutcomeCode}
    assert set(ACTION_OF.values()) == set(Action)
