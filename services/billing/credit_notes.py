"""Credit notes: an issued invoice is never changed, it is taken back as a whole by a document of its own."""

from __future__ import annotations

import asyncpg

from access import Principal
from billing_calendar.working_days import local_date
from domain.billing.invoices import InvoiceKind, InvoiceState
from domain.changes import require_text
from domain.clock import clock
from domain.errors import Forbidden, NotFound, NothingToDo
from models.database import execute, fetch_row, fetch_value, transaction
from services.audit.record import record
from services.billing.exchange_rates import UsableRate
from services.billing.issue_invoices import Issue, take_number, write_issue
from services.billing.legal_entities import LegalEntityRow, entities_by_id

LONGEST_REASON = 500

_INVOICE = """
SELECT i.*, c.country FROM invoice i JOIN company c ON c.id = i.company_id
WHERE i.id = $1 AND i.kind = 'INVOICE' AND i.state <> 'DRAFT' FOR UPDATE OF i
"""

_DRAFT = """
INSERT INTO invoice (company_id, legal_entity_id, kind, state, period, currency, eur_total, created_at)
VALUES ($1, $2, 'CREDIT_NOTE', 'DRAFT', $3, $4, $5, $6) RETURNING id
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
    stays the company's: the ledger has it. Raises `Forbidden` for anybody but staff, `NotFound`, `NothingToDo`.
    """
    if not principal.is_staff:
        raise Forbidden("Only NovaConnect's own staff issues credit notes: ask technical support.")
    text = require_text(reason, "A reason", 1, LONGEST_REASON, "reason")
    async with transaction():
        invoice = await fetch_row(_INVOICE, invoice_id)
        if invoice is None:
            raise NotFound("There is no such issued invoice: take its id from invoices.", path=("invoiceId",))
        if invoice["state"] == InvoiceState.CREDITED:
            return await _earlier(invoice_id, text)
        entity = (await entities_by_id([invoice["legal_entity_id"]]))[invoice["legal_entity_id"]]
        value = await take_number(entity.id, InvoiceKind.CREDIT_NOTE)
        note_id: int = await fetch_value(
            _DRAFT,
            invoice["company_id"],
            entity.id,
            invoice["period"],
            invoice["currency"],
            -invoice["eur_total"],
            clock.now(),
        )
        await execute(_LINES, invoice_id, note_id, bill_again)
        await write_issue(entity, _issue(invoice, note_id, invoice_id, entity, text), value)
        await execute("UPDATE invoice SET state = 'CREDITED' WHERE id = ANY($1::bigint[])", [invoice_id, note_id])
        await record(
            principal,
            "invoice.credited",
            f"invoice:{invoice_id}",
            company_id=invoice["company_id"],
            after={"credit_note": note_id, "reason": text, "bill_again": bill_again},
        )
    return note_id


def _issue(invoice: asyncpg.Record, note_id: int, invoice_id: int, entity: LegalEntityRow, text: str) -> Issue:
    """What the credit note of an invoice says: its amounts at its own rate, with the sign turned round."""
    rate = UsableRate(invoice["rate"], invoice["rate_on"], invoice["rate_source"], invoice["rate_id"])
    return Issue(
        invoice_id=note_id,
        kind=InvoiceKind.CREDIT_NOTE,
        issued_on=local_date(entity.country, clock.now()),
        rate=rate,
        quantum=invoice["quantum"],
        eur=-invoice["eur_total"],
        local=-invoice["local_amount"],
        company_id=invoice["company_id"],
        country=invoice["country"],
        corrects_id=invoice_id,
        reason=text,
    )


async def _earlier(invoice_id: int, reason: str) -> int:
    """The same request again is answered alike; another one is too late."""
    note = await fetch_row("SELECT id, reason FROM invoice WHERE corrects_id = $1", invoice_id)
    if note is None or note["reason"] != reason:
        raise NothingToDo("This invoice was taken back already: see its creditNote.", path=("invoiceId",))
    return int(note["id"])
