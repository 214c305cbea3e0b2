"""Credit notes: an issued invoice is never changed, it is taken back as a whole by a document of its own."""

from __future__ import annotations

from datetime import date

import asyncpg

from access import Principal
from billing_calendar.working_days import local_date
from domain.billing.invoices import InvoiceKind, InvoiceState
from domain.changes import require_text
from domain.clock import clock
from domain.errors import NotFound, NothingToDo
from models.database import execute, fetch, fetch_row, fetch_value, transaction
from services.audit.record import record
from services.billing.exchange_rates import UsableRate
from services.billing.issue_invoices import Issue, take_number, write_issue
from services.billing.legal_entities import LegalEntityRow, entities_by_id
from services.billing.parties import snapshot_of
from services.payments.ledger import book_settlement

LONGEST_REASON = 500

_INVOICE = """
SELECT i.*, c.country FROM invoice i JOIN company c ON c.id = i.company_id
WHERE i.id = $1 AND i.kind = 'INVOICE' AND i.state <> 'DRAFT' FOR UPDATE OF i
"""

_DRAFT = """
INSERT INTO invoice (company_id, legal_entity_id, kind, state, period, currency, eur_total, created_at)
VALUES ($1, $2, 'CREDIT_NOTE', 'DRAFT', $3, $4, $5, $6) RETURNING id
"""

_CREDITED = "UPDATE invoice SET state = 'CREDITED', paid_amount = 0, credited_on = NULL WHERE id = ANY($1::bigint[])"

# Payments are credited under this lock, so that what was paid does not change while it is given back.
_LOCK_COMPANY = """
SELECT c.id FROM company c JOIN invoice i ON i.company_id = c.id WHERE i.id = $1 FOR NO KEY UPDATE OF c
"""

_PAID = """
SELECT payment_id, -sum(amount) AS amount FROM ledger_entry WHERE account = 'RECEIVABLE' AND invoice_id = $1
GROUP BY payment_id HAVING sum(amount) <> 0 ORDER BY payment_id
"""

# The same lines with the other sign; they count as billed only where the usage is to be billed anew.
_LINES = """
INSERT INTO charge (company_id, invoice_id, sim_id, period, usage_month, service, plan, quantity, amount, counts,
                    iccid)
SELECT company_id, $2, sim_id, period, usage_month, service, plan, -quantity, -amount, $3, iccid FROM charge
WHERE invoice_id = $1 ORDER BY id
"""


async def issue_credit_note(principal: Principal, invoice_id: int, reason: str, *, bill_again: bool) -> int:
    """Take an invoice back; returns the database id of its credit note, also when it had one with this reason already.

    With `bill_again` the usage goes onto the next month's invoice, as that month is rated then. What was paid of the invoice
    is the company's credit again, for its next one. Raises `Forbidden` for anybody but staff, `NotFound`, `NothingToDo`.
    """
    principal.require_staff()
    text = require_text(reason, "A reason", 1, LONGEST_REASON, "reason")
    async with transaction():
        await fetch(_LOCK_COMPANY, invoice_id)
        invoice = await fetch_row(_INVOICE, invoice_id)
        if invoice is None:
            raise NotFound("There is no such issued invoice: take its id from invoices.", path=("invoiceId",))
        if invoice["state"] == InvoiceState.CREDITED:
            return await _earlier(invoice_id, text)
        number = await take_number(invoice["legal_entity_id"], InvoiceKind.CREDIT_NOTE)
        entity = (await entities_by_id([invoice["legal_entity_id"]]))[invoice["legal_entity_id"]]
        note_id = await _draft(invoice)
        await execute(_LINES, invoice_id, note_id, bill_again)
        issue = _issue(entity, invoice, note_id, text)
        await write_issue(entity, issue, number, await snapshot_of(issue.company_id, entity))
        await _give_back(invoice, issue.issued_on)
        await execute(_CREDITED, [invoice_id, note_id])
        await record(
            principal,
            "invoice.credited",
            f"invoice:{invoice_id}",
            company_id=invoice["company_id"],
            after={"credit_note": note_id, "reason": text, "bill_again": bill_again},
        )
    return note_id


async def _draft(invoice: asyncpg.Record) -> int:
    draft: int = await fetch_value(
        _DRAFT,
        invoice["company_id"],
        invoice["legal_entity_id"],
        invoice["period"],
        invoice["currency"],
        -invoice["eur_total"],
        clock.now(),
    )
    return draft


def _issue(entity: LegalEntityRow, invoice: asyncpg.Record, note_id: int, reason: str) -> Issue:
    """At the rate and the rounding of the invoice, so that both together come to nothing."""
    return Issue(
        invoice_id=note_id,
        kind=InvoiceKind.CREDIT_NOTE,
        issued_on=local_date(entity.country, clock.now()),
        rate=UsableRate(invoice["rate"], invoice["rate_on"], invoice["rate_source"], invoice["rate_id"]),
        quantum=invoice["quantum"],
        eur=-invoice["eur_total"],
        local=-invoice["local_amount"],
        company_id=invoice["company_id"],
        country=invoice["country"],
        corrects_id=invoice["id"],
        reason=reason,
    )


async def _give_back(invoice: asyncpg.Record, on: date) -> None:
    """What was paid of the invoice is the company's credit again, for the next one."""
    for row in await fetch(_PAID, invoice["id"]):
        await book_settlement(
            invoice["company_id"], row["payment_id"], invoice["currency"], -row["amount"], on, invoice["id"]
        )


async def _earlier(invoice_id: int, reason: str) -> int:
    """The same request again is answered alike; another one is too late."""
    note = await fetch_row("SELECT id, reason FROM invoice WHERE corrects_id = $1", invoice_id)
    if note is None or note["reason"] != reason:
        raise NothingToDo("This invoice was taken back already: see its creditNote.", path=("invoiceId",))
    return int(note["id"])
