"""How the list of invoices answers without an object a row: the SQL of each field, over the invoice `i`."""

from __future__ import annotations

from projection import Beside, Column, Embed, Fields, Nested
from resolvers.bare_objects import bare
from resolvers.sim_projection import COMPANIES, global_id_column
from schema.invoice import Invoice

LINE: Fields = {
    "simId": global_id_column("Sim", "h.sim_id"),
    "iccid": Column("h.iccid", never_null=True),
    "plan": Column("h.plan", never_null=True),
    "service": Column("h.service", never_null=True),
    "usageMonth": Column("h.usage_month", never_null=True),
    "quantity": Column("h.quantity::text", never_null=True),
    "amountEur": Column("h.amount::text", never_null=True),
}
"""Of a line `h`, which is a row of `charge`."""

_BY_ID = Beside(("i.id",), bare(Invoice, "id"))
_CREDIT_NOTE = "(SELECT n.id FROM invoice n WHERE n.corrects_id = i.id)"

INVOICE: Fields = {
    "id": global_id_column("Invoice", "i.id"),
    "kind": Column("i.kind", never_null=True),
    "state": Column("i.state", never_null=True),
    "number": Column("i.number"),
    "period": Column("i.period", never_null=True),
    "issuedOn": Column("i.issued_on"),
    "creditedOn": Column("i.credited_on"),
    "amountEur": Column("i.eur_total::text", never_null=True),
    "rate": Column("CASE WHEN i.rate_source IS NOT NULL THEN trim_scale(i.rate)::text END"),
    "rateOn": Column("CASE WHEN i.rate_source IS NOT NULL THEN i.rate_on END"),
    "rateSource": Column("i.rate_source"),
    "currency": Column("i.currency", never_null=True),
    "localAmount": Column("i.local_amount::text"),
    "paidAmount": Column("i.paid_amount::text", never_null=True),
    "outstanding": Column(
        "(CASE WHEN i.state IN ('ISSUED', 'PART_PAID') THEN coalesce(i.local_amount, 0) - i.paid_amount ELSE 0 END)::text",
        never_null=True,
    ),
    "reason": Column("i.reason"),
    "holdReason": Column("nullif(i.hold_reason, '')"),
    "deadlines": Nested(
        {
            "day3": Column("i.day3_on", never_null=True),
            "day5": Column("i.day5_on", never_null=True),
            "day6": Column("i.day6_on", never_null=True),
            "calendarVersion": Column("i.calendar_version", never_null=True),
        },
        when="num_nulls(i.day3_on, i.day5_on, i.day6_on, i.calendar_version) = 0",
    ),
    "company": Embed("i.company_id", COMPANIES),
    "legalEntity": Beside(("i.legal_entity_id",), bare(Invoice, "legal_entity_id")),
    "document": Beside(
        ("i.number", "i.pdf_key", "i.pdf_sha256", "i.pdf_bytes"),
        bare(Invoice, "number", "pdf_key", "pdf_sha256", "pdf_bytes"),
    ),
    "lines": _BY_ID,
    "planSummary": _BY_ID,
    "creditNote": Beside((_CREDIT_NOTE,), bare(Invoice, "credit_note_id")),
    "corrects": Beside(("i.corrects_id",), bare(Invoice, "corrects_id")),
}
