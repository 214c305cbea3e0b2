"""Making the rows of profiles, operator accounts and call slots follow `plugins.toml`."""

from __future__ import annotations

from drivers.registry import DriverRegistry, RunningProfile
from models.database import execute, fetch_value
from services.unit_of_work import unit_of_work

_ACCOUNT = """
INSERT INTO operator_account (key, calls_per_second, max_concurrency) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET calls_per_second = excluded.calls_per_second, max_concurrency = excluded.max_concurrency
RETURNING id
"""

_SLOTS = """
INSERT INTO call_slot (account_id, slot) SELECT $1::bigint, generate_series(0, $2::int - 1) ON CONFLICT DO NOTHING
"""

_SURPLUS = "DELETE FROM call_slot WHERE account_id = $1 AND slot >= $2 AND holder_id IS NULL"

_PROFILE = """
INSERT INTO profile (code, title, apn, number_prefix, driver, account_id, enabled, has_packages)
VALUES ($1, $2, $3, $4, $5, $6, true, $7)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, apn = excluded.apn, number_prefix = excluded.number_prefix,
  driver = excluded.driver, account_id = coalesce(excluded.account_id, profile.account_id), enabled = true,
  has_packages = excluded.has_packages
"""

_ONE_AT_A_TIME = 0x50524F46


async def publish_profiles(registry: DriverRegistry) -> None:
    """Write what the file says. A profile that left the file is switched off, never deleted: it has SIMs."""
    async with unit_of_work():
        await execute("SELECT pg_advisory_xact_lock($1)", _ONE_AT_A_TIME)
        for profile in registry.profiles.values():
            await _publish(profile, bool(registry.traits(profile.entry.code).package_sizes))
        await execute("UPDATE profile SET enabled = false WHERE code <> ALL($1::text[])", list(registry.profiles))


async def _publish(profile: RunningProfile, has_packages: bool) -> None:
    account_id = None
    if profile.driver is not None and profile.limits is not None:
        limits = profile.limits
        account_id = await fetch_value(
            _ACCOUNT, profile.driver.account_key, limits.calls_per_second, limits.max_concurrency
        )
        await execute(_SLOTS, account_id, limits.max_concurrency)
        await execute(_SURPLUS, account_id, limits.max_concurrency)
    entry = profile.entry
    await execute(
        _PROFILE, entry.code, entry.title, entry.apn, entry.number_prefix, entry.driver, account_id, has_packages
    )
