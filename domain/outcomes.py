"""Outcomes of an item: a code from a closed set and the sentence that a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.operations import ItemState


class OutcomeCode(StrEnum):
    """Why an item stands where it stands."""

    APPLIED = "APPLIED"
    CONFIRMED = "CONFIRMED"
    ALREADY_LOCKED = "ALREADY_LOCKED"
    STILL_LOCKED = "STILL_LOCKED"
    SETTLED_BY_READING = "SETTLED_BY_READING"
    ACCEPTED_BY_OPERATOR = "ACCEPTED_BY_OPERATOR"
    UNSUPPORTED = "UNSUPPORTED"
    NOT_LOCKED = "NOT_LOCKED"
    MSU_LOCK = "MSU_LOCK"
    RESET_UNDER_WAY = "RESET_UNDER_WAY"
    MSU_LOCKED = "MSU_LOCKED"
    FINANCIAL_LOCKED = "FINANCIAL_LOCKED"
    PACKAGE_LOCKED = "PACKAGE_LOCKED"
    VIOLATION_LOCKED = "VIOLATION_LOCKED"
    LIVENESS_UNREADABLE = "LIVENESS_UNREADABLE"
    SIM_UNKNOWN_TO_OPERATOR = "SIM_UNKNOWN_TO_OPERATOR"
    REFUSED_BY_OPERATOR = "REFUSED_BY_OPERATOR"
    OPERATOR_CREDENTIALS = "OPERATOR_CREDENTIALS"
    OPERATOR_THROTTLED = "OPERATOR_THROTTLED"
    OPERATOR_UNAVAILABLE = "OPERATOR_UNAVAILABLE"
    ANSWER_LOST = "ANSWER_LOST"
    ANSWER_UNREADABLE = "ANSWER_UNREADABLE"
    WORKER_LOST = "WORKER_LOST"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    NOT_APPLIED = "NOT_APPLIED"
    DRIVER_FAULT = "DRIVER_FAULT"
    CANCELLED_BY_USER = "CANCELLED_BY_USER"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state an item goes to, with code and sentence."""

    state: ItemState
    code: OutcomeCode
    message: str
