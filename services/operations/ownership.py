"""Whose a SIM is stays as it was judged: accepting a change and moving SIMs to another company exclude each other."""

from __future__ import annotations

from models.database import execute

_KEY = "hashtextextended('whose SIMs are', 0)"


async def hold_ownership() -> None:
    """Until the transaction ends no SIM changes its company. Many may hold it at once; a move waits for all of them."""
    await execute(f"SELECT pg_advisory_xact_lock_shared({_KEY})")


async def change_ownership() -> None:
    """Until the transaction ends nobody else accepts, retries or moves anything: rare, and short for what it prevents."""
    await execute(f"SELECT pg_advisory_xact_lock({_KEY})")
