"""Diagnosing one SIM: read it fresh, then go through the guide's checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from access import Principal
from domain.catalogue import judge_network, plan_of_sim
from domain.clock import clock
from domain.diagnosis import CheckedStep, Finding, SimFacts, check, find
from domain.locks import LockKind
from drivers.registry import registry
from models.database import fetch, fetch_row
from novaconnect_sdk import Action
from services.diagnosis.read_sim_live import read_sim_live
from services.fleet.sim_rows import SimRow

FRESH = timedelta(minutes=1)
"""A reading of this age is fresh enough for a diagnosis."""

DIAGNOSED_SIM = "SELECT s.*, p.code FROM sim s JOIN profile p ON p.id = s.profile_id WHERE s.id = $1"
_COPIED = (
    "left_operator_at", "observed_at", "msu_count", "msu_as_of", "package_mb", "package_remaining_bytes", "package_as_of",
    "limit_mb", "limit_used_bytes", "limit_as_of", "session_active", "session_started_at", "session_ended_at",
    "session_as_of", "registered_at", "registration_as_of", "reset_accepted_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SimDiagnosis:
    """What a SIM has. `reason` says why it could not be read fresh, None if it was."""

    sim: SimRow
    finding: Finding
    steps: tuple[CheckedStep, ...]
    reason: str | None


async def diagnose_sim(principal: Principal, sim_id: int) -> SimDiagnosis | None:
    """The diagnosis, or None when the principal sees no such SIM. An operator that is down leaves steps as last known."""
    view = await read_sim_live(principal, sim_id, FRESH)
    if view is None:
        return None
    row = await fetch_row(DIAGNOSED_SIM, sim_id)
    assert row is not None
    facts = await facts_of(row)
    return SimDiagnosis(view.sim, find(facts), check(facts), view.reason)


async def facts_of(row: asyncpg.Record) -> SimFacts:
    """What is stored of a SIM, as a diagnosis takes it; `row` is one of `DIAGNOSED_SIM`."""
    reasons = await fetch("SELECT kind, since FROM sim_lock_reason WHERE sim_id = $1", row["id"])
    plan = plan_of_sim(row["code"], roaming=bool(row["roaming"]))
    place = (row["registration_plmn"], row["registration_country"], row["registration_network"])
    judged = plan is not None and plan.table is not None
    return SimFacts(
        now=clock.now(),
        locks={LockKind(reason["kind"]): reason["since"] for reason in reasons},
        locks_as_of=clock.now(),
        blocked=row["observed_blocked"],
        network=row["registration_network"],
        country=row["registration_country"],
        has_packages=registry().capability(row["code"], Action.RECONNECT_PACKAGE).usable,
        has_limit=registry().capability(row["code"], Action.SET_LIMIT).usable,
        plan=plan.title if plan and judged else None,
        standing=judge_network(plan, *place) if plan and judged and any(place) else None,
        **{name: row[name] for name in _COPIED},
    )
