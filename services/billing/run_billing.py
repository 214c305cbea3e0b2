"""The monthly run: freeze, then issue. It may be killed anywhere, repeated, and run several times at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_calendar.periods import is_period, period_to_bill
from domain.clock import clock
from domain.errors import InvalidValue
from models.database import execute, fetch_row
from services.billing.freeze_period import freeze_period
from services.billing.issue_invoices import issue_drafts
from services.billing.legal_entities import ensure_legal_entities

RUN = "run_billing"
"""The actor that does, or takes up, the run of a period."""

_BEGIN = """
INSERT INTO billing_run (period, state, started_at) VALUES ($1, 'RUNNING', $2)
ON CONFLICT (period) DO UPDATE SET state = 'RUNNING', finished_at = NULL
"""

_END = """
UPDATE billing_run r SET state = CASE WHEN n.held > 0 THEN 'WAITING' ELSE 'DONE' END, finished_at = $2,
  companies = n.companies, issued = n.issued, held = n.held
FROM (SELECT (SELECT count(*) FROM usage_freeze WHERE period = $1) AS companies,
             count(*) FILTER (WHERE state <> 'DRAFT') AS issued, count(*) FILTER (WHERE state = 'DRAFT') AS held
      FROM invoice WHERE period = $1 AND kind = 'INVOICE') AS n
WHERE r.period = $1 RETURNING r.companies, r.issued, r.held
"""


@dataclass(frozen=True, slots=True)
class BillingOutcome:
    """How a period stands after a run: companies frozen, invoices issued, drafts held back."""

    companies: int
    issued: int
    held: int


def period_due() -> date:
    """The month that is to be billed now: the one before. Usage is kept in UTC, so its months end there."""
    return period_to_bill(clock.now().date())


def require_billable(period: date) -> None:
    """Raise `InvalidValue` unless the day names a month that is over everywhere."""
    if not is_period(period):
        raise InvalidValue("A period is a month, named by its first day, such as 2023-11-01.", path=("period",))
    if period > period_due():
        raise InvalidValue("This month is not over yet: bill it from the 1st of the next month on.", path=("period",))


async def run_billing(period: date) -> BillingOutcome:
    """Bill a month: what is done already stays as it is. Raises `InvalidValue` for a month that is not over."""
    require_billable(period)
    await execute(_BEGIN, period, clock.now())
    await freeze_period(period)
    for _, entity in sorted((await ensure_legal_entities()).items()):
        await issue_drafts(entity, period)
    row = await fetch_row(_END, period, clock.now())
    assert row is not None
    return BillingOutcome(row["companies"], row["issued"], row["held"])
