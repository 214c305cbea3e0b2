"""A diagnosis: the checklist's verdicts with their evidence, and what to do next, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from domain.clock import clock
from domain.diagnosis import CheckedStep, DiagnosisStep, Finding, Verdict, verdict_of
from domain.diagnosis_texts import NEXT_ACTIONS, TITLES, Language, evidence
from schema.sim import Sim
from services.diagnosis.diagnose_sim import SimDiagnosis as SimDiagnosisValue


@strawberry.type(description="One step of the checklist.")
class DiagnosisStepResult:
    """A step."""

    step: DiagnosisStep = strawberry.field(description="Which.")
    title: str = strawberry.field(description="Its name in words.")
    verdict: Verdict = strawberry.field(description="What it came to.")
    evidence: str = strawberry.field(description="What was seen, in a sentence.")
    as_of: datetime | None = strawberry.field(description="How old that is: when it was true; null if not known.")
    age_seconds: int | None = strawberry.field(description="The same as an age in seconds.")

    @classmethod
    def of(cls, step: CheckedStep, language: Language) -> Self:
        """The step in a language."""
        age = None if step.as_of is None else max(0, int((clock.now() - step.as_of).total_seconds()))
        return cls(
            step=step.step,
            title=TITLES[step.step][language],
            verdict=step.verdict,
            evidence=evidence(step, language),
            as_of=step.as_of,
            age_seconds=age,
        )


@strawberry.type(description="What a SIM has and what to do about it.")
class SimDiagnosis:
    """A diagnosis."""

    sim: Sim = strawberry.field(description="The SIM as it was before it was read fresh.")
    finding: Finding = strawberry.field(description="What it is: of several findings the one that is hardest to mend.")
    verdict: Verdict = strawberry.field(description="The verdict on the whole.")
    next_action: str = strawberry.field(description="What to do next, in plain words.")
    steps: list[DiagnosisStepResult] = strawberry.field(description="The checklist, in the guide's order.")
    is_fresh: bool = strawberry.field(description="Whether the operator could be asked.")
    reason: str | None = strawberry.field(description="Why it could not be asked; null if it could.")

    @classmethod
    def of(cls, value: SimDiagnosisValue, language: Language) -> Self:
        """The diagnosis in a language."""
        return cls(
            sim=Sim.of(value.sim),
            finding=value.finding,
            verdict=verdict_of(value.finding),
            next_action=NEXT_ACTIONS[value.finding][language],
            steps=[DiagnosisStepResult.of(step, language) for step in value.steps],
            is_fresh=value.reason is None,
            reason=value.reason,
        )


@strawberry.type(description="How many SIMs have the same.")
class DiagnosisCount:
    """A count."""

    finding: Finding = strawberry.field(description="What they have.")
    verdict: Verdict = strawberry.field(description="The verdict on them.")
    next_action: str = strawberry.field(description="What to do next with them, in plain words.")
    sims: int = strawberry.field(description="How many there are.")

    @classmethod
    def of(cls, finding: Finding, sims: int, language: Language) -> Self:
        """The count in a language."""
        return cls(finding=finding, verdict=verdict_of(finding), next_action=NEXT_ACTIONS[finding][language], sims=sims)
