"""What an issued invoice or credit note says, read for its PDF."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg
import orjson

from domain.billing.invoices import InvoiceKind, Service
from models.database import fetch
from services.billing.read_lines import SummaryRow, summaries_of
from services.documents.document import MOST_LINES, DetailLine, Document, SummaryLine

_HEADS = """
SELECT i.*, o.number AS corrects_number, o.issued_on AS corrects_on
FROM invoice i LEFT JOIN invoice o ON o.id = i.corrects_id WHERE i.id = ANY($1::bigint[])
"""

_LINES = """
SELECT h.invoice_id, h.iccid, h.plan, h.service, h.usage_month, h.quantity, h.amount, h.all_lines
FROM (SELECT *, row_number() OVER (PARTITION BY invoice_id ORDER BY sim_id, usage_month DESC, service, id) AS place,
             count(*) OVER (PARTITION BY invoice_id)::int AS all_lines
      FROM charge WHERE invoice_id = ANY($1::bigint[])) AS h
WHERE h.place <= $2 ORDER BY h.invoice_id, h.place
"""


async def read_documents(invoice_ids: Collection[int]) -> dict[int, Document]:
    """The documents of issued invoices and credit notes, by database id."""
    ids = list(invoice_ids)
    heads = await fetch(_HEADS, ids)
    summaries = await summaries_of(ids)
    lines: dict[int, list[DetailLine]] = {id_: [] for id_ in ids}
    counts: dict[int, int] = {}
    for row in await fetch(_LINES, ids, MOST_LINES):
        invoice_id, iccid, plan, service, *rest, counts[row["invoice_id"]] = row
        lines[invoice_id].append(DetailLine(iccid, plan, Service(service), *rest))
    return {
        row["id"]: _document(row, summaries.get(row["id"], ()), lines[row["id"]], counts.get(row["id"], 0))
        for row in heads
    }


def _document(row: asyncpg.Record, summary: Sequence[SummaryRow], lines: list[DetailLine], line_count: int) -> Document:
    parties = orjson.loads(row["snapshot"])
    return Document(
        kind=InvoiceKind(row["kind"]),
        language=parties["language"],
        company=parties["company"],
        entity=parties["entity"],
        summary=[
            SummaryLine(each.plan, Service(each.service), each.usage_month, each.sims, each.quantity, each.amount)
            for each in summary
        ],
        lines=lines,
        line_count=line_count,
        **{
            name: row[name]
            for name in (
                *("number", "issued_on", "period", "currency", "eur_total", "rate", "rate_on", "rate_source"),
                *("local_amount", "day5_on", "day6_on", "corrects_number", "corrects_on", "reason"),
            )
        },
    )
