"""Rows related to many SIMs at once, one set query a relation; who may see the SIM may see these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from domain.locks import LockKind
from models.database import fetch


@dataclass(frozen=True, slots=True)
class LockRow:
    """One reason for which a SIM is locked."""

    kind: LockKind
    since: datetime
    set_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A customer. `whatsapp` is E.164 without the plus; `payment_system` and `state` are those of `models.identity`."""

    id: int
    name: str
    country: str
    tax_number: str | None
    contract_number: str | None
    responsible_person: str | None
    payment_system: str
    email: str | None
    whatsapp: str | None
    agent_id: int | None
    state: str
    created_at: datetime


COMPANY_COLUMNS = ", ".join(f"c.{name}" for name in CompanyRow.__dataclass_fields__)
"""The columns of `CompanyRow` in its order, of a table known as `c`."""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile as customers see it."""

    id: int
    code: str
    title: str
    apn: str
    number_prefix: str


async def locks_of_sims(sim_ids: list[int]) -> dict[int, list[LockRow]]:
    """The lock reasons of each SIM, oldest first; SIMs without any are left out."""
    rows = await fetch(
        "SELECT sim_id, kind, since, set_by, reason FROM sim_lock_reason"
        " WHERE sim_id = ANY($1::bigint[]) ORDER BY since, id",
        sim_ids,
    )
    found = defaultdict(list)
    for row in rows:
        found[row["sim_id"]].append(LockRow(LockKind(row["kind"]), row["since"], row["set_by"], row["reason"]))
    return found


async def companies(ids: list[int]) -> dict[int, CompanyRow]:
    """Companies by id."""
    rows = await fetch(f"SELECT {COMPANY_COLUMNS} FROM company c WHERE c.id = ANY($1::bigint[])", ids)  # noqa: S608
    return {row["id"]: CompanyRow(*row) for row in rows}


async def profiles(ids: list[int]) -> dict[int, ProfileRow]:
    """Profiles by id."""
    rows = await fetch("SELECT id, code, title, apn, number_prefix FROM profile WHERE id = ANY($1::bigint[])", ids)
    return {row["id"]: ProfileRow(*row) for row in rows}
