"""A SIM as lists read it: its own columns in one narrow query, related rows apart and in sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import asyncpg

from access import Principal, limit_to_visible
from models.database import fetch
from models.where import Where


@dataclass(frozen=True, slots=True)
class SimRow:
    """The columns of a SIM that somebody sees; ids are database ids, times aware UTC."""

    id: int
    company_id: int
    profile_id: int
    iccid: str
    imsi: str | None
    msisdn: str | None
    external_msisdn: str | None
    name: str
    balance: Decimal | None
    internal_balance: Decimal
    currency: str | None
    msu_count: int | None
    lock_mask: int
    observed_blocked: bool | None
    observed_status: str
    native_status: str | None
    observed_at: datetime | None
    registered_at: datetime | None
    registration_network: str | None
    registration_country: str | None
    registration_plmn: str | None
    registration_as_of: datetime | None
    left_operator_at: datetime | None
    limit_mb: int | None
    limit_used_bytes: int | None
    limit_reached_at: datetime | None
    limit_as_of: datetime | None
    package_plan: str | None
    package_mb: int | None
    package_remaining_bytes: int | None
    package_ends_at: datetime | None
    package_as_of: datetime | None
    wanted_package_mb: int | None
    auto_reconnect: bool | None
    roaming: bool | None
    roaming_change_until: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def drift(self) -> bool:
        """Whether the operator's block differs from what our lock reasons ask for; never while nothing was observed."""
        return self.observed_blocked is not None and self.observed_blocked != (self.lock_mask != 0)


_NAMES = tuple(SimRow.__dataclass_fields__)
AUTO_RECONNECT = """coalesce(s.auto_reconnect, s.wanted_auto_reconnect,
  (SELECT NULLIF(p.has_packages, FALSE) FROM profile p WHERE p.id = s.profile_id))"""
"""SQL: what the operator said, else what was asked for, else on (as for every SIM with packages), of a table known as `s`."""

COLUMNS = ", ".join(AUTO_RECONNECT if name == "auto_reconnect" else f"s.{name}" for name in _NAMES)
"""The columns of `SimRow` in its order, of a table known as `s`; a query selects them first."""


def sim_row(record: asyncpg.Record) -> SimRow:
    """The SIM in a record that begins with `COLUMNS`."""
    return SimRow(*(record[index] for index in range(len(_NAMES))))


async def sims_by_id(principal: Principal, ids: list[int]) -> dict[int, SimRow]:
    """Those of the SIMs that the principal may see."""
    where = Where()
    limit_to_visible(principal, where, "s", sims="s.id")
    where.add(f"s.id = ANY({where.bind(ids)}::bigint[])")
    rows = await fetch(f"SELECT {COLUMNS} FROM sim s WHERE {where.sql}", *where.arguments)  # noqa: S608
    return {row["id"]: sim_row(row) for row in rows}
