"""One SIM by its database id or its ICCID."""

from __future__ import annotations

from access import Principal, limit_to_visible
from models.database import fetch_row
from models.where import Where
from services.fleet.sim_rows import COLUMNS, SimRow, sim_row


async def get_sim(principal: Principal, sim_id: int) -> SimRow | None:
    """The SIM, or None when there is none that the principal may see."""
    where = Where()
    where.add(f"s.id = {where.bind(sim_id)}")
    return await _find(principal, where)


async def get_sim_by_iccid(principal: Principal, iccid: str) -> SimRow | None:
    """The SIM with this ICCID, or None when there is none that the principal may see."""
    where = Where()
    where.add(f"s.iccid = {where.bind(iccid)}")
    return await _find(principal, where)


async def _find(principal: Principal, where: Where) -> SimRow | None:
    limit_to_visible(principal, where, "s", sims="s.id")
    record = await fetch_row(f"SELECT {COLUMNS} FROM sim s WHERE {where.sql}", *where.arguments)  # noqa: S608
    return None if record is None else sim_row(record)
