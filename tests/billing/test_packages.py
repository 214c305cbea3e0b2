"""Packages as they begin: each is counted once, whoever tells of it first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models import PackageConnection, Sim
from models.database import execute
from novaconnect_sdk import Iccid, ObservedState, PackageReading, SimRecord, SimRef
from services.billing.package_connections import begin_packages
from services.execution.store_changes import note_package
from services.inventory.store_inventory import store_page
from tests.worlds import TwoCompanies

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def reading(started_at: datetime | None = NOON, size_mb: int | None = 15) -> PackageReading:
    """A package that runs."""
    ends_at = started_at + MONTH if started_at else None
    return PackageReading("lite-15", size_mb, roaming=False, ends_at=ends_at, started_at=started_at)


def record(sim: Sim, package: PackageReading | None, as_of: datetime) -> SimRecord:
    """The SIM as an inventory lists it."""
    return SimRecord(
        SimRef(Iccid(sim.iccid), operator_ref=sim.operator_ref), ObservedState(as_of, False), package=package
    )


async def known(sim: Sim) -> list[tuple[datetime, int, bool]]:
    rows = await PackageConnection.filter(sim_id=sim.id).order_by("connected_at")
    return [(row.connected_at, row.size_mb, row.confirmed) for row in rows]


async def test_the_inventory_tells_of_a_package_once_however_often_it_is_read(world: TwoCompanies) -> None:
    sim, other = world.sims["unnamed"], world.sims["crane"]
    for night in range(3):
        as_of = NOON + timedelta(days=night)
        await store_page("TD", [record(sim, reading(), as_of), record(other, reading(None), as_of)])
    await store_page("TD", [record(sim, reading(NOON + MONTH, 20), NOON + MONTH)])

    assert await known(sim) == [(NOON, 15, True), (NOON + MONTH, 20, True)]
    assert await known(other) == []
    assert (await PackageConnection.first()).company_id == world.company.id


async def test_our_reconnecting_and_the_operators_term_are_one_package(world: TwoCompanies) -> None:
    sim = world.sims["unnamed"]
    await execute("UPDATE sim SET package_mb = 25 WHERE id = $1", sim.id)
    await begin_packages([sim.id], NOON)
    assert await known(sim) == [(NOON, 25, False)]

    began = NOON - timedelta(minutes=3)
    await store_page("TD", [record(sim, reading(began, 25), NOON + timedelta(hours=12))])
    await store_page("TD", [record(sim, reading(began, 25), NOON + timedelta(hours=36))])

    assert await known(sim) == [(began, 25, True)]


async def test_two_reconnects_of_a_day_are_two_packages_of_which_the_later_is_confirmed(world: TwoCompanies) -> None:
    sim = world.sims["unnamed"]
    await execute("UPDATE sim SET package_mb = 15 WHERE id = $1", sim.id)
    later = NOON + timedelta(hours=2)
    await begin_packages([sim.id], NOON)
    await begin_packages([sim.id], later)

    await store_page("TD", [record(sim, reading(later), NOON + timedelta(hours=12))])

    assert await known(sim) == [(NOON, 15, False), (later, 15, True)]


async def test_a_live_reading_tells_of_a_package_too(world: TwoCompanies) -> None:
    sim = world.sims["unnamed"]

    await note_package(sim.id, reading(), NOON + timedelta(days=1))
    await note_package(sim.id, reading(None, None), NOON + timedelta(days=2))
    await store_page("TD", [record(sim, reading(), NOON + timedelta(days=3))])

    assert await known(sim) == [(NOON, 15, True)]
