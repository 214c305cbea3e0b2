"""Phase 2 of the monthly run: drafts become invoices, one short transaction each, in the order of the companies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import asyncpg
import orjson

from billing_calendar.deadlines import invoice_deadlines
from billing_calendar.working_days import local_date
from domain.billing.invoices import HoldReason, InvoiceKind, format_number
from domain.billing.money import CENT, local_amount
from domain.clock import clock
from models.database import execute, fetch, fetch_row, fetch_value, transaction
from services.billing.exchange_rates import UsableRate, rate_for
from services.billing.legal_entities import LegalEntityRow, entities_by_id
from services.billing.parties import CUSTOMER, snapshot_from
from services.billing.terms import billing_terms

# The row of the counter is held until the commit: whoever comes next sees the number taken and the draft gone, or neither.
_COUNTER = """
SELECT last_value FROM invoice_counter WHERE legal_entity_id = $1 AND kind = $2 FOR UPDATE
"""

# With all that its issue needs, as it stands while the counter is held: the quantum of the day, and the customer.
_NEXT_DRAFT = f"""
SELECT i.id, i.company_id, i.currency, i.eur_total, {CUSTOMER},
  (SELECT q.quantum FROM rounding_quantum q WHERE q.legal_entity_id = $1 AND q.currency = i.currency AND q.effective_on <= $4
   ORDER BY q.effective_on DESC LIMIT 1) AS quantum
FROM invoice i JOIN company c ON c.id = i.company_id
WHERE i.legal_entity_id = $1 AND i.period = $2 AND i.state = 'DRAFT' AND i.kind = 'INVOICE' AND i.currency = ANY($3::text[])
ORDER BY i.company_id LIMIT 1
"""  # noqa: S608 - constants

_QUANTUM = """
SELECT quantum FROM rounding_quantum WHERE legal_entity_id = $1 AND currency = $2 AND effective_on <= $3
ORDER BY effective_on DESC LIMIT 1
"""

_ISSUE = """
WITH counted AS (
  UPDATE invoice_counter SET last_value = $3 WHERE legal_entity_id = $20 AND kind = $21)
UPDATE invoice SET state = 'ISSUED', number = $2, number_value = $3, issued_on = $4, issued_at = $5, rate = $6, rate_on = $7,
  rate_source = $8, rate_id = $9, quantum = $10, local_amount = $11, day3_on = $12, day5_on = $13, day6_on = $14,
  calendar_version = $15, snapshot = $16::jsonb, eur_total = $17, corrects_id = $18, reason = $19, hold_reason = NULL
WHERE id = $1
"""

_HOLD = """
UPDATE invoice SET hold_reason = $3 WHERE legal_entity_id = $1 AND currency = $2 AND state = 'DRAFT' AND kind = 'INVOICE'
  AND period = $4 AND hold_reason IS DISTINCT FROM $3
"""

_CURRENCIES = """
SELECT DISTINCT currency FROM invoice
WHERE legal_entity_id = $1 AND period = $2 AND state = 'DRAFT' AND kind = 'INVOICE'
"""


@dataclass(frozen=True, slots=True)
class Issue:
    """What makes a draft an invoice or a credit note."""

    invoice_id: int
    kind: InvoiceKind
    issued_on: date
    rate: UsableRate
    quantum: Decimal
    eur: Decimal
    local: Decimal
    company_id: int
    country: str
    corrects_id: int | None = None
    reason: str | None = None


async def issue_drafts(entity: LegalEntityRow, period: date) -> int:
    """Issue the drafts of a legal entity for a period; returns how many this call issued.

    Drafts without a usable rate stay drafts and say why. Safe beside another run: both go on where the other stands.
    """
    day = local_date(entity.country, clock.now())
    rates: dict[str, UsableRate] = {}
    for row in await fetch(_CURRENCIES, entity.id, period):
        found = await rate_for(row["currency"], day)
        if isinstance(found, HoldReason):
            await execute(_HOLD, entity.id, row["currency"], found.value, period)
        else:
            rates[row["currency"]] = found
    issued = 0
    while rates and await _issue_next(entity.id, period, day, rates):
        issued += 1
    return issued


async def _issue_next(entity_id: int, period: date, day: date, rates: dict[str, UsableRate]) -> bool:
    async with transaction():
        value = await take_number(entity_id, InvoiceKind.INVOICE)
        draft = await fetch_row(_NEXT_DRAFT, entity_id, period, list(rates), day)
        if draft is None:
            return False
        # As it stands while the counter is held: staff may have set it up otherwise since the run began.
        entity = (await entities_by_id([entity_id]))[entity_id]
        issue = _invoice(draft, day, rates[draft["currency"]])
        await write_issue(entity, issue, value, snapshot_from(draft, entity))
    return True


def _invoice(draft: asyncpg.Record, day: date, rate: UsableRate) -> Issue:
    quantum: Decimal = CENT if draft["quantum"] is None else draft["quantum"]
    return Issue(
        invoice_id=draft["id"],
        kind=InvoiceKind.INVOICE,
        issued_on=day,
        rate=rate,
        quantum=quantum,
        eur=draft["eur_total"],
        local=local_amount(draft["eur_total"], rate.rate, quantum),
        company_id=draft["company_id"],
        country=draft["country"],
    )


async def take_number(entity_id: int, kind: InvoiceKind) -> int:
    """The next number of a sequence; the sequence is held until the surrounding transaction ends."""
    return int(await fetch_value(_COUNTER, entity_id, kind.value)) + 1


async def write_issue(entity: LegalEntityRow, issue: Issue, value: int, snapshot: Mapping[str, object]) -> None:
    """Make the draft an issued document with this number; inside the transaction that holds its sequence."""
    credit = issue.kind is InvoiceKind.CREDIT_NOTE
    days = invoice_deadlines(issue.country, issue.issued_on, count_issue_day=billing_terms().count_issue_day)
    await execute(
        _ISSUE,
        issue.invoice_id,
        format_number(entity.credit_prefix if credit else entity.invoice_prefix, value),
        value,
        issue.issued_on,
        clock.now(),
        issue.rate.rate,
        issue.rate.rate_on,
        issue.rate.source,
        issue.rate.id,
        issue.quantum,
        issue.local,
        *((None, None, None, None) if credit else (days.day3, days.day5, days.day6, days.version)),
        orjson.dumps(snapshot).decode(),
        issue.eur,
        issue.corrects_id,
        issue.reason,
        entity.id,
        issue.kind.value,
    )


async def quantum_of(entity_id: int, currency: str, day: date) -> Decimal:
    """To what local amounts of a legal entity are rounded on a day."""
    found: Decimal | None = await fetch_value(_QUANTUM, entity_id, currency, day)
    return CENT if found is None else found
