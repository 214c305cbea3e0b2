"""Enums of operations and changes, each value with what it means to a client."""

from __future__ import annotations

from enum import Enum

from domain.operations import ItemState, OperationKind, OperationState, RiskCode
from domain.outcomes import OutcomeCode
from schema.describing import describe
from schema.outcome_texts import OUTCOMES
from services.operations.preview_operation import PreviewVerdict


class LimitPeriod(Enum):
    """For how long a traffic limit counts."""

    MONTH = "MONTH"


describe(
    LimitPeriod,
    "For how long a limit counts.",
    {"MONTH": "The calendar month, from the 1st."},
)
describe(
    OperationKind,
    "What an operation does to each of its SIMs.",
    {
        "LOCK": "Locks it (a voluntary lock).",
        "UNLOCK": "Removes the voluntary lock.",
        "CANCEL_LOCATION": "Resets it: the network forgets where it is, so that it registers anew.",
        "SET_LIMIT": "Sets or removes its monthly traffic limit.",
        "CHANGE_PACKAGE": "Changes the size of its next packages and whether they follow each other by themselves.",
        "RECONNECT_PACKAGE": "Begins its package anew and lifts the package lock.",
        "SET_ROAMING": "Moves it to the plan with roaming in all available countries, or back.",
        "RENAME": "Gives it another name.",
        "ASSIGN_GROUPS": "Puts it into groups and takes it out of others.",
        "MOVE": "Gives it to another company.",
        "SET_VIOLATION_LOCK": "Locks it for a violation (staff only).",
        "LIFT_VIOLATION_LOCK": "Lifts the lock for a violation (staff only).",
        "SET_FINANCIAL_LOCK": "Locks it for non-payment (by the system only).",
        "LIFT_FINANCIAL_LOCK": "Lifts the lock for non-payment (by the system only).",
    },
)
describe(
    OperationState,
    "Where an operation stands as a whole.",
    {
        "QUEUED": "Accepted; nothing has been sent yet.",
        "RUNNING": "Under way.",
        "DONE": "Nothing is queued, being called or waiting any more.",
        "CANCELLED": "The same, and at least one SIM was cancelled before it was sent.",
    },
)
describe(
    ItemState,
    "Where one SIM of an operation stands.",
    {
        "QUEUED": "Waits for its turn at the operator.",
        "CALLING": "The call to the operator is under way.",
        "AWAITING_CONFIRMATION": "The operator accepted it and has not confirmed it yet.",
        "SUCCEEDED": "It is done.",
        "FAILED": "It was tried and did not work; it can be retried.",
        "REFUSED": "It was not sent, or the operator refused it for good.",
        "UNKNOWN": "The answer was lost: it may or may not be done. It is never repeated blindly, and settled if possible.",
        "CANCELLED": "Cancelled before it was sent.",
    },
)
describe(
    RiskCode,
    "A danger that must be accepted by name before a SIM that carries it is touched.",
    {
        "MSU_LOCK": "The SIM may be in a live device, and locking it can trigger an irrevocable MSU lock.",
        "RESET_UNDER_WAY": "A reset of the SIM was accepted less than 10 hours ago.",
        "LIMIT_BELOW_USED": "The limit is below what the SIM has used this month: its data stops at once.",
        "PACKAGE_LEFT": "The package is not used up: what remains of it is lost and a new one is charged.",
    },
)
describe(OutcomeCode, "Why one SIM of an operation stands where it stands.", dict(OUTCOMES))
describe(
    PreviewVerdict,
    "What would become of a SIM.",
    {
        "WILL_RUN": "It is sent to the operator, or is already so and succeeds at once.",
        "REFUSED": "It is refused with a code.",
        "RISKY": "It is refused unless its risk is accepted.",
    },
)
