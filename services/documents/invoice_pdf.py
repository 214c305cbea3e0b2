"""An invoice or a credit note as PDF."""

from __future__ import annotations

from domain.billing.invoices import InvoiceKind
from services.documents.amount_in_words import amount_in_words, figures, grouped
from services.documents.document import Document, day, month
from services.documents.payment_code import payment_code, payment_text
from services.documents.sheet import MARGIN, WIDTH, Column, Sheet

_QR_SIDE = 104.0
_FULL = WIDTH - 2 * MARGIN
_SUMMARY = (Column(0, 180), Column(180, 270), Column(270, 330, True), Column(330, 425, True), Column(425, _FULL, True))
_DETAIL = (Column(0, 125), Column(125, 265), Column(265, 340), Column(340, 425, True), Column(425, _FULL, True))


def draw_invoice(document: Document) -> bytes:
    """The PDF file. The same document gives the same bytes."""
    title = _title(document)
    sheet = Sheet(title, lambda page: f"{document.number}  ·  {page}")
    if document.entity["is_sample"]:
        sheet.text(document.say("sample"), bold=True)
        sheet.gap(4)
    _bank(sheet, document)
    sheet.gap(8)
    sheet.text(title, size=14, bold=True)
    if document.corrects_number and document.corrects_on:
        values = {
            "number": document.corrects_number,
            "day": day(document.corrects_on),
            "reason": document.reason or "–",
        }
        sheet.text(document.say("corrects", **values))
    sheet.rule()
    _parties(sheet, document)
    sheet.gap(6)
    _summary(sheet, document)
    sheet.gap(6)
    _total(sheet, document)
    if document.lines:
        _details(sheet, document)
    return sheet.finish()


def _title(document: Document) -> str:
    name = "invoice" if document.kind is InvoiceKind.INVOICE else "credit_note"
    return document.say(name, number=document.number, day=day(document.issued_on))


def _bank(sheet: Sheet, document: Document) -> None:
    """Whom to pay; a code beside it where banks read one."""
    top = sheet.y
    details = document.entity["details"]
    width = _FULL - _QR_SIDE - 12
    sheet.text(document.entity["name"], bold=True, width=width)
    tax = f"tax_{document.entity['country']}"
    account = details.get("account_eur") if document.currency == "EUR" else None
    for name, text in (
        (tax, details.get("tax_number")),
        ("tax_reason_code", details.get("tax_reason_code")),
        ("beneficiary_code", details.get("beneficiary_code")),
        ("payment_code", details.get("payment_code")),
        ("bank", details.get("bank")),
        ("bank_code", details.get("bank_code")),
        ("account", account or details.get("account")),
        ("correspondent_account", details.get("correspondent_account")),
    ):
        if text:
            sheet.pair(document.say(name), text, width=width)
    if document.kind is InvoiceKind.INVOICE and document.currency == "RUB":
        text = payment_text(document.entity["name"], details, document.local_amount, document.purpose)
        sheet.code(payment_code(text), _QR_SIDE, top)
        sheet.y = min(sheet.y, top - _QR_SIDE)


def _parties(sheet: Sheet, document: Document) -> None:
    company, details = document.company, document.entity["details"]
    sheet.pair(document.say("supplier"), ", ".join(filter(None, (document.entity["name"], details.get("address")))))
    sheet.pair(document.say("customer"), company["name"])
    if company.get("tax_number"):
        tax = f"tax_{company['country']}" if company["country"] in ("RU", "KZ") else "tax"
        sheet.pair(document.say(tax), company["tax_number"])
    if company.get("contract_number"):
        sheet.pair(document.say("contract"), company["contract_number"])
    sheet.pair(document.say("period"), month(document.period))


def _summary(sheet: Sheet, document: Document) -> None:
    head = [document.say(name) for name in ("service", "plan", "sims", "quantity", "amount")]
    sheet.row(_SUMMARY, head, bold=True)
    for line in document.summary:
        cells = (
            document.service(line.service, line.usage_month),
            line.plan,
            grouped_whole(line.sims, document.language),
            document.quantity(line.service, line.quantity),
            grouped(line.amount, document.language, 4),
        )
        sheet.row(_SUMMARY, cells)


def _total(sheet: Sheet, document: Document) -> None:
    language, currency = document.language, document.currency
    sheet.pair(document.say("total"), figures(document.eur_total, "EUR", language))
    if document.rate_source:
        values = {
            "source": document.say(document.rate_source),
            "day": day(document.rate_on),
            "rate": format(document.rate.normalize(), "f"),
            "currency": currency,
        }
        sheet.text(document.say("rate", **values))
    invoice = document.kind is InvoiceKind.INVOICE
    due = figures(document.local_amount if invoice else -document.local_amount, currency, language)
    sheet.text(f"{document.say('due' if invoice else 'returned')}: {due}", size=12, bold=True)
    amount = document.local_amount if invoice else -document.local_amount
    sheet.pair(document.say("words"), amount_in_words(amount, currency, language))
    if invoice and document.day5_on and document.day6_on:
        sheet.gap(4)
        sheet.pair(document.say("purpose"), document.purpose)
        sheet.text(document.say("pay_by", day5=day(document.day5_on), day6=day(document.day6_on)))
    sheet.gap(16)
    sheet.text(f"{document.say('signatory')}: ____________________ {document.entity['details'].get('signatory', '')}")


def _details(sheet: Sheet, document: Document) -> None:
    sheet.gap(18)
    sheet.room(60)
    sheet.text(document.say("lines", number=document.number), bold=True)
    sheet.gap(4)
    head = ["ICCID", *(document.say(name) for name in ("service", "plan", "quantity", "amount"))]
    sheet.row(_DETAIL, head, size=7, bold=True)
    for line in document.lines:
        cells = (
            line.iccid,
            document.service(line.service, line.usage_month),
            line.plan,
            document.quantity(line.service, line.quantity),
            grouped(line.amount, document.language, 4),
        )
        sheet.row(_DETAIL, cells, size=7)
    if document.line_count > len(document.lines):
        sheet.gap(4)
        sheet.text(document.say("more_lines", shown=len(document.lines), all=document.line_count))


def grouped_whole(number: int, language: str) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}" if language == "en" else f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
