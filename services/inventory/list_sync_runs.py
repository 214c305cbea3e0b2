"""The runs of synchronisation, for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from access import Principal
from domain.errors import Forbidden
from models.database import fetch, fetch_value
from models.where import Where
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class SyncRunRow:
    """A run: what it read and found; `records_changed` are usage records that were new or corrected."""

    id: int
    profile_id: int
    kind: str
    phase: str
    window_on: date | None
    started_at: datetime
    finished_at: datetime | None
    changed_since: datetime | None
    complete: bool
    attempts: int
    seen: int
    added: int
    changed: int
    drifted: int
    left_operator: int
    returned: int
    records: int
    records_changed: int
    error: str | None


_NAMES = tuple(SyncRunRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"r.{name}" for name in _NAMES)
_NEWEST = ListOrder("SYNC_RUNS", "r.id", descending=True)


async def list_sync_runs(principal: Principal, request: PageRequest, profile_code: str | None) -> Page[SyncRunRow]:
    """One page, newest first; raises `Forbidden` for anybody but staff."""
    where = await _conditions(principal, profile_code)
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM sync_run r WHERE {conditions} {tail}",  # noqa: S608
        where,
        _NEWEST,
        request,
        _row,
    )


async def count_sync_runs(principal: Principal, profile_code: str | None) -> int:
    """How many there are."""
    where = await _conditions(principal, profile_code)
    return int(await fetch_value(f"SELECT count(*) FROM sync_run r WHERE {where.sql}", *where.arguments))  # noqa: S608


async def _conditions(principal: Principal, profile_code: str | None) -> Where:
    if not principal.is_staff:
        raise Forbidden("Only NovaConnect's own staff sees the runs of synchronisation.", path=("syncRuns",))
    where = Where()
    if profile_code is not None:
        ids = [row["id"] for row in await fetch("SELECT id FROM profile WHERE code = $1", profile_code)]
        where.add(f"r.profile_id = ANY({where.bind(ids)}::bigint[])")
    return where


def _row(record: asyncpg.Record) -> SyncRunRow:
    return SyncRunRow(*(record[name] for name in _NAMES))
