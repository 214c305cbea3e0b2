"""The catalogue of profiles."""

from __future__ import annotations

from models.database import fetch
from services.fleet.sim_relations import ProfileRow


async def list_profiles() -> list[ProfileRow]:
    """All profiles that are in use, by code; everybody sees all of them."""
    rows = await fetch("SELECT id, code, title, apn, number_prefix FROM profile WHERE enabled ORDER BY code")
    return [ProfileRow(*row) for row in rows]
