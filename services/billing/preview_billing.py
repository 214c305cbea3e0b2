"""What the monthly run would bill, company by company; nothing is stored but exchange rates, and no number is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import asyncpg

from access import Principal
from billing_calendar.deadlines import Deadlines, invoice_deadlines
from billing_calendar.periods import is_period, period_of
from billing_calendar.working_days import local_date
from domain.billing.invoices import HoldReason
from domain.billing.legal_entities import currency_of, entity_of
from domain.billing.money import local_amount, total_of_lines
from domain.clock import clock
from domain.errors import InvalidValue
from models.database import fetch_value
from models.where import Where
from services.billing.exchange_rates import UsableRate, rate_for
from services.billing.issue_invoices import quantum_of
from services.billing.legal_entities import LegalEntityRow, ensure_legal_entities
from services.billing.rate_usage import count_unpriced_packages, summarise_usage
from services.billing.terms import billing_terms
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest

_ORDER = ListOrder("BILLING_PREVIEW", "c.id")


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A plan's service: `late` is what came late or was corrected of the months before."""

    plan: str
    service: str
    late: bool
    sims: int
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CompanyPreview:
    """What a company would be billed today. `frozen`: its month is frozen already, so this is what came since.

    Without a usable rate `local_amount` is None and `hold_reason` says why. `deadlines` are those of an issue today.
    """

    company_id: int
    frozen: bool
    currency: str
    eur_total: Decimal
    rate: Decimal | None
    local_amount: Decimal | None
    hold_reason: HoldReason | None
    skipped: bool
    unpriced_packages: int
    deadlines: Deadlines
    lines: Sequence[PreviewLine]


async def preview_billing(
    principal: Principal, period: date, company_id: int | None, request: PageRequest
) -> Page[CompanyPreview]:
    """One page of companies by id; raises `Forbidden` for anybody but staff, `InvalidValue` for a month to come."""
    _require(principal, period)
    companies = await keyset_page(
        lambda conditions, tail: (
            f"SELECT c.id, c.country, EXISTS (SELECT FROM usage_freeze f WHERE f.company_id = c.id AND f.period = $1) AS frozen,"  # noqa: S608
            f" {_ORDER.selected} FROM company c WHERE {conditions} {tail}"
        ),
        _conditions(period, company_id),
        _ORDER,
        request,
        lambda record: record,
    )
    entities = await ensure_legal_entities()
    lines: dict[int, list[PreviewLine]] = defaultdict(list)
    for company, *values in await summarise_usage([row["id"] for row in companies.rows], period):
        lines[company].append(PreviewLine(*values))
    unpriced = await count_unpriced_packages([row["id"] for row in companies.rows], period)
    rows = [
        await _company(row, lines[row["id"]], entities[entity_of(row["country"])], unpriced.get(row["id"], 0))
        for row in companies.rows
    ]
    return Page(rows, companies.places, _ORDER, companies.has_next, companies.has_previous)


async def count_previewed(principal: Principal, period: date, company_id: int | None) -> int:
    """How many companies the run looks at."""
    _require(principal, period)
    where = _conditions(period, company_id)
    sql = f"SELECT count(*) FROM company c WHERE $1::date IS NOT NULL AND {where.sql}"  # noqa: S608
    return int(await fetch_value(sql, *where.arguments))


def _require(principal: Principal, period: date) -> None:
    principal.require_staff()
    if not is_period(period) or period > period_of(clock.now().date()):
        raise InvalidValue(
            "A period is a month that has begun, named by its first day, such as 2023-11-01.", path=("period",)
        )


def _conditions(period: date, company_id: int | None) -> Where:
    where = Where(period)
    where.add("c.payment_system = 'POSTPAID' AND NOT c.holds_stock")
    if company_id is not None:
        where.add(f"c.id = {where.bind(company_id)}")
    return where


async def _company(
    row: asyncpg.Record, lines: list[PreviewLine], entity: LegalEntityRow, unpriced_packages: int
) -> CompanyPreview:
    day = local_date(entity.country, clock.now())
    currency, total = currency_of(row["country"]), total_of_lines(line.amount for line in lines)
    found = await rate_for(currency, day)
    rate = found.rate if isinstance(found, UsableRate) else None
    return CompanyPreview(
        company_id=row["id"],
        frozen=row["frozen"],
        currency=currency,
        eur_total=total,
        rate=rate,
        local_amount=None if rate is None else local_amount(total, rate, await quantum_of(entity.id, currency, day)),
        hold_reason=found if isinstance(found, HoldReason) else None,
        skipped=total < 0 or (total == 0 and not billing_terms().zero_invoices),
        unpriced_packages=unpriced_packages,
        deadlines=invoice_deadlines(row["country"], day, count_issue_day=billing_terms().count_issue_day),
        lines=lines,
    )
