"""Diagnosing a SIM by the guide's checklist ("Диагностика"): verdicts in its order, and what to do next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.catalogue import NetworkStanding
from domain.locks import LockKind

LIVELY = timedelta(hours=24)
"""A session that ended less long ago means that the SIM works."""

RESET_TAKES = timedelta(hours=10)
"""How long a reset may take until the SIM registers anew."""


class Verdict(StrEnum):
    """What a step, or the whole, came to."""

    OK = "OK"
    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class DiagnosisStep(StrEnum):
    """The checklist, in its order."""

    FINANCIAL_LOCK = "FINANCIAL_LOCK"
    UNPAID_INVOICES = "UNPAID_INVOICES"
    VOLUNTARY_LOCK = "VOLUNTARY_LOCK"
    MSU_LOCK = "MSU_LOCK"
    OTHER_BLOCK = "OTHER_BLOCK"
    PACKAGE = "PACKAGE"
    LIMIT = "LIMIT"
    SESSION = "SESSION"
    REGISTRATION = "REGISTRATION"
    LAST_RESET = "LAST_RESET"
    COVERAGE = "COVERAGE"


class Finding(StrEnum):
    """What it is, hardest to mend first; each has its next action."""

    LEFT_OPERATOR = "LEFT_OPERATOR"
    MSU_LOCKED = "MSU_LOCKED"
    VIOLATION_LOCKED = "VIOLATION_LOCKED"
    FINANCIAL_LOCKED = "FINANCIAL_LOCKED"
    PACKAGE_LOCKED = "PACKAGE_LOCKED"
    VOLUNTARILY_LOCKED = "VOLUNTARILY_LOCKED"
    BLOCKED_BY_OPERATOR = "BLOCKED_BY_OPERATOR"
    LIMIT_REACHED = "LIMIT_REACHED"
    WORKING = "WORKING"
    UNKNOWN = "UNKNOWN"
    OUTSIDE_COVERAGE = "OUTSIDE_COVERAGE"
    RESET_UNDER_WAY = "RESET_UNDER_WAY"
    RESET_WITHOUT_EFFECT = "RESET_WITHOUT_EFFECT"
    NO_SESSION = "NO_SESSION"


_OF_LOCK = {
    LockKind.MSU: Finding.MSU_LOCKED,
    LockKind.VIOLATION: Finding.VIOLATION_LOCKED,
    LockKind.FINANCIAL: Finding.FINANCIAL_LOCKED,
    LockKind.PACKAGE: Finding.PACKAGE_LOCKED,
    LockKind.VOLUNTARY: Finding.VOLUNTARILY_LOCKED,
}


@dataclass(frozen=True, slots=True)
class SimFacts:
    """What is known of a SIM; None is not known. `locks` are the standing reasons with since when."""

    now: datetime
    locks: Mapping[LockKind, datetime] = field(default_factory=dict)
    locks_as_of: datetime | None = None
    blocked: bool | None = None
    observed_at: datetime | None = None
    left_operator_at: datetime | None = None
    msu_count: int | None = None
    msu_as_of: datetime | None = None
    has_packages: bool = False
    package_mb: int | None = None
    package_remaining_bytes: int | None = None
    package_as_of: datetime | None = None
    has_limit: bool = False
    limit_mb: int | None = None
    limit_used_bytes: int | None = None
    limit_as_of: datetime | None = None
    session_active: bool | None = None
    session_started_at: datetime | None = None
    session_ended_at: datetime | None = None
    session_as_of: datetime | None = None
    registered_at: datetime | None = None
    network: str | None = None
    country: str | None = None
    registration_as_of: datetime | None = None
    reset_accepted_at: datetime | None = None
    plan: str | None = None
    standing: NetworkStanding | None = None

    @property
    def is_live(self) -> bool:
        """A session is open or ended lately."""
        ended = self.session_ended_at
        return bool(self.session_active) or (ended is not None and ended > self.now - LIVELY)

    @property
    def limit_is_reached(self) -> bool:
        """All of the limit is used."""
        if self.limit_mb is None or self.limit_used_bytes is None:
            return False
        return self.limit_used_bytes >= self.limit_mb * 1_000_000

    @property
    def reset_worked(self) -> bool:
        """Something of the SIM was seen after its last reset."""
        seen = (self.session_started_at, self.session_ended_at, self.registered_at)
        reset = self.reset_accepted_at
        return reset is not None and any(moment is not None and moment > reset for moment in seen)


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """A step's verdict. `text` names its sentence, `values` go into it; `as_of` is how old the evidence is."""

    step: DiagnosisStep
    verdict: Verdict
    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    as_of: datetime | None = None


def find(facts: SimFacts) -> Finding:
    """What it is. `services.diagnosis.diagnose_sims` says the same in SQL; a test holds them together."""
    if facts.left_operator_at is not None:
        return Finding.LEFT_OPERATOR
    for kind, finding in _OF_LOCK.items():
        if kind in facts.locks:
            return finding
    if facts.blocked:
        return Finding.BLOCKED_BY_OPERATOR
    if facts.limit_is_reached:
        return Finding.LIMIT_REACHED
    if facts.is_live:
        return Finding.WORKING
    if facts.session_as_of is None:
        return Finding.UNKNOWN
    return _why_no_session(facts)


def _why_no_session(facts: SimFacts) -> Finding:
    if facts.standing is NetworkStanding.OUTSIDE:
        return Finding.OUTSIDE_COVERAGE
    if facts.reset_accepted_at is None or facts.reset_worked:
        return Finding.NO_SESSION
    if facts.reset_accepted_at > facts.now - RESET_TAKES:
        return Finding.RESET_UNDER_WAY
    return Finding.RESET_WITHOUT_EFFECT


def verdict_of(finding: Finding) -> Verdict:
    """The verdict on the whole."""
    return {Finding.WORKING: Verdict.OK, Finding.UNKNOWN: Verdict.UNKNOWN}.get(finding, Verdict.PROBLEM)


def check(facts: SimFacts) -> tuple[CheckedStep, ...]:
    """Every step of the checklist, in its order."""
    return (
        _lock(facts, DiagnosisStep.FINANCIAL_LOCK, LockKind.FINANCIAL),
        CheckedStep(DiagnosisStep.UNPAID_INVOICES, Verdict.NOT_APPLICABLE, "INVOICES_NOT_KEPT"),
        _lock(facts, DiagnosisStep.VOLUNTARY_LOCK, LockKind.VOLUNTARY),
        _msu(facts),
        _other_block(facts),
        _package(facts),
        _limit(facts),
        _session(facts),
        _registration(facts),
        _reset(facts),
        _coverage(facts),
    )


def _lock(facts: SimFacts, step: DiagnosisStep, kind: LockKind) -> CheckedStep:
    if kind in facts.locks:
        return CheckedStep(step, Verdict.PROBLEM, "LOCKED_SINCE", {"since": facts.locks[kind]}, facts.locks_as_of)
    return CheckedStep(step, Verdict.OK, "NOT_LOCKED", {}, facts.locks_as_of)


def _msu(facts: SimFacts) -> CheckedStep:
    step, values = DiagnosisStep.MSU_LOCK, {"count": facts.msu_count}
    if LockKind.MSU in facts.locks:
        return CheckedStep(step, Verdict.PROBLEM, "LOCKED_SINCE", {"since": facts.locks[LockKind.MSU]}, facts.msu_as_of)
    if facts.msu_count is None:
        return CheckedStep(step, Verdict.OK, "MSU_NO_DATA", {}, facts.locks_as_of)
    return CheckedStep(step, Verdict.OK, "MSU_COUNT", values, facts.msu_as_of or facts.observed_at)


def _other_block(facts: SimFacts) -> CheckedStep:
    step = DiagnosisStep.OTHER_BLOCK
    if facts.left_operator_at is not None:
        return CheckedStep(step, Verdict.PROBLEM, "LEFT_OPERATOR", {"since": facts.left_operator_at}, facts.observed_at)
    if LockKind.VIOLATION in facts.locks:
        values = {"since": facts.locks[LockKind.VIOLATION]}
        return CheckedStep(step, Verdict.PROBLEM, "LOCKED_SINCE", values, facts.locks_as_of)
    if facts.blocked is None:
        return CheckedStep(step, Verdict.UNKNOWN, "BLOCK_NOT_KNOWN")
    if facts.blocked and not facts.locks:
        return CheckedStep(step, Verdict.PROBLEM, "BLOCKED_BY_OPERATOR", {}, facts.observed_at)
    return CheckedStep(step, Verdict.OK, "NOT_LOCKED", {}, facts.observed_at)


def _package(facts: SimFacts) -> CheckedStep:
    step = DiagnosisStep.PACKAGE
    if not facts.has_packages:
        return CheckedStep(step, Verdict.NOT_APPLICABLE, "NO_PACKAGES")
    if LockKind.PACKAGE in facts.locks:
        values = {"since": facts.locks[LockKind.PACKAGE]}
        return CheckedStep(step, Verdict.PROBLEM, "PACKAGE_USED_UP", values, facts.package_as_of)
    if facts.package_mb is None or facts.package_remaining_bytes is None:
        return CheckedStep(step, Verdict.UNKNOWN, "PACKAGE_NOT_KNOWN", {}, facts.package_as_of)
    values_left = {"left": f"{facts.package_remaining_bytes / 1_000_000:.1f}", "size": facts.package_mb}
    return CheckedStep(step, Verdict.OK, "PACKAGE_LEFT", values_left, facts.package_as_of)


def _limit(facts: SimFacts) -> CheckedStep:
    step = DiagnosisStep.LIMIT
    if not facts.has_limit:
        return CheckedStep(step, Verdict.NOT_APPLICABLE, "NO_LIMITS")
    if facts.limit_as_of is None:
        return CheckedStep(step, Verdict.UNKNOWN, "LIMIT_NOT_KNOWN")
    if facts.limit_mb is None:
        return CheckedStep(step, Verdict.OK, "LIMIT_NONE", {}, facts.limit_as_of)
    used = "?" if facts.limit_used_bytes is None else f"{facts.limit_used_bytes / 1_000_000:.1f}"
    verdict = Verdict.PROBLEM if facts.limit_is_reached else Verdict.OK
    return CheckedStep(step, verdict, "LIMIT_USED", {"used": used, "size": facts.limit_mb}, facts.limit_as_of)


def _session(facts: SimFacts) -> CheckedStep:
    step = DiagnosisStep.SESSION
    if facts.session_as_of is None:
        return CheckedStep(step, Verdict.UNKNOWN, "SESSION_NOT_KNOWN")
    if facts.session_active:
        values = {"since": facts.session_started_at}
        return CheckedStep(step, Verdict.OK, "SESSION_ACTIVE", values, facts.session_as_of)
    if facts.session_ended_at is None:
        return CheckedStep(step, Verdict.PROBLEM, "SESSION_NEVER", {}, facts.session_as_of)
    verdict = Verdict.OK if facts.is_live else Verdict.PROBLEM
    return CheckedStep(step, verdict, "SESSION_ENDED", {"since": facts.session_ended_at}, facts.session_as_of)


def _registration(facts: SimFacts) -> CheckedStep:
    step = DiagnosisStep.REGISTRATION
    if facts.registered_at is None:
        return CheckedStep(step, Verdict.UNKNOWN, "REGISTRATION_NOT_KNOWN", {}, facts.registration_as_of)
    place = ", ".join(part for part in (facts.network, facts.country) if part) or "?"
    values = {"since": facts.registered_at, "place": place}
    return CheckedStep(step, Verdict.OK, "REGISTERED", values, facts.registration_as_of)


def _reset(facts: SimFacts) -> CheckedStep:
    step, at = DiagnosisStep.LAST_RESET, facts.reset_accepted_at
    if at is None:
        return CheckedStep(step, Verdict.NOT_APPLICABLE, "RESET_NEVER")
    if facts.reset_worked:
        return CheckedStep(step, Verdict.OK, "RESET_WORKED", {"since": at}, facts.session_as_of)
    if at > facts.now - RESET_TAKES:
        return CheckedStep(step, Verdict.UNKNOWN, "RESET_UNDER_WAY", {"since": at}, facts.session_as_of)
    return CheckedStep(step, Verdict.PROBLEM, "RESET_WITHOUT_EFFECT", {"since": at}, facts.session_as_of)


def _coverage(facts: SimFacts) -> CheckedStep:
    step, as_of = DiagnosisStep.COVERAGE, facts.registration_as_of
    values = {"plan": facts.plan, "place": ", ".join(part for part in (facts.network, facts.country) if part) or "?"}
    if facts.plan is None:
        return CheckedStep(step, Verdict.NOT_APPLICABLE, "NO_PLAN")
    if facts.standing is NetworkStanding.OUTSIDE:
        return CheckedStep(step, Verdict.PROBLEM, "OUTSIDE_PLAN", values, as_of)
    if facts.standing is NetworkStanding.COVERED:
        return CheckedStep(step, Verdict.OK, "INSIDE_PLAN", values, as_of)
    return CheckedStep(step, Verdict.UNKNOWN, "NETWORK_NOT_KNOWN", values, as_of)
