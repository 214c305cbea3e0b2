"""Reading operations: one, a page of them, or many by id."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import Principal, limit_to_visible_operations
from domain.operations import OperationKind, OperationState
from models.database import fetch, fetch_value, readers
from models.where import Where
from services.keyset import AskedColumns, keyset_page, keyset_records
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An operation with the counters of its items by state."""

    id: int
    company_id: int
    kind: str
    state: str
    started_by_id: int | None
    created_at: datetime
    finished_at: datetime | None
    accepted_risks: list[str]
    parameters: str
    total: int
    queued: int
    calling: int
    waiting: int
    succeeded: int
    failed: int
    refused: int
    unknown: int
    cancelled: int
    started_by_name: str | None

    @property
    def processed(self) -> int:
        """Items that have ended, in whatever way; those that wait for a confirmation have not."""
        return self.succeeded + self.failed + self.refused + self.unknown + self.cancelled

    @property
    def is_open(self) -> bool:
        """Whether items are queued, being called or waiting."""
        return self.queued + self.calling + self.waiting > 0


_OWN = [name for name in OperationRow.__dataclass_fields__ if name != "started_by_name"]
_COLUMNS = ", ".join(f"o.{name}" for name in _OWN) + ", u.name AS started_by_name"
_SOURCE = "operation o LEFT JOIN visible_person u ON u.id = o.started_by_id"
_NEWEST = ListOrder("OPERATIONS", "o.id", descending=True)


def _operation_row(record: asyncpg.Record) -> OperationRow:
    return OperationRow(*(record[index] for index in range(len(_OWN) + 1)))


async def operations_by_id(principal: Principal, ids: Collection[int]) -> dict[int, OperationRow]:
    """Those of the operations that the principal may see."""
    where = Where()
    limit_to_visible_operations(principal, where, "o")
    where.add(f"o.id = ANY({where.bind(list(ids))}::bigint[])")
    rows = await fetch(f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE {where.sql}", *where.arguments)  # noqa: S608
    return {row["id"]: _operation_row(row) for row in rows}


async def get_operation(principal: Principal, operation_id: int) -> OperationRow | None:
    """The operation, or None when there is none that the principal may see."""
    return (await operations_by_id(principal, [operation_id])).get(operation_id)


async def list_operations(
    principal: Principal,
    request: PageRequest,
    states: Collection[OperationState] | None = None,
    kinds: Collection[OperationKind] | None = None,
) -> Page[OperationRow]:
    """One page of the visible operations, newest first; only those of the states and kinds, where given."""
    return await keyset_page(
        lambda conditions, tail: (
            f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM {_SOURCE} WHERE {conditions} {tail}"  # noqa: S608
        ),
        _conditions(principal, states, kinds),
        _NEWEST,
        request,
        _operation_row,
    )


async def list_operation_records(
    principal: Principal,
    request: PageRequest,
    states: Collection[OperationState] | None,
    kinds: Collection[OperationKind] | None,
    asked: AskedColumns,
) -> Page[asyncpg.Record]:
    """The same page as records of the asked columns: SQL over `o`, and `u` who started it."""
    return await keyset_records(
        lambda columns, conditions, tail: f"SELECT {columns} FROM {_SOURCE} WHERE {conditions} {tail}",  # noqa: S608
        _conditions(principal, states, kinds),
        _NEWEST,
        request,
        asked,
        is_steady=states is None and kinds is None,
    )


async def get_operation_record(principal: Principal, operation_id: int, columns: str) -> asyncpg.Record | None:
    """The operation as a record of columns over `o` and `u`, or None when there is none that the principal may see."""
    where = Where()
    limit_to_visible_operations(principal, where, "o")
    where.add(f"o.id = {where.bind(operation_id)}")
    return await readers().fetch_row(f"SELECT {columns} FROM {_SOURCE} WHERE {where.sql}", *where.arguments)  # noqa: S608


async def count_operations(
    principal: Principal,
    states: Collection[OperationState] | None = None,
    kinds: Collection[OperationKind] | None = None,
) -> int:
    """How many there are in all."""
    where = _conditions(principal, states, kinds)
    return int(await fetch_value(f"SELECT count(*) FROM operation o WHERE {where.sql}", *where.arguments))  # noqa: S608


async def has_unsettled_items(operation_id: int) -> bool:
    """Whether an item whose outcome is unknown will still be looked at."""
    return bool(
        await fetch_value(
            "SELECT EXISTS (SELECT 1 FROM operation_item"
            " WHERE operation_id = $1 AND state = 'UNKNOWN' AND check_at IS NOT NULL)",
            operation_id,
        )
    )


def _conditions(
    principal: Principal, states: Collection[OperationState] | None, kinds: Collection[OperationKind] | None
) -> Where:
    where = Where()
    limit_to_visible_operations(principal, where, "o")
    if states is not None:
        where.add(f"o.state = ANY({where.bind([state.value for state in states])}::text[])")
    if kinds is not None:
        where.add(f"o.kind = ANY({where.bind([kind.value for kind in kinds])}::text[])")
    return where
