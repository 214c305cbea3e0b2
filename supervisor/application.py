"""Work that a start or a `manage.py` command does inside the application's rooms: migrate, seed, synchronise.

The rooms are imported where they are used, so that `manage.py migrate` does not load every driver.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.errors import DomainError
from models.migrate import migrate
from settings import Settings
from supervisor.errors import CannotStart
from supervisor.narration import Narrator

_RECORDS_WITHIN = timedelta(hours=1)
"""How long a demo reads usage records SIM by SIM at most."""

if TYPE_CHECKING:
    from services.process.demo_world import Demo
    from services.process.runtime import Runtime


async def migrate_database(settings: Settings, narrator: Narrator) -> None:
    """Bring the schema up to date as the owner; two at once wait for each other."""
    await migrate(settings.owner_database_url or settings.require_database())
    narrator.step("database schema: up to date")


@asynccontextmanager
async def open_application(settings: Settings) -> AsyncIterator[Runtime]:
    """The application with its drivers and the right to call operators, for the time of the block."""
    from eventstream import close_publisher, open_publisher
    from models.database import close_database, open_database
    from models.tenancy import process_acts_as_system
    from services.process.clock_follower import start_clock_follower
    from services.process.runtime import open_runtime

    process_acts_as_system()
    await open_database(settings.require_database(), pool_size=4)
    open_publisher(settings.require_redis())
    follower = await start_clock_follower(settings)
    try:
        runtime = await open_runtime(settings, "synchronisation")
        try:
            yield runtime
        finally:
            await runtime.close()
    finally:
        if follower is not None:
            follower.cancel()
        await close_publisher()
        await close_database()


async def synchronise(runtime: Runtime, profile_code: str, narrator: Narrator) -> None:
    """Read one profile's inventory from its operator, with a progress bar; raises `CannotStart` with the reason."""
    from services.inventory.synchronise_inventory import SyncFailed, synchronise_inventory

    began = time.monotonic()
    done = 0
    try:
        with narrator.bar(f"synchronising {profile_code}") as advance:
            async for progress in synchronise_inventory(profile_code, runtime):
                done = progress.done
                advance(done, progress.total)
    except (DomainError, SyncFailed) as error:
        raise CannotStart(str(error)) from error
    narrator.step(f"synchronised {profile_code}: {done} SIMs in {time.monotonic() - began:.1f} s")


async def synchronise_profile(settings: Settings, profile_code: str, narrator: Narrator) -> None:
    """`manage.py sync`: one profile, in a process of its own."""
    async with open_application(settings) as runtime:
        await synchronise(runtime, profile_code, narrator)


async def fill_demo(settings: Settings, narrator: Narrator) -> None:
    """Synchronise every profile that has a driver and hand the SIMs out to the demo's companies.

    A driver that was refused, or an operator that fails, is said and does not keep the others from running.
    """
    from services.process.demo_world import hand_out_stock

    async with open_application(settings) as runtime:
        for problem in runtime.registry.problems:
            narrator.warn(str(problem))
        for code, profile in runtime.registry.profiles.items():
            if profile.driver is not None:
                try:
                    await synchronise(runtime, code, narrator)
                except CannotStart as error:
                    narrator.warn(str(error))
        await hand_out_stock()


async def fill_demo_records(settings: Settings, narrator: Narrator) -> None:
    """Read the usage records that operators give SIM by SIM, so that reports show every profile before the first night.

    It goes on beside everything else; an operator that fails is said.
    """
    from services.inventory.synchronise_inventory import SyncFailed, synchronise_records

    async with open_application(settings) as runtime:
        for code in runtime.registry.profiles:
            try:
                await synchronise_records(code, runtime, _RECORDS_WITHIN)
            except SyncFailed as error:
                narrator.warn(str(error))


async def seed_demo(settings: Settings) -> Demo:
    """Make the demo's companies and users unless they are there; fresh access tokens by principal's name."""
    from models.database import close_database, open_database
    from models.tenancy import process_acts_as_system
    from services.process.demo_world import seed

    process_acts_as_system()
    await open_database(settings.require_database(), pool_size=2)
    try:
        return await seed()
    finally:
        await close_database()


async def make_admin(settings: Settings, email: str, name: str, password: str, narrator: Narrator) -> None:
    """`manage.py create-admin`: an administrator who can log in; raises `CannotStart` with what to change."""
    from models.database import close_database, open_database
    from models.tenancy import process_acts_as_system
    from services.accounts.make_admin import make_admin as make

    process_acts_as_system()
    await open_database(settings.require_database(), pool_size=2)
    try:
        is_new = await make(email, name, password)
    except DomainError as error:
        raise CannotStart(str(error)) from error
    finally:
        await close_database()
    narrator.step("administrator made" if is_new else "the administrator has a new password")
