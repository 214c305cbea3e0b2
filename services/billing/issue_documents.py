"""After the numbers: each document's PDF is drawn and stored once, and its company told once. Parallel and repeatable."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence

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
UPDATE invoice i SET pdf_key = d.key, pdf_sha256 = d.digest, pdf_bytes = d.bytes, announced_at = $5
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[]) AS d (id, key, digest, bytes) WHERE i.id = d.id
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
        stored = [(row["id"], *place) for row, place in await _announce_each(uow, rows, documents)]
        if stored:
            ids, keys, digests, sizes = (list(column) for column in zip(*stored, strict=True))
            await execute(_STORED, ids, keys, digests, sizes, clock.now())
    return len(rows)


async def _announce_each(
    uow: UnitOfWork, rows: Sequence[asyncpg.Record], documents: Mapping[int, Document]
) -> list[tuple[asyncpg.Record, tuple[str, str, int]]]:
    """Draw each, and while the next one is drawn, store and announce it; returns where each is kept, its digest and size."""
    from services.documents.invoice_pdf import draw_invoice  # its fonts and libraries are no burden of an API process

    done = []
    # In a thread: drawing takes the processor for tens of milliseconds, and others are waiting for the loop.
    drawn = [documents[row["id"]] for row in rows]
    coming = asyncio.create_task(asyncio.to_thread(draw_invoice, drawn[0])) if drawn else None
    try:
        for place, row in enumerate(rows):
            assert coming is not None
            content = await coming
            following = drawn[place + 1 : place + 2]
            coming = asyncio.create_task(asyncio.to_thread(draw_invoice, following[0])) if following else None
            done.append((row, await _issue(uow, row, documents[row["id"]], content)))
    finally:
        if coming is not None:
            coming.cancel()
    return done


async def _issue(uow: UnitOfWork, row: asyncpg.Record, document: Document, content: bytes) -> tuple[str, str, int]:
    digest = hashlib.sha256(content).hexdigest()
    # A process that dies before the commit leaves this very file, because the same document is the same bytes.
    key = FileKey(AREA, row["company_id"], f"{document.number}-{digest[:16]}.pdf")
    await file_store().write(key, content)
    if document.kind is InvoiceKind.INVOICE:
        await _announce(uow, row, document, key)
    return str(key), digest, len(content)


async def _announce(uow: UnitOfWork, row: asyncpg.Record, document: Document, key: FileKey) -> None:
    """In the transaction that marks it as announced: so each company is told once, whatever happens."""
    await notify(
        uow,
        NotificationKind.INVOICE_ISSUED,
        key=f"invoice:{row['id']}",
        values={
            "company": document.company["name"],
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
