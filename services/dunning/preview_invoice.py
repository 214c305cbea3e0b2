"""What will happen to one unpaid invoice, with exact dates, and to how many SIMs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from access import Principal, limit_to_visible
from billing_calendar.deadlines import credit_date
from billing_calendar.working_days import local_date
from domain.clock import clock
from domain.decisions import is_live
from domain.dunning import DunningAction, DunningStage, next_steps, stage
from drivers.registry import registry
from models.database import fetch, fetch_row
from models.where import Where
from services.dunning.debts import debts_of_companies
from services.dunning.financial_locks import is_locked

_SIMS = """
SELECT p.code, s.session_active, s.session_ended_at, s.session_as_of, count(*) AS sims
FROM sim s JOIN profile p ON p.id = s.profile_id AND p.account_id IS NOT NULL
WHERE s.company_id = $1 AND NOT EXISTS (SELECT FROM sim_lock_reason r WHERE r.sim_id = s.id AND r.kind = 'FINANCIAL')
GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class DunningPreview:
    """How it stands with an invoice and what comes if nothing is paid. `credited_on_if_paid_today` is the working day after.

    `sims_to_lock` are those that the lock would lock now; `live_sims` those of them in live devices where a lock may raise MSU.
    """

    invoice_id: int
    stage: DunningStage
    outstanding: Decimal
    currency: str
    steps: tuple[tuple[date, DunningAction], ...]
    promised_until: date | None
    credited_on_if_paid_today: date
    company_locked: bool
    sims_to_lock: int
    live_sims: int


async def preview_invoice(principal: Principal, invoice_id: int) -> DunningPreview | None:
    """None when there is no such invoice, or it is not the principal's."""
    where = Where(invoice_id)
    where.add("i.id = $1 AND i.kind = 'INVOICE' AND i.state <> 'DRAFT'")
    limit_to_visible(principal, where, "i")
    row = await fetch_row(
        f"SELECT i.company_id, i.currency, c.country FROM invoice i JOIN company c ON c.id = i.company_id WHERE {where.sql}",  # noqa: S608
        *where.arguments,
    )
    if row is None:
        return None
    today = local_date(row["country"], clock.now())
    debts = (await debts_of_companies([row["company_id"]]))[row["company_id"]]
    found = next((each for each in debts if each.debt.id == invoice_id), None)
    sims, live = await _sims(row["company_id"])
    return DunningPreview(
        invoice_id=invoice_id,
        stage=stage(found.debt, today) if found else DunningStage.SETTLED,
        outstanding=found.debt.outstanding if found else Decimal(0),
        currency=row["currency"],
        steps=tuple(next_steps(found.debt, today)) if found else (),
        promised_until=found.debt.promised_until if found else None,
        credited_on_if_paid_today=credit_date(row["country"], today),
        company_locked=await is_locked(row["company_id"]),
        sims_to_lock=sims,
        live_sims=live,
    )


async def _sims(company_id: int) -> tuple[int, int]:
    now = clock.now()
    sims = live = 0
    for row in await fetch(_SIMS, company_id):
        sims += row["sims"]
        risky = registry().traits(row["code"]).lock_raises_msu
        if risky and is_live(row["session_active"], row["session_ended_at"], row["session_as_of"], now):
            live += row["sims"]
    return sims, live
