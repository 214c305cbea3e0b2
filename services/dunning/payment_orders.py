"""Payment orders with the bank's mark, uploaded to an invoice, for staff to look at (guide, "Правила выставления…")."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from access import Principal, limit_to_visible
from domain.clock import clock
from domain.errors import InvalidFile, NotFound
from models.database import fetch, fetch_row
from models.where import Where
from services.audit.record import record
from services.files.file_store import FileKey, file_store
from services.unit_of_work import unit_of_work

MOST_BYTES = 5 * 2**20

_INSERT = """
INSERT INTO payment_order (invoice_id, company_id, file_key, file_name, content_type, bytes, sha256, uploaded_by_id, uploaded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (invoice_id, sha256) DO NOTHING
"""

_COLUMNS = "o.id, o.invoice_id, o.company_id, o.file_key, o.file_name, o.content_type, o.bytes, o.uploaded_at"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """A file that was uploaded; `file_key` is where it is kept."""

    id: int
    invoice_id: int
    company_id: int
    file_key: str
    file_name: str
    content_type: str
    bytes: int
    uploaded_at: datetime


def content_type_of(content: bytes) -> str | None:
    """PDF or JPEG by the content itself, whatever the file is called; None for anything else."""
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return "image/jpeg"
    return None


async def upload_payment_order(principal: Principal, invoice_id: int, content: bytes, file_name: str) -> PaymentOrder:
    """Keep a payment order of an invoice. The same file again is the same order.

    Raises `Forbidden`, `NotFound`, and `InvalidFile` unless it is a PDF or JPEG of at most 5 MB.
    """
    principal.require_write()
    principal.require_whole_company()
    where = Where(invoice_id)
    where.add("i.id = $1 AND i.kind = 'INVOICE' AND i.state <> 'DRAFT'")
    limit_to_visible(principal, where, "i")
    row = await fetch_row(f"SELECT i.company_id FROM invoice i WHERE {where.sql}", *where.arguments)  # noqa: S608
    if row is None:
        raise NotFound("There is no such invoice.", path=("input", "invoiceId"))
    if not content or len(content) > MOST_BYTES:
        raise InvalidFile(
            "A payment order has at most 5 MB: scan it with a lower resolution.", path=("input", "content")
        )
    kind = content_type_of(content)
    if kind is None:
        raise InvalidFile("A payment order is a whole PDF or JPG file: choose another one.", path=("input", "content"))
    return await _store(principal, invoice_id, row["company_id"], content, kind, file_name)


async def _store(
    principal: Principal, invoice_id: int, company_id: int, content: bytes, kind: str, file_name: str
) -> PaymentOrder:
    digest = hashlib.sha256(content).hexdigest()
    ending = "pdf" if kind == "application/pdf" else "jpg"
    key = FileKey("orders", company_id, f"{invoice_id}-{digest[:32]}.{ending}")
    await file_store().write(key, content)
    shown = "".join(letter for letter in file_name if letter.isprintable())[:200] or f"order.{ending}"
    async with unit_of_work():
        made = await fetch(
            _INSERT + " RETURNING id",
            invoice_id,
            company_id,
            str(key),
            shown,
            kind,
            len(content),
            digest,
            principal.user_id,
            clock.now(),
        )
        if made:
            subject = f"payment_order:{made[0]['id']}"
            await record(
                principal, "payment_order.uploaded", subject, company_id=company_id, detail={"invoice_id": invoice_id}
            )
        found = await fetch_row(
            f"SELECT {_COLUMNS} FROM payment_order o WHERE o.invoice_id = $1 AND o.sha256 = $2",  # noqa: S608
            invoice_id,
            digest,
        )
    assert found is not None
    return PaymentOrder(*found)


async def payment_orders_of(principal: Principal, invoice_id: int) -> list[PaymentOrder]:
    """The orders of an invoice, the oldest first; none for an invoice that the principal does not see."""
    where = Where(invoice_id)
    where.add("o.invoice_id = $1")
    limit_to_visible(principal, where, "o")
    rows = await fetch(f"SELECT {_COLUMNS} FROM payment_order o WHERE {where.sql} ORDER BY o.id", *where.arguments)  # noqa: S608
    return [PaymentOrder(*row) for row in rows]
