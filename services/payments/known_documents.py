"""What payments may be for: issued invoices by number, companies by contract, and in what each pays."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.billing.legal_entities import currency_of
from domain.payments.match_purpose import KnownInvoice, Match, fold, invoice_values, match_purpose
from models.database import fetch

_INVOICES = """
SELECT e.invoice_prefix AS prefix, i.number_value AS value, i.id, i.company_id, i.number, i.currency,
  i.state IN ('ISSUED', 'PART_PAID') AS is_open
FROM invoice i JOIN legal_entity e ON e.id = i.legal_entity_id
JOIN unnest($1::text[], $2::int[]) AS n (prefix, value) ON n.prefix = e.invoice_prefix AND n.value = i.number_value
WHERE i.kind = 'INVOICE'
"""

_COMPANIES = "SELECT id, country, contract_number, payment_system FROM company WHERE NOT holds_stock"
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Paid:
    """What is looked at of a payment."""

    purpose: str
    currency: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A match with what crediting needs of its company."""

    match: Match
    country: str | None
    to_deposit: bool


async def match_payments(payments: Sequence[Paid]) -> list[Matched]:
    """What each payment is for. Two queries, however many payments; the search runs beside the event loop."""
    prefixes = [row["invoice_prefix"] for row in await fetch("SELECT invoice_prefix FROM legal_entity ORDER BY id")]
    named = {value for payment in payments for value in invoice_values(payment.purpose, prefixes) if value[1] <= _MOST}
    invoices = await _invoices(named)
    companies = {row["id"]: row for row in await fetch(_COMPANIES)}
    contracts: dict[str, list[int]] = {}
    for company_id, row in companies.items():
        if row["contract_number"]:
            contracts.setdefault(fold(row["contract_number"]), []).append(company_id)
    currencies = {company_id: currency_of(row["country"]) for company_id, row in companies.items()}

    def search() -> list[Match]:
        return [
            match_purpose(each.purpose, each.currency, invoices, contracts, prefixes, currencies) for each in payments
        ]

    found = []
    for match in await asyncio.to_thread(search):
        company = companies.get(match.company_id) if match.company_id is not None else None
        prepaid = company is not None and company["payment_system"] == "PREPAID"
        to_deposit = prepaid and not match.invoice_ids
        found.append(Matched(match, company["country"] if company else None, to_deposit))
    return found


async def _invoices(named: Collection[tuple[str, int]]) -> dict[tuple[str, int], KnownInvoice]:
    rows = await fetch(_INVOICES, [prefix for prefix, _ in named], [value for _, value in named])
    return {
        (row["prefix"], row["value"]): KnownInvoice(
            row["id"], row["company_id"], row["number"], row["currency"], row["is_open"]
        )
        for row in rows
    }
