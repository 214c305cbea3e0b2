"""The monthly runs: asked for by the scheduler or by staff, done by a worker, taken up again after whatever stopped them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from access import Principal
from billing_calendar.periods import next_period
from billing_calendar.working_days import KAZAKHSTAN, local_date
from domain.clock import clock
from models.database import DATABASE_AWAY, fetch, fetch_row
from services.audit.record import record
from services.billing.exchange_rates import KEEP_RATES, SOURCES, keep_rates
from services.billing.issue_documents import DRAW, issue_documents
from services.billing.rate_usage import beginning_of
from services.billing.run_billing import RUN, period_due, require_billable, run_billing
from services.execution.hints import Hint, send_hints
from services.files.file_store import STORE_AWAY
from services.unit_of_work import unit_of_work

AFTER_THE_NIGHT = timedelta(hours=3)
"""How long after the end of a month (UTC) it is billed: the night's synchronisation ends at 07:00 UTC+05:00, 2 hours after."""

AGAIN = 300
"""Seconds of business time after which a run that waits, or that nobody finished, is woken again."""

ONE_DAY = timedelta(days=1)
"""A company is asked rates for from its second day on."""

QUIET = 5.0
"""Seconds between two hints."""

_log = logging.getLogger("novaconnect.billing")

_ASK = """
INSERT INTO billing_run (period, state, requested_by_id, started_at) VALUES ($1, 'RUNNING', $2, $3)
ON CONFLICT (period) DO UPDATE SET state = 'RUNNING', requested_by_id = excluded.requested_by_id, finished_at = NULL
RETURNING *
"""

_DUE = """
SELECT period FROM billing_run WHERE state = 'RUNNING' OR (state = 'WAITING' AND finished_at < $1::timestamptz - $2::interval)
ORDER BY period
"""

_ASKED_OR_NOBODY = """
SELECT 1 WHERE EXISTS (SELECT FROM billing_run WHERE period = $1)
  OR NOT EXISTS (SELECT FROM company WHERE NOT holds_stock AND created_at < $2)
"""

_RATES_MISSING = """
SELECT EXISTS (SELECT FROM company WHERE country IN ('RU', 'KZ') AND NOT holds_stock AND created_at < $2)
  AND (SELECT count(*) FROM exchange_rate WHERE asked_on = $1 AND state <> 'REJECTED') < $3
"""

_UNDRAWN = "SELECT EXISTS (SELECT FROM invoice WHERE state <> 'DRAFT' AND announced_at IS NULL)"


class RunState(StrEnum):
    """How far a run has come; see `models.billing.BillingRun`."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class BillingRunRow:
    """A run; see `models.billing.BillingRun`."""

    id: int
    period: date
    state: str
    started_at: datetime
    finished_at: datetime | None
    companies: int
    issued: int
    held: int


_NAMES = tuple(BillingRunRow.__dataclass_fields__)


async def ask_for_run(principal: Principal | None, period: date) -> BillingRunRow:
    """Have a month billed by a worker, soon. What is billed already stays; None as principal is the scheduler.

    Raises `Forbidden` for anybody but staff, `InvalidValue` for a month that is not over.
    """
    if principal is not None:
        principal.require_staff()
    require_billable(period)
    async with unit_of_work() as uow:
        row = await fetch_row(_ASK, period, principal.user_id if principal else None, clock.now())
        assert row is not None
        if principal is not None:
            await record(
                principal, "billing.run", f"billing_run:{row['id']}", company_id=None, after={"period": str(period)}
            )
        uow.enqueue(RUN, period.year * 100 + period.month)
    return BillingRunRow(*(row[name] for name in _NAMES))


async def ask_for_due_run() -> date | None:
    """For the scheduler on the 1st, and on any later day: have last month billed if it was not asked for yet.

    Returns the month, or None when its run is there already, when the night's records may still come, and when nobody was a
    customer here in that month: who moves in does not get bills for what came before.
    """
    period, now = period_due(), clock.now()
    end = beginning_of(next_period(period))
    if now < end + AFTER_THE_NIGHT or await fetch_row(_ASKED_OR_NOBODY, period, end):
        return None
    await ask_for_run(None, period)
    return period


def start_run(period: date) -> None:
    """What a worker does: bill a month in the background, then draw and announce its documents. It goes on where it stands."""
    _start(f"billing-{period}", _run(period))


def start_documents() -> None:
    """What a worker does for documents that were left over."""
    _start("documents", _documents())


async def _run(period: date) -> None:
    outcome = await run_billing(period)
    _log.info("%s: %s invoices, %s held", period, outcome.issued, outcome.held)
    await issue_documents()


def start_rates() -> None:
    """What a worker does once a day: ask the central banks."""
    _start("rates", keep_rates())


async def _documents() -> None:
    await issue_documents()


_tasks: dict[str, asyncio.Task[None]] = {}


def _start(name: str, work: Coroutine[object, object, None]) -> None:
    """In the background, because it takes minutes and an actor holds a thread; once at a time in a process."""
    if name in _tasks:
        work.close()
        return
    _tasks[name] = asyncio.create_task(_guarded(work), name=name)
    _tasks[name].add_done_callback(lambda _: _tasks.pop(name, None))


async def _guarded(work: Coroutine[object, object, None]) -> None:
    """What stops a run is said; the scheduler has it taken up again."""
    try:
        await work
    except (*DATABASE_AWAY, *STORE_AWAY) as error:
        _log.error("the billing run stopped (%s): it is taken up again", type(error).__name__)


class _Waking:
    next_at = 0.0
    rates_at = 0.0


async def wake_runs() -> int:
    """For every round of the scheduler: wake workers for runs that are not done, and for documents that are not drawn."""
    if time.monotonic() < _Waking.next_at:
        return 0
    _Waking.next_at = time.monotonic() + QUIET
    await ask_for_due_run()
    now = clock.now()
    rows = await fetch(_DUE, now, timedelta(seconds=AGAIN))
    hints: list[Hint] = [(RUN, (row["period"].year * 100 + row["period"].month,)) for row in rows]
    if not hints and (await fetch(_UNDRAWN))[0][0]:
        hints = [(DRAW, ())]
    if time.monotonic() >= _Waking.rates_at:
        missing = await fetch(_RATES_MISSING, local_date(KAZAKHSTAN, now), now - ONE_DAY, len(SOURCES))
        if missing[0][0]:
            _Waking.rates_at = time.monotonic() + AGAIN
            hints.append((KEEP_RATES, ()))
    if hints:
        await asyncio.to_thread(send_hints, hints)
    return len(hints)


async def list_runs(principal: Principal) -> Sequence[BillingRunRow]:
    """All runs, the newest period first: one a month. Raises `Forbidden` for anybody but staff."""
    principal.require_staff()
    rows = await fetch("SELECT * FROM billing_run ORDER BY period DESC LIMIT 120")
    return [BillingRunRow(*(row[name] for name in _NAMES)) for row in rows]
