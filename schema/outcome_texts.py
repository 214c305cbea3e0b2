"""What each outcome of an item means to a client."""

from __future__ import annotations

OUTCOMES = {
    "APPLIED": "The operator did it, or it already stood so.",
    "CONFIRMED": "The operator accepted it, and what followed on the network confirms it.",
    "ALREADY_LOCKED": "The SIM was locked already.",
    "STILL_LOCKED": "The voluntary lock is removed; other reasons keep the SIM locked.",
    "SETTLED_BY_READING": "The answer was lost; reading the SIM afterwards showed how it ended.",
    "ACCEPTED_BY_OPERATOR": "The operator accepted it and has not confirmed it yet.",
    "UNSUPPORTED": "The operator of this SIM does not offer the action.",
    "NOT_LOCKED": "There is nothing to unlock.",
    "MSU_LOCK": "Locking a SIM in a live device can trigger an irrevocable MSU lock; accept this risk to go on.",
    "RESET_UNDER_WAY": "A reset was accepted less than 10 hours ago; accept this risk to go on.",
    "LIMIT_BELOW_USED": "The limit is below what is already used; accept this risk to go on.",
    "PACKAGE_LEFT": "The package is not used up; accept this risk to begin a new one nevertheless.",
    "CHANGE_UNDER_WAY": "Another operation on this SIM is not settled yet, so it cannot go to another company.",
    "ROAMING_CHANGE_UNDER_WAY": "The roaming plan is being changed; the message says when packages can be changed again.",
    "ROAMING_PACKAGE_SIZE": "The roaming plan does not have packages of this size.",
    "SIZE_NOT_OFFERED": "The operator of this SIM does not sell packages of this size.",
    "ROLE_FORBIDS": "Your role only allows looking.",
    "MSU_LOCKED": "The SIM is locked for MSU, which is irrevocable.",
    "FINANCIAL_LOCKED": "The SIM is locked until all invoices are paid.",
    "PACKAGE_LOCKED": "The SIM is locked until its package is reconnected.",
    "VIOLATION_LOCKED": "The SIM is locked for a violation; technical support can help.",
    "SIM_UNKNOWN_TO_OPERATOR": "The operator does not know this SIM.",
    "REFUSED_BY_OPERATOR": "The operator refused it.",
    "OPERATOR_CREDENTIALS": "The operator did not accept our login; support is needed.",
    "OPERATOR_THROTTLED": "The operator kept asking to slow down.",
    "OPERATOR_UNAVAILABLE": "The operator could not be reached.",
    "ANSWER_LOST": "The request was sent and the answer was lost.",
    "ANSWER_UNREADABLE": "The operator answered something that cannot be read.",
    "WORKER_LOST": "Our process ended during the call, so the answer was lost.",
    "NOT_CONFIRMED": "The operator accepted it, and nothing confirmed it in time.",
    "NOT_APPLIED": "The answer was lost; reading the SIM afterwards showed that it was not done.",
    "CANCELLED_BY_USER": "Somebody cancelled it before it was sent.",
}
"""By `domain.outcomes.OutcomeCode`."""
