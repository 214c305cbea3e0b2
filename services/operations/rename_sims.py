"""Renaming many SIMs by a table of ICCIDs and names."""

from __future__ import annotations

from access import Principal, limit_to_visible
from domain.changes import RenameEach
from domain.errors import NotFound
from domain.rename_csv import parse
from domain.sim_filter import Selection
from models.database import fetch
from models.where import Where
from services.operations.accept_operation import accept_operation


async def rename_sims(principal: Principal, csv: str, *, idempotency_key: str) -> int:
    """Accept the renaming and return the operation's id. The table is taken as a whole or not at all.

    Raises the typed errors of `domain.rename_csv.parse` and of `accept_operation`, and `NotFound` naming the rows whose SIM
    does not exist or is not the principal's to see.
    """
    principal.require_write()
    rows = parse(csv)
    where = Where()
    limit_to_visible(principal, where, "s", sims="s.id")
    where.add(f"s.iccid = ANY({where.bind([row.iccid for row in rows])}::text[])")
    found = {
        record["iccid"]: record["id"]
        for record in await fetch(f"SELECT s.id, s.iccid FROM sim s WHERE {where.sql}", *where.arguments)  # noqa: S608
    }
    if missing := [row.line for row in rows if row.iccid not in found]:
        shown = ", ".join(str(line) for line in missing[:10])
        raise NotFound(f"{len(missing)} SIMs do not exist; check the ICCID in line {shown}.", path=("csv",))
    names = {found[row.iccid]: row.name for row in rows}
    return await accept_operation(
        principal,
        RenameEach(names),
        Selection(ids=tuple(names)),
        idempotency_key=idempotency_key,
        accept_risks=frozenset(),
    )
