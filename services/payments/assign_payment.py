"""A person decides what a payment of the queue is for."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from access import Principal
from billing_calendar.deadlines import credit_date
from domain.billing.legal_entities import currency_of
from domain.clock import clock
from domain.errors import AlreadyPaid, InvalidValue, NotFound, OtherCurrency
from models.database import execute, fetch, fetch_row
from services.audit.record import record
from services.payments.payments import PaymentRow, get_payment
from services.payments.settle_now import settle_now
from services.unit_of_work import unit_of_work

_ASSIGN = """
UPDATE payment SET company_id = $2, for_invoices = $3, to_deposit = $4, queue_reason = NULL, credit_on = $5, assigned_by_id = $6,
  assigned_at = $7
WHERE id = $1
"""

_INVOICES = "SELECT id, company_id, currency, state FROM invoice WHERE id = ANY($1::bigint[]) AND kind = 'INVOICE'"


async def assign_payment(
    principal: Principal, payment_id: int, *, company_id: int | None, invoice_ids: Sequence[int]
) -> PaymentRow:
    """Say for which invoices of one company, or for which company (its oldest invoices, its deposit) a payment is.

    It is credited on its working day, at once if that has come. Raises `Forbidden`, `NotFound`, `AlreadyPaid` for a payment that
    is not in the queue or an invoice of which nothing is owed, `OtherCurrency`, `InvalidValue`.
    """
    principal.require_staff()
    async with unit_of_work():
        payment = await fetch_row("SELECT * FROM payment WHERE id = $1 FOR UPDATE", payment_id)
        if payment is None:
            raise NotFound("There is no such payment.", path=("input", "paymentId"))
        if payment["queue_reason"] is None:
            raise AlreadyPaid("This payment is assigned already.", path=("input", "paymentId"))
        if payment["dismissed_at"] is not None:
            raise AlreadyPaid(
                "This payment was dismissed: take it up with takeUpPayment first.", path=("input", "paymentId")
            )
        found = await _company_of(payment, company_id, invoice_ids)
        company = await fetch_row("SELECT id, country, payment_system FROM company WHERE id = $1", found)
        if company is None:
            raise NotFound("There is no such company.", path=("input", "companyId"))
        if not invoice_ids and payment["currency"] != currency_of(company["country"]):
            raise OtherCurrency(
                f"The company pays in {currency_of(company['country'])}, this came in {payment['currency']}: send it back, or"
                " have the bank convert it.",
                path=("input", "companyId"),
            )
        to_deposit = company["payment_system"] == "PREPAID" and not invoice_ids
        credit_on = credit_date(company["country"], payment["paid_on"])
        ids = sorted(set(invoice_ids))
        await execute(_ASSIGN, payment_id, found, ids, to_deposit, credit_on, principal.user_id, clock.now())
        detail = {"invoices": ids, "reason": payment["queue_reason"]}
        await record(principal, "payment.assigned", f"payment:{payment_id}", company_id=found, detail=detail)
    await settle_now([found])
    row = await get_payment(principal, payment_id)
    assert row is not None
    return row


async def _company_of(payment: asyncpg.Record, company_id: int | None, invoice_ids: Sequence[int]) -> int:
    if not invoice_ids:
        if company_id is None:
            raise InvalidValue("Name invoices, or a company.", path=("input", "invoiceIds"))
        return company_id
    rows = await fetch(_INVOICES, list(set(invoice_ids)))
    if len(rows) < len(set(invoice_ids)) or any(row["state"] == "DRAFT" for row in rows):
        raise NotFound("At least one of these invoices does not exist: check the ids.", path=("input", "invoiceIds"))
    if any(row["state"] not in ("ISSUED", "PART_PAID") for row in rows):
        raise AlreadyPaid("Nothing is owed of at least one of these invoices.", path=("input", "invoiceIds"))
    if any(row["currency"] != payment["currency"] for row in rows):
        raise OtherCurrency("The payment came in another currency than the invoices.", path=("input", "invoiceIds"))
    companies = {row["company_id"] for row in rows}
    if len(companies) > 1 or (company_id is not None and companies != {company_id}):
        raise InvalidValue("The invoices are not all of one company.", path=("input", "invoiceIds"))
    found: int = companies.pop()
    return found
