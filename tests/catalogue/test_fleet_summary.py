"""The home page in numbers."""

from __future__ import annotations

from datetime import timedelta

from domain.changes import Change
from domain.operations import OperationKind
from domain.sim_filter import Selection
from services.operations.accept_operation import accept_operation
from services.operations.cancel_operation import cancel_operation
from tests.graphql.conftest import Ask
from tests.worlds import BEGINNING, TwoCompanies, add_sim

SUMMARY = """{ fleetSummary {
  total locked inSession sessionUnknown drifting leftOperator runningOperations unpaidInvoices
  byProfile { profile { code } sims } byStatus { status sims } byLock { kind sims } } }"""


async def test_the_fleet_in_numbers(world: TwoCompanies, read: Ask) -> None:
    td = world.profiles["TD"]
    await add_sim(world.company, td, 70, session_active=True, session_as_of=BEGINNING, observed_status="ACTIVE")
    await add_sim(
        world.company,
        td,
        71,
        session_active=True,
        observed_status="BLOCKED",
        observed_blocked=True,
        observed_at=BEGINNING,
    )
    await add_sim(world.company, td, 72, left_operator_at=BEGINNING + timedelta(days=1))
    summary = (await read(world.viewer, SUMMARY))["fleetSummary"]
    profiles = {entry["profile"]["code"]: entry["sims"] for entry in summary.pop("byProfile")}
    statuses = {entry["status"]: entry["sims"] for entry in summary.pop("byStatus")}
    locks = {entry["kind"]: entry["sims"] for entry in summary.pop("byLock")}
    assert profiles == {"TC": 3, "TD": 5, "VK": 1}
    assert statuses == {"INVENTORY": 0, "ACTIVE": 1, "BLOCKED": 1, "RETIRED": 0, "UNKNOWN": 7}
    assert locks == {"VOLUNTARY": 1, "FINANCIAL": 1, "PACKAGE": 0, "MSU": 1, "VIOLATION": 0}
    assert summary == {
        "total": 9,
        "locked": 2,
        "inSession": 2,
        "sessionUnknown": 6,
        "drifting": 1,
        "leftOperator": 1,
        "runningOperations": 0,
        "unpaidInvoices": 0,
    }


async def test_everybody_counts_only_what_they_see(world: TwoCompanies, read: Ask) -> None:
    own = (await read(world.owner, SUMMARY))["fleetSummary"]
    other = (await read(world.other_owner, SUMMARY))["fleetSummary"]
    staff = (await read(world.staff, SUMMARY))["fleetSummary"]
    assert (own["total"], other["total"]) == (len(world.sims), len(world.others))
    assert staff["total"] == own["total"] + other["total"]
    assert {entry["profile"]["code"]: entry["sims"] for entry in other["byProfile"]} == {"TC": 1, "TD": 1, "VK": 0}
    assert (other["locked"], staff["locked"]) == (0, 2)


async def test_operations_count_until_they_are_done(world: TwoCompanies, read: Ask) -> None:
    operation = await accept_operation(
        world.owner.principal,
        Change(OperationKind.LOCK),
        Selection(ids=(world.sims["unnamed"].id,)),
        idempotency_key="lock",
        accept_risks=frozenset(),
    )
    assert (await read(world.viewer, SUMMARY))["fleetSummary"]["runningOperations"] == 1
    assert (await read(world.other_owner, SUMMARY))["fleetSummary"]["runningOperations"] == 0
    await cancel_operation(world.owner.principal, operation)
    assert (await read(world.viewer, SUMMARY))["fleetSummary"]["runningOperations"] == 0


async def test_a_profile_that_was_switched_off_still_has_its_sims(world: TwoCompanies, read: Ask) -> None:
    for profile in world.profiles.values():
        profile.enabled = False
        await profile.save()
    summary = (await read(world.other_owner, SUMMARY))["fleetSummary"]
    assert [entry["profile"]["code"] for entry in summary["byProfile"]] == ["TC", "TD"]
