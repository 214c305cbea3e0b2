"""Exchange rates for staff: what the banks said, and the decision about a rate that jumped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from access import Principal
from domain.clock import clock
from domain.errors import NotFound, NothingToDo
from models.billing import ExchangeRateState
from models.database import fetch, fetch_row, transaction
from models.where import Where
from services.audit.record import record
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest


@dataclass(frozen=True, slots=True)
class RateRow:
    """What one EUR costs; see `models.billing.ExchangeRate`."""

    id: int
    source: str
    currency: str
    asked_on: date
    rate_on: date
    rate: Decimal
    fetched_at: datetime
    state: str
    jump: Decimal | None


_NAMES = tuple(RateRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"r.{name}" for name in _NAMES)
_NEWEST = ListOrder("EXCHANGE_RATES", "r.id", descending=True)

_DECIDE = f"""
UPDATE exchange_rate r SET state = $2, decided_by_id = $3, decided_at = $4 WHERE id = $1 AND state = 'HELD' RETURNING {_COLUMNS}
"""  # noqa: S608 - constants


async def list_rates(principal: Principal, request: PageRequest, state: ExchangeRateState | None) -> Page[RateRow]:
    """One page, newest first; raises `Forbidden` for anybody but staff."""
    principal.require_staff()
    where = Where()
    if state is not None:
        where.add(f"r.state = {where.bind(state.value)}")
    return await keyset_page(
        lambda conditions, tail: (
            f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM exchange_rate r WHERE {conditions} {tail}"  # noqa: S608
        ),
        where,
        _NEWEST,
        request,
        lambda row: RateRow(*(row[name] for name in _NAMES)),
    )


async def count_rates(principal: Principal, state: ExchangeRateState | None) -> int:
    """How many there are."""
    principal.require_staff()
    rows = await fetch(
        "SELECT count(*) FROM exchange_rate WHERE $1::text IS NULL OR state = $1",
        None if state is None else state.value,
    )
    return int(rows[0][0])


async def get_rate(principal: Principal, rate_id: int) -> RateRow | None:
    """A rate; None when there is none, and for anybody but staff."""
    if not principal.is_staff:
        return None
    row = await fetch_row(f"SELECT {_COLUMNS} FROM exchange_rate r WHERE id = $1", rate_id)  # noqa: S608
    return RateRow(*(row[name] for name in _NAMES)) if row else None


async def decide_rate(principal: Principal, rate_id: int, *, accept: bool) -> RateRow:
    """Accept or refuse a held rate; a refused one is asked of the bank again by the next run.

    The same decision again is answered alike. Raises `Forbidden`, `NotFound`, `NothingToDo`.
    """
    principal.require_staff()
    state = ExchangeRateState.ACCEPTED if accept else ExchangeRateState.REJECTED
    async with transaction():
        row = await fetch_row(_DECIDE, rate_id, state.value, principal.user_id, clock.now())
        if row is not None:
            await record(
                principal,
                "exchange_rate.decided",
                f"exchange_rate:{rate_id}",
                company_id=None,
                before={"state": ExchangeRateState.HELD.value},
                after={"state": state.value, "rate": str(row["rate"]), "source": row["source"]},
            )
    if row is None:
        stored = await get_rate(principal, rate_id)
        if stored is None:
            raise NotFound("There is no such rate: take its id from exchangeRates.", path=("id",))
        if stored.state != state:
            raise NothingToDo(f"This rate is not held: it is {stored.state.lower()} already.", path=("id",))
        return stored
    return RateRow(*(row[name] for name in _NAMES))
