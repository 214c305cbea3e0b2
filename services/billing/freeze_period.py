"""Phase 1 of the monthly run: each company's month is frozen, and what it owes becomes a draft. Parallel and repeatable."""

from __future__ import annotations

import asyncio
from datetime import date

from domain.clock import clock
from models.database import execute, fetch, fetch_value, transaction
from services.billing.legal_entities import ensure_legal_entities
from services.billing.rate_usage import freeze_usage
from services.billing.terms import billing_terms

BATCH = 200
"""Companies of one transaction."""

BUSY = 0.1
"""Seconds until we look again when all that is left is in another run's hands."""

# Whoever pays from a deposit is charged there. Stock is nobody's.
_BILLED = "c.payment_system = 'POSTPAID' AND NOT c.holds_stock AND c.created_at < $2::timestamptz"

# Companies that another run is at are passed over; one that it has just finished loses in the insert.
_CLAIM = f"""
WITH free AS (
  SELECT c.id FROM company c
  WHERE {_BILLED} AND NOT EXISTS (SELECT FROM usage_freeze f WHERE f.company_id = c.id AND f.period = $1)
  ORDER BY c.id LIMIT $3 FOR NO KEY UPDATE OF c SKIP LOCKED)
INSERT INTO usage_freeze (company_id, period, frozen_at) SELECT id, $1, $2 FROM free
ON CONFLICT DO NOTHING RETURNING company_id
"""  # noqa: S608 - constants

_LEFT = f"""
SELECT EXISTS (SELECT FROM company c
  WHERE {_BILLED} AND NOT EXISTS (SELECT FROM usage_freeze f WHERE f.company_id = c.id AND f.period = $1))
"""  # noqa: S608 - constants

# Rounded half-up, once. What comes to nothing, or to less, stays without an invoice until a month makes it more.
_DRAFT = """
WITH total AS (
  SELECT c.id AS company_id, c.country, round(coalesce(sum(h.amount), 0), 2) AS eur
  FROM company c LEFT JOIN charge h ON h.company_id = c.id AND h.invoice_id IS NULL
  WHERE c.id = ANY($1::bigint[]) GROUP BY c.id, c.country),
made AS (
  INSERT INTO invoice (company_id, legal_entity_id, kind, state, period, currency, eur_total, created_at)
  SELECT t.company_id, e.id, 'INVOICE', 'DRAFT', $2,
         CASE t.country WHEN 'RU' THEN 'RUB' WHEN 'KZ' THEN 'KZT' ELSE 'EUR' END, t.eur, $3
  FROM total t JOIN legal_entity e ON e.code = CASE t.country WHEN 'RU' THEN 'RU' ELSE 'KZ' END
  WHERE t.eur > 0 OR ($4::bool AND t.eur = 0)
  ORDER BY t.company_id
  ON CONFLICT (company_id, period, kind) DO NOTHING
  RETURNING id, company_id)
UPDATE charge h SET invoice_id = made.id FROM made WHERE h.company_id = made.company_id AND h.invoice_id IS NULL
"""


async def freeze_period(period: date) -> int:
    """Freeze every company's month that is not frozen yet; returns how many this call froze.

    When it returns, all are frozen, by whomever: another run's companies are waited for.
    """
    await ensure_legal_entities()
    frozen = 0
    while True:
        if count := await _freeze_some(period):
            frozen += count
        elif await fetch_value(_LEFT, period, clock.now()):
            await asyncio.sleep(BUSY)
        else:
            return frozen


async def _freeze_some(period: date) -> int:
    now = clock.now()
    async with transaction():
        companies = [row["company_id"] for row in await fetch(_CLAIM, period, now, BATCH)]
        if companies:
            await freeze_usage(companies, period)
            await execute(_DRAFT, companies, period, now, billing_terms().zero_invoices)
    return len(companies)
