"""Reading a profile's inventory from its operator, page by page, and then who has been in session lately."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from domain.clock import clock
from domain.errors import UnknownProfile
from models.database import fetch_value
from novaconnect_sdk import DriverError, InvalidRequest, Inventory, SimPage, UsageRecords
from services.inventory.store_inventory import store_page
from services.inventory.sync_runs import SyncRun, begin, end_inventory, finish, note_page
from services.inventory.synchronise_records import read_fleet_records, read_records_by_sim
from services.process.runtime import Runtime


class SyncFailed(Exception):
    """The operator could not be read to the end; what was read is stored, and nothing was deleted."""


class NothingListed(DriverError):
    """The operator's inventory is empty though we know SIMs of it: that is not believed."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far it is: SIMs read, and how many there are (None while the operator has not said)."""

    done: int
    total: int | None


async def synchronise_inventory(profile_code: str, runtime: Runtime) -> AsyncIterator[SyncProgress]:
    """Read the whole inventory of a profile. SIMs that are new go to the company that holds the stock.

    A page that is not complete never marks a SIM as left. Raises `UnknownProfile` and `SyncFailed`; the run is kept in
    `sync_run`.
    """
    driver = runtime.registry.driver(profile_code)
    profile_id = await fetch_value("SELECT id FROM profile WHERE code = $1", profile_code)
    if driver is None or not isinstance(driver, Inventory) or profile_id is None:
        raise UnknownProfile(f"Profile {profile_code} has no driver that lists SIMs.", path=("profile",))
    run = await begin(profile_id)
    try:
        async for progress in read_inventory(profile_code, driver, run):
            yield progress
        if runtime.registry.traits(profile_code).lock_raises_msu and isinstance(driver, UsageRecords):
            await read_fleet_records(profile_code, driver, run)
    except DriverError as error:
        await finish(run, error.message)
        raise SyncFailed(
            f"{profile_code}: {error.message} What was read is stored; start the synchronisation again."
        ) from error
    await finish(run)


async def synchronise_records(profile_code: str, runtime: Runtime, within: timedelta) -> int:
    """Read the usage records of a profile whose operator gives them SIM by SIM, now instead of at night.

    Returns how many SIMs could not be read in that time; 0 for a profile whose records come in one listing. Raises `SyncFailed`.
    """
    driver: object = runtime.registry.driver(profile_code)
    profile_id = await fetch_value("SELECT id FROM profile WHERE code = $1", profile_code)
    if not isinstance(driver, UsageRecords) or not getattr(driver, "records_by_sim", False) or profile_id is None:
        return 0
    limits = runtime.registry.profiles[profile_code].limits
    pace = limits.calls_per_second if limits is not None else 1.0
    run = await begin(profile_id)
    try:
        await end_inventory(run, complete=False)
        left = await read_records_by_sim(profile_code, driver, run, clock.now() + within, pace)
    except DriverError as error:
        await finish(run, error.message)
        raise SyncFailed(f"{profile_code}: {error.message} What was read is stored.") from error
    await finish(run)
    return left


async def read_inventory(profile_code: str, driver: Inventory, run: SyncRun) -> AsyncIterator[SyncProgress]:
    """Read the inventory from where the run stands to its end; raises `DriverError`."""
    done = 0
    while True:
        page = await _page(driver, run)
        stored = await store_page(profile_code, page.items)
        done += len(page.items)
        await note_page(run, stored, page.next_cursor)
        yield SyncProgress(done, page.total)
        if page.next_cursor is None:
            break
    if page.complete and run.changed_since is None and done == 0 and await _knows_sims(run):
        raise NothingListed("The operator listed no SIM at all.")
    await end_inventory(run, complete=page.complete)


async def _page(driver: Inventory, run: SyncRun) -> SimPage:
    """The next page. A listing that another process had open is gone with it: then it begins anew."""
    try:
        return await driver.list_sims(run.cursor, run.changed_since)
    except InvalidRequest:
        if run.cursor is None:
            raise
        run.cursor = None
        return await driver.list_sims(None, run.changed_since)


async def _knows_sims(run: SyncRun) -> bool:
    known = (
        "SELECT EXISTS (SELECT FROM sim WHERE profile_id = $1 AND left_operator_at IS NULL AND observed_at IS NOT NULL)"
    )
    return bool(await fetch_value(known, run.profile_id))
