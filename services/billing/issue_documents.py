"""After the numbers: each document's PDF is drawn and stored once, and its company told once. Parallel and repeatable."""

from __future__ import annotations

import asyncio
import hashlib

import asyncpg

from domain.billing.invoices import InvoiceKind
from domain.clock import clock
from domain.notifications import NotificationKind
from models.database import execute, fetch
from services.billing.read_documents import read_documents
from services.documents.document import Document
from services.files.file_store import FileKey, file_store
from services.notifications.notify import About, notify
from services.unit_of_work import UnitOfWork, unit_of_work

DRAW = "issue_documents"
"""The actor that draws and announces what was issued."""

BATCH = 10
"""Documents of one transaction."""

AREA = "invoices"
"""Where PDFs are kept in the file store."""

PDF = "application/pdf"

# The rows are held while their PDFs are drawn: another process takes the next ones.
_CLAIM = """
SELECT id, company_id FROM invoice WHERE state <> 'DRAFT' AND announced_at IS NULL
ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""

_STORED = """
UPDATE invoice SET pdf_key = $2, pdf_sha256 = $3, pdf_bytes = $4, announced_at = $5 WHERE id = $1
"""


async def issue_documents() -> int:
    """Draw, store and announce whatever was issued and has no document yet; returns how many. Raises `STORE_AWAY`."""
    made = 0
    while count := await _issue_some():
        made += count
    return made


async def _issue_some() -> int:
    async with unit_of_work() as uow:
        rows = await fetch(_CLAIM, BATCH)
        documents = await read_documents([row["id"] for row in rows])
        for row in rows:
            await _issue(uow, row, documents[row["id"]])
    return len(rows)


async def _issue(uow: UnitOfWork, row: asyncpg.Record, document: Document) -> None:
    from services.documents.invoice_pdf import draw_invoice  # its fonts and libraries are no burden of an API process

    # In a thread: drawing takes the processor for tens of milliseconds, and others are waiting for the loop.
    content = await asyncio.to_thread(draw_invoice, document)
    digest = hashlib.sha256(content).hexdigest()
    # A process that dies before the commit leaves this very file, because the same document is the same bytes.
    key = FileKey(AREA, row["company_id"], f"{document.number}-{digest[:16]}.pdf")
    await file_store().write(key, content)
    await execute(_STORED, row["id"], str(key), digest, len(content), clock.now())
    if document.kind is InvoiceKind.INVOICE:
        await _announce(uow, row, document, key)


async def _announce(uow: UnitOfWork, row: asyncpg.Record, document: Document, key: FileKey) -> None:
    """In the transaction that marks it as announced: so each company is told once, whatever happens."""
    await notify(
        uow,
        NotificationKind.INVOICE_ISSUED,
        key=f"invoice:{row['id']}",
        values={
            "number": document.number,
            "period": document.period,
            "amount": format(document.local_amount, "f"),
            "currency": document.currency,
            "pay_by": document.day5_on,
            "lock_on": document.day6_on,
        },
        company_id=row["company_id"],
        about=About("Invoice", row["id"]),
        files=[{"name": f"{document.number}.pdf", "key": str(key)}],
    )
