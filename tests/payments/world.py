"""Customers with invoices made with plain rows, and a bank that speaks."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing_calendar.deadlines import invoice_deadlines
from models import Company, Invoice
from models.database import execute
from services.billing.legal_entities import ensure_legal_entities
from services.payments.import_statement import ImportResult, import_statement
from tests.billing.world import set_time
from tests.graphql.conftest import Ask
from tests.worlds import Login

HEAD = "id;date;amount;currency;payer;purpose"


def morning(day: str) -> datetime:
    """Half past nine in Moscow."""
    return datetime.fromisoformat(f"{day}T06:30:00").replace(tzinfo=UTC)


def at(day: str) -> None:
    """From now on it is this day's morning."""
    set_time(morning(day))


async def add_invoice(company: Company, amount: str, issued: str = "2023-12-01", currency: str = "RUB") -> Invoice:
    """An issued invoice of the month before, without lines."""
    entities = await ensure_legal_entities()
    entity = entities["RU" if company.country == "RU" else "KZ"]
    issued_on = date.fromisoformat(issued)
    deadlines = invoice_deadlines(company.country, issued_on)
    value = await Invoice.all().count() + 1
    period = date(issued_on.year - (issued_on.month == 1), (issued_on.month - 2) % 12 + 1, 1)
    return await Invoice.create(
        company=company,
        legal_entity_id=entity.id,
        kind="INVOICE",
        state="ISSUED",
        period=period,
        currency=currency,
        eur_total=Decimal(1),
        number=f"{entity.invoice_prefix}-{value:04d}",
        number_value=value,
        issued_on=issued_on,
        issued_at=morning(issued),
        rate=Decimal(1),
        quantum=Decimal("0.01"),
        local_amount=Decimal(amount),
        day3_on=deadlines.day3,
        day5_on=deadlines.day5,
        day6_on=deadlines.day6,
        calendar_version=deadlines.version,
        created_at=morning(issued),
        announced_at=morning(issued),
    )


async def contract_of(company: Company, number: str, **fields: Any) -> None:
    """Give a company its contract number, and whatever else."""
    await Company.filter(id=company.id).update(contract_number=number, **fields)


async def statement(staff: Login, *lines: str, entity: str = "RU", until: str | None = None) -> ImportResult:
    """Import these lines."""
    content = "\n".join([HEAD, *lines]).encode()
    covers = date.fromisoformat(until) if until else None
    return await import_statement(staff.principal, content, "s.csv", legal_entity=entity, covers_until=covers)


IMPORT = """mutation ($input: ImportBankStatementInput!) { importBankStatement(input: $input) {
  statement { again newPayments knownPayments matched queued encoding format coversUntil badLines { line problem message } }
  userErrors { code path message } } }"""


async def upload(ask: Ask, login: Login, content: bytes, **more: Any) -> dict[str, Any]:
    """The payload of an import through the API."""
    answer = await ask(login, IMPORT, input={"content": base64.b64encode(content).decode(), **more})
    assert answer["errors"] == []
    payload: dict[str, Any] = answer["data"]["importBankStatement"]
    return payload


async def states(*invoices: Invoice) -> list[tuple[str, Decimal]]:
    """State and paid amount of each."""
    found = []
    for invoice in invoices:
        await invoice.refresh_from_db()
        found.append((invoice.state.value, invoice.paid_amount))
    return found


async def locked_in(company: Company) -> None:
    """As if the company were locked for its invoices."""
    await execute("INSERT INTO financial_lock (company_id, cause, since) VALUES ($1, 'INVOICES', now())", company.id)
