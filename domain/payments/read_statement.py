"""Reading bank statements: CSV with a header, and the text format 1CClientBankExchange; in UTF-8 or windows-1251."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from domain.payments.statement import (
    MOST_BYTES,
    BadLine,
    BadValue,
    LineProblem,
    Statement,
    StatementFormat,
    StatementLine,
    UnreadableStatement,
    read_amount,
    read_currency,
    read_date,
)

_HEADER = "1CClientBankExchange"

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ref": ("id", "reference", "transaction_id", "transaction id", "номер операции", "ид операции", "референс"),
    "date": ("date", "paid_on", "дата", "дата операции", "дата поступления", "күні"),
    "amount": ("amount", "сумма", "сумма операции", "приход", "кредит", "сомасы"),
    "currency": ("currency", "валюта"),
    "payer": ("payer", "плательщик", "контрагент", "төлеуші"),
    "tax": ("tax_number", "инн", "бин", "иин/бин", "бин/иин", "инн плательщика", "бсн"),
    "purpose": ("purpose", "назначение", "назначение платежа", "төлем мақсаты"),
}

_NEEDED = ("date", "amount", "purpose")


def read_statement(content: bytes, today: date) -> Statement:
    """What a file says; raises `UnreadableStatement` when nothing of it can be used. Days after `today` are bad lines."""
    if len(content) > MOST_BYTES:
        raise UnreadableStatement(f"A statement has at most {MOST_BYTES // 2**20} MB: split it by days.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
        raise UnreadableStatement("The file is in UTF-16 or no text: save it in UTF-8 or windows-1251.")
    encoding, lines, bad = _decode(content)
    first = next((text.strip() for text in lines if text is not None and text.strip()), "")
    if first == _HEADER:
        statement = _read_one_c(lines, encoding, bad, today)
    else:
        statement = _read_csv(lines, encoding, bad, today)
    statement.bad.sort(key=lambda line: line.line)
    if statement.covers_until is not None:
        # Nobody knows what will come in later today.
        statement.covers_until = min(statement.covers_until, today)
    return statement


def _decode(content: bytes) -> tuple[str, list[str | None], list[BadLine]]:
    """The lines, None for those that are not in the encoding of the others."""
    raw = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    as_utf8 = [_line(line, "utf-8") for line in raw]
    speaks_utf8 = any(text is not None and not text.isascii() for text in as_utf8) or None not in as_utf8
    encoding = "utf-8" if speaks_utf8 else _one_byte(raw)
    lines = as_utf8 if speaks_utf8 else [_line(line, encoding) for line in raw]
    bad = [
        BadLine(number, LineProblem.WRONG_ENCODING, f"This line is not in {encoding}, as the others are.")
        for number, text in enumerate(lines, start=1)
        if text is None
    ]
    return encoding, lines, bad


def _one_byte(raw: Sequence[bytes]) -> str:
    dos = "Кодировка=DOS".encode("cp866")
    return "cp866" if any(line.strip() == dos for line in raw[:10]) else "windows-1251"


def _line(line: bytes, encoding: str) -> str | None:
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if any(ord(letter) < 32 and letter != "\t" for letter in text) else text


# --- CSV ----------------------------------------------------------------------------------------------------------------


def _read_csv(lines: Sequence[str | None], encoding: str, bad: list[BadLine], today: date) -> Statement:
    statement = Statement(StatementFormat.CSV, encoding, bad=bad)
    start = next((number for number, text in enumerate(lines) if text is not None and text.strip()), None)
    header = lines[start] if start is not None else None
    if start is None or header is None:
        raise UnreadableStatement("The statement is empty: choose another file.")
    delimiter = max(";,\t", key=header.count)
    places = _places(_cells(header, delimiter) or [])
    missing = [name for name in _NEEDED if name not in places]
    if missing:
        raise UnreadableStatement(
            "The first line names no column for "
            + ", ".join(missing)
            + ": it has to name date, amount and purpose (and id, currency, payer, tax_number), and the file has to be in"
            " UTF-8 or windows-1251."
        )
    seen: Counter[str] = Counter()
    for number, text in enumerate(lines[start + 1 :], start=start + 2):
        if text is None or not text.strip():
            continue
        try:
            statement.lines.append(_row(number, text, delimiter, places, today, seen))
        except BadValue as error:
            statement.bad.append(BadLine(number, error.problem, error.message))
    statement.covers_until = max((line.paid_on for line in statement.lines), default=None)
    return statement


def _cells(text: str, delimiter: str) -> list[str] | None:
    """One physical line on its own, so that a quote that nobody closes spoils no other line."""
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 else None


def _places(header: Sequence[str]) -> dict[str, int]:
    names = {name.strip().lower().lstrip("\ufeff"): place for place, name in enumerate(header)}
    found = {}
    for column, aliases in _COLUMNS.items():
        place = next((names[alias] for alias in aliases if alias in names), None)
        if place is not None:
            found[column] = place
    return found


def _row(
    number: int, text: str, delimiter: str, places: Mapping[str, int], today: date, seen: Counter[str]
) -> StatementLine:
    cells = _cells(text, delimiter)
    if cells is None or len(cells) <= max(places.values()):
        raise BadValue(LineProblem.BROKEN_LINE, "The line does not have the columns of the first one.")
    values = {name: cells[place] for name, place in places.items()}
    for name in _NEEDED:
        if not values[name]:
            raise BadValue(LineProblem.MISSING_VALUE, f"The {name} is empty.")
    return StatementLine(
        line=number,
        bank_ref=_reference(values, seen),
        paid_on=read_date(values["date"], today),
        amount=read_amount(values["amount"]),
        currency=read_currency(values.get("currency", "")),
        payer=values.get("payer", "")[:300],
        payer_tax_number=values.get("tax", "")[:40],
        purpose=values["purpose"][:1000],
    )


def _reference(values: Mapping[str, str], seen: Counter[str]) -> str:
    """The bank's own id, or where it gives none a digest of the line, with its count among equal ones."""
    if given := values.get("ref"):
        return given[:120]
    digest = hashlib.sha256("\n".join(f"{key}={values[key]}" for key in sorted(values)).encode()).hexdigest()
    seen[digest] += 1
    return f"line-{digest[:32]}-{seen[digest]}"


# --- 1CClientBankExchange -----------------------------------------------------------------------------------------------


def _read_one_c(lines: Sequence[str | None], encoding: str, bad: list[BadLine], today: date) -> Statement:
    statement = Statement(StatementFormat.ONE_C, encoding, bad=bad)
    document: dict[str, str] | None = None
    spoiled = False
    began = 0
    for number, text in enumerate(lines, start=1):
        if text is None:
            spoiled = spoiled or document is not None
            continue
        key, _, value = (part.strip() for part in text.partition("="))
        if key == "СекцияДокумент":
            if document is not None:
                statement.bad.append(_unfinished(began))
            document, began, spoiled = {}, number, False
        elif key == "КонецДокумента" and document is not None:
            if not spoiled:
                _add_document(statement, document, began, today)
            document = None
        elif document is not None:
            document[key] = value
        else:
            _note_head(statement, key, value, today)
    if document is not None:
        statement.bad.append(_unfinished(began))
    return statement


def _unfinished(began: int) -> BadLine:
    return BadLine(began, LineProblem.UNFINISHED_DOCUMENT, "The document that begins here has no end.")


def _note_head(statement: Statement, key: str, value: str, today: date) -> None:
    if key == "РасчСчет" and value and statement.account is None:
        statement.account = value
    elif key == "ДатаКонца" and value and statement.covers_until is None:
        try:
            statement.covers_until = read_date(value, date.max)
        except BadValue:
            return


def _add_document(statement: Statement, document: Mapping[str, str], began: int, today: date) -> None:
    """Documents by which money left our account are none of our business."""
    get = document.get
    if statement.account is not None and get("ПолучательСчет") and get("ПолучательСчет") != statement.account:
        return
    try:
        for key in ("Номер", "Сумма"):
            if not get(key):
                raise BadValue(LineProblem.MISSING_VALUE, f"{key} is empty.")
        paid = get("ДатаПоступило") or get("ДатаСписано") or get("Дата")
        if not paid:
            raise BadValue(LineProblem.MISSING_VALUE, "ДатаПоступило is empty.")
        amount = read_amount(document["Сумма"])
        purpose = get("НазначениеПлатежа") or " ".join(get(f"НазначениеПлатежа{part}", "") for part in range(1, 7))
        statement.lines.append(
            StatementLine(
                line=began,
                bank_ref="/".join(
                    (get("ПлательщикСчет", ""), get("Номер", ""), get("Дата", "") or paid, f"{amount:f}")
                )[:120],
                paid_on=read_date(paid, today),
                amount=amount,
                currency=read_currency(get("Валюта") or get("КодВалюты") or ""),
                payer=(get("Плательщик1") or get("Плательщик") or "")[:300],
                payer_tax_number=get("ПлательщикИНН", "")[:40],
                purpose=purpose.strip()[:1000],
            )
        )
    except BadValue as error:
        statement.bad.append(BadLine(began, error.problem, error.message))
