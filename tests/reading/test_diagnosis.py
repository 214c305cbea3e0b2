"""Diagnosis: the guide's checklist on one SIM, the same in sets, and its words in three languages."""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Any

import pytest

from domain.clock import clock
from domain.diagnosis import DiagnosisStep, Finding, Verdict, find
from domain.diagnosis_texts import EVIDENCE, NEXT_ACTIONS, TITLES, Language, Text
from domain.locks import LockKind, mask_of
from models import Sim, SimLockReason
from models.database import execute, fetch_row
from schema.ids import global_id
from services.diagnosis.diagnose_sim import DIAGNOSED_SIM, SimDiagnosis, diagnose_sim, facts_of
from tests.operations.engine import LOCK, RESET, Engine, SimCard
from tests.worlds import TwoCompanies, add_sim

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def diagnose(engine: Engine, sim: SimCard) -> SimDiagnosis:
    """The owner has a SIM diagnosed."""
    diagnosis = await diagnose_sim(engine.owner.principal, sim.id)
    assert diagnosis is not None
    return diagnosis


def verdicts(diagnosis: SimDiagnosis) -> dict[DiagnosisStep, Verdict]:
    """The verdict of each step."""
    return {step.step: step.verdict for step in diagnosis.steps}


@pytest.mark.parametrize("texts", [TITLES, EVIDENCE, NEXT_ACTIONS], ids=["titles", "evidence", "actions"])
def test_every_text_is_there_in_three_languages(texts: dict[Any, Text]) -> None:
    """Each key has Russian, Kazakh and English, different from each other and with the same blanks."""
    for key, text in texts.items():
        assert set(text) == set(Language), key
        assert all(words.strip() for words in text.values()), key
        blanks = [{name for _, name, _, _ in string.Formatter().parse(words) if name} for words in text.values()]
        assert blanks[0] == blanks[1] == blanks[2], key
        assert len(set(text.values())) == len(Language), key


def test_there_are_words_for_everything() -> None:
    """Every step has a title and every finding a next action."""
    assert set(TITLES) == set(DiagnosisStep)
    assert set(NEXT_ACTIONS) == set(Finding)


async def test_a_sim_that_works(engine: Engine) -> None:
    """Given a SIM in session, when diagnosed, then every step that applies is well and nothing is to be done."""
    sim = await engine.sim("TD")
    engine.force(sim, in_session=True)

    diagnosis = await diagnose(engine, sim)

    assert diagnosis.finding is Finding.WORKING
    assert [step.step for step in diagnosis.steps] == list(DiagnosisStep)
    assert Verdict.PROBLEM not in verdicts(diagnosis).values()
    assert verdicts(diagnosis)[DiagnosisStep.UNPAID_INVOICES] is Verdict.NOT_APPLICABLE
    assert verdicts(diagnosis)[DiagnosisStep.SESSION] is Verdict.OK
    assert verdicts(diagnosis)[DiagnosisStep.PACKAGE] is Verdict.OK


async def test_a_locked_sim(engine: Engine) -> None:
    """Given a SIM that the owner locked, when diagnosed, then the lock is named."""
    sim = await engine.sim("TD")
    await engine.run(LOCK, [sim])

    diagnosis = await diagnose(engine, sim)

    assert diagnosis.finding is Finding.VOLUNTARILY_LOCKED
    assert verdicts(diagnosis)[DiagnosisStep.VOLUNTARY_LOCK] is Verdict.PROBLEM


async def test_an_msu_lock_is_named_before_any_other(engine: Engine) -> None:
    """Given a SIM that the operator locked for signalling, when diagnosed, then it must be replaced, lock or no lock."""
    sim = await engine.sim("TC")
    await engine.run(LOCK, [sim])
    engine.force(sim, msu_blocked=True)

    diagnosis = await diagnose(engine, sim)

    assert diagnosis.finding is Finding.MSU_LOCKED
    assert verdicts(diagnosis)[DiagnosisStep.MSU_LOCK] is Verdict.PROBLEM
    assert verdicts(diagnosis)[DiagnosisStep.PACKAGE] is Verdict.NOT_APPLICABLE


async def test_a_silent_sim_is_reset_and_waited_for(engine: Engine) -> None:
    """Given a SIM without a session for two days, then a reset is advised; once accepted, patience."""
    sim = await engine.sim("TC")
    silent = await diagnose(engine, sim)
    await engine.run(RESET, [sim])
    engine.advance(120)

    resetting = await diagnose(engine, sim)

    assert silent.finding is Finding.NO_SESSION
    assert resetting.finding is Finding.RESET_UNDER_WAY
    assert verdicts(resetting)[DiagnosisStep.LAST_RESET] is Verdict.UNKNOWN


async def test_an_operator_that_is_down(engine: Engine) -> None:
    """Given an operator that fails, when diagnosed, then the stored state is judged, with the reason."""
    sim = await engine.sim("TC")
    engine.fault("http_500")

    diagnosis = await diagnose(engine, sim)

    assert diagnosis.reason
    assert len(diagnosis.steps) == len(DiagnosisStep)


def states() -> dict[str, dict[str, Any]]:
    """A SIM for each finding, and some that have several."""
    now = clock.now()
    silent = {"session_active": False, "session_ended_at": now - 3 * DAY, "session_as_of": now}
    elsewhere = {"registration_country": "Antarctica", "registration_plmn": "99999", "registered_at": now - 4 * DAY}
    return {
        "left": {"left_operator_at": now, "lock_mask": mask_of([LockKind.MSU])},
        "msu": {"lock_mask": mask_of([LockKind.MSU, LockKind.VOLUNTARY])},
        "violation": {"lock_mask": mask_of([LockKind.VIOLATION, LockKind.FINANCIAL])},
        "financial": {"lock_mask": mask_of([LockKind.FINANCIAL, LockKind.PACKAGE])},
        "package": {"lock_mask": mask_of([LockKind.PACKAGE])},
        "voluntary": {"lock_mask": mask_of([LockKind.VOLUNTARY]), "session_active": True, "session_as_of": now},
        "blocked": {"observed_blocked": True},
        "limit": {"limit_mb": 5, "limit_used_bytes": 5_000_000, "session_active": True, "session_as_of": now},
        "limit left": {"limit_mb": 5, "limit_used_bytes": 4_999_999, "session_active": True, "session_as_of": now},
        "live": {"session_active": False, "session_ended_at": now - 3 * HOUR, "session_as_of": now},
        "unknown": {},
        "outside": {**silent, **elsewhere},
        "with roaming": {**silent, "registration_country": "Kazakhstan", "roaming": True},
        "silent": silent,
        "never": {"session_active": False, "session_as_of": now},
        "resetting": {**silent, "reset_accepted_at": now - HOUR},
        "reset in vain": {**silent, "reset_accepted_at": now - DAY},
        "reset long ago": {**silent, "reset_accepted_at": now - 5 * DAY},
        "registered after": {**silent, "reset_accepted_at": now - DAY, "registered_at": now - HOUR},
    }


SETS = """
query ($s: SimSelection!) { diagnoseSims(selection: $s, language: EN) { finding verdict nextAction sims } }
"""


@pytest.mark.parametrize("profile", ["TC", "TD"])
async def test_the_set_says_what_each_says(world: TwoCompanies, read: Any, profile: str) -> None:
    """Given SIMs in every state, when diagnosed as a set, then the counts are those of one after the other."""
    expected: dict[str, int] = {}
    ids = []
    for serial, state in enumerate(states().values(), 500):
        sim = await add_sim(world.company, world.profiles[profile], serial, **state)
        await _reasons(sim, world.company.id)
        row = await fetch_row(DIAGNOSED_SIM, sim.id)
        assert row is not None
        finding = find(await facts_of(row)).value
        expected[finding] = expected.get(finding, 0) + 1
        ids.append(global_id("Sim", sim.id))

    counts = (await read(world.owner, SETS, s={"ids": ids}))["diagnoseSims"]

    assert {count["finding"]: count["sims"] for count in counts} == expected
    assert [Finding(count["finding"]) for count in counts] == [each for each in Finding if each.value in expected]
    assert set(expected) >= set(Finding) - {Finding.OUTSIDE_COVERAGE}
    assert (Finding.OUTSIDE_COVERAGE.value in expected) is (profile == "TD")


async def _reasons(sim: Sim, company_id: int) -> None:
    for kind in LockKind:
        if sim.lock_mask & mask_of([kind]):
            await SimLockReason.create(
                sim=sim,
                company_id=company_id,
                kind=kind,
                since=clock.now(),
                set_by="support",
                reason="in this story",
            )


async def test_sets_show_only_what_is_mine(world: TwoCompanies, read: Any, ask: Any) -> None:
    """Another company's SIMs are counted for nobody else; a selection must be clear."""
    mine = (await read(world.other_owner, SETS, s={"filter": {}}))["diagnoseSims"]
    foreign = (await read(world.owner, SETS, s={"ids": [global_id("Sim", world.others["taxi"].id)]}))["diagnoseSims"]
    unclear = await ask(world.owner, SETS, s={})

    assert sum(count["sims"] for count in mine) == len(world.others)
    assert foreign == []
    assert unclear["errors"][0]["extensions"]["code"] == "AMBIGUOUS_SELECTION"


ONE = """
query ($id: ID!, $in: Language!) { diagnoseSim(id: $id, language: $in) { sim { iccid } finding verdict nextAction isFresh reason
  steps { step title verdict evidence asOf ageSeconds } } }
"""


@pytest.mark.parametrize("language", list(Language))
async def test_the_words_of_a_diagnosis(engine: Engine, read: Any, language: Language) -> None:
    """Given a SIM with a financial lock, then the diagnosis names it and what to do, in the language asked for."""
    sim = await engine.sim("TD")
    await execute("UPDATE sim SET lock_mask = $1 WHERE id = $2", mask_of([LockKind.FINANCIAL]), sim.id)
    await SimLockReason.create(
        sim_id=sim.id,
        company_id=engine.company.id,
        kind=LockKind.FINANCIAL,
        since=clock.now(),
        set_by="support",
        reason="Two invoices",
    )

    found = (await read(engine.owner, ONE, **{"id": global_id("Sim", sim.id), "in": language.value}))["diagnoseSim"]

    assert found["finding"] == "FINANCIAL_LOCKED"
    assert found["nextAction"] == NEXT_ACTIONS[Finding.FINANCIAL_LOCKED][language]
    assert found["steps"][0]["title"] == TITLES[DiagnosisStep.FINANCIAL_LOCK][language]
    assert found["steps"][0]["verdict"] == "PROBLEM"
    assert all("{" not in step["evidence"] for step in found["steps"])
    assert all(step["ageSeconds"] is not None for step in found["steps"] if step["asOf"])


async def test_another_company_gets_nothing(engine: Engine, read: Any) -> None:
    """A SIM of another company is not there."""
    sim = await engine.sim("TC")

    found = await read(engine.other_owner, ONE, **{"id": global_id("Sim", sim.id), "in": "EN"})

    assert found == {"diagnoseSim": None}
