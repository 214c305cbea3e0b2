"""Links to the PDFs of invoices: signed, and good for an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.clock import clock
from services.billing.issue_documents import PDF
from services.billing.read_invoices import InvoiceRow
from services.files.download_links import SHORT, Download, download_links
from services.files.file_store import FileKey


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link to a PDF with what is known of the file; `size` in bytes."""

    file_name: str
    url: str
    expires_at: datetime
    sha256: str
    size: int


def document_link(row: InvoiceRow) -> DocumentLink | None:
    """A fresh link to the PDF of an invoice that the caller may see; None while it is not drawn."""
    if row.pdf_key is None or row.pdf_sha256 is None or row.pdf_bytes is None or row.number is None:
        return None
    expires_at = clock.now() + SHORT
    name = f"{row.number}.pdf"
    url = download_links().link(Download(FileKey.parse(row.pdf_key), name, PDF), expires_at)
    return DocumentLink(name, url, expires_at, row.pdf_sha256, row.pdf_bytes)
