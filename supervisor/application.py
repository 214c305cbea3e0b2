"""Work that a start or a `manage.py` command does inside the application's rooms: migrate, seed, synchronise."""

from __future__ import annotations

from collections.abc import Mapping

from models.migrate import migrate
from settings import Settings, read_plugins_file
from settings.plugins_file import NO_DRIVER
from supervisor.narration import Narrator


async def migrate_database(settings: Settings, narrator: Narrator) -> None:
    """Bring the schema up to date as the owner; two at once wait for each other."""
    url = settings.owner_database_url or settings.require_database()
    await migrate(url)
    narrator.step("database schema: up to date")


async def seed_demo(settings: Settings) -> Mapping[str, str]:
    """Make the demo world unless it is there, and return an access token per demo principal."""
    from models.database import close_database, open_database
    from services.demo_world import seed

    await open_database(settings.require_database(), pool_size=2)
    try:
        return await seed()
    finally:
        await close_database()


async def synchronise(settings: Settings, profile_code: str, narrator: Narrator) -> None:
    """Read the inventory of one profile from its operator, with a progress bar."""
    from models.database import close_database, open_database
    from services.clock_follower import start_clock_follower
    from services.runtime import open_runtime
    from services.synchronise_inventory import synchronise_inventory

    await open_database(settings.require_database(), pool_size=4)
    follower = await start_clock_follower(settings)
    try:
        runtime = await open_runtime(settings, "sync")
        try:
            with narrator.bar(f"synchronising {profile_code}") as advance:
                async for progress in synchronise_inventory(profile_code, runtime):
                    advance(progress.done, progress.total)
        finally:
            await runtime.close()
    finally:
        if follower is not None:
            follower.cancel()
        await close_database()


async def hand_out_demo_stock(settings: Settings) -> None:
    """Give the SIMs that the inventory brought to the demo's companies."""
    from models.database import close_database, open_database
    from services.demo_world import hand_out_stock

    await open_database(settings.require_database(), pool_size=2)
    try:
        await hand_out_stock()
    finally:
        await close_database()


def profiles_to_synchronise(settings: Settings) -> list[str]:
    """The codes of the profiles that have an operator behind them."""
    profiles = read_plugins_file(settings.plugins_file).profiles
    return [profile.code for profile in profiles if profile.driver != NO_DRIVER]
