"""What a payment is for, by its purpose (guide: "автоматически зачисляем оплату, если в назначении указан номер договора или
номер счёта"): numbers as people type them, with Cyrillic letters that look or sound alike, any dash, or none."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_LOOKS = str.maketrans(
    {
        **dict(zip("АВЕКМНОРСТУХІЈЅҮҺ", "ABEKMHOPCTYXIJSYH", strict=True)),
        **dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}_", "-"),
        **dict.fromkeys("№#", " "),
        "Ё": "Е",
    }
)

_SOUNDS = {"N": "NH", "C": "CЦ", "R": "RP", "K": "K", "B": "BБ", "D": "DД", "F": "FФ", "G": "GГ", "L": "LЛ", "V": "VB"}
"""By which letters (folded) a Latin one of a prefix is written on a Russian keyboard: NCR as НЦР, НСР or NCR."""

_SHORT = 4
"""Contract numbers with fewer letters and digits are only believed after the word "contract"."""

_CONTRACT_WORD = re.compile(r"(ДOГOBOP\w*|ДOГ|KOHTPAKT\w*|ШAPT\w*|CONTRACT|AGREEMENT)\W{0,4}$")


class QueueReason(StrEnum):
    """Why a payment waits for a person."""

    NOTHING_FOUND = "NOTHING_FOUND"
    SEVERAL_COMPANIES = "SEVERAL_COMPANIES"
    PAID_INVOICE = "PAID_INVOICE"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """An issued invoice: `number` such as NCR-0134; `is_open` while something of it is owed."""

    id: int
    company_id: int
    number: str
    currency: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Match:
    """What a payment is for: a company, and the invoices that are named (none: the oldest first). Or why nobody can tell."""

    company_id: int | None = None
    invoice_ids: tuple[int, ...] = ()
    reason: QueueReason | None = None


def fold(text: str) -> str:
    """Capitals, Latin where Cyrillic looks alike, one kind of dash, single blanks."""
    return " ".join(text.upper().translate(_LOOKS).split())


def invoice_values(purpose: str, prefixes: Collection[str]) -> set[tuple[str, int]]:
    """The invoice numbers named in a purpose, as (prefix, value); `NCR-0134` is not in `NCR-01345`, nor in `XNCR-0134`."""
    text = fold(purpose)
    return {
        (prefix, int(found[1])) for prefix in prefixes for found in _pattern(prefix).finditer(text) if int(found[1]) > 0
    }


@lru_cache(maxsize=64)
def _pattern(prefix: str) -> re.Pattern[str]:
    letters = "".join(f"[{re.escape(_SOUNDS.get(letter, letter))}]" for letter in fold(prefix))
    return re.compile(rf"(?<!\w){letters} ?-? ?([0-9]{{1,12}})(?![\w])")


def contracts_named(purpose: str, contracts: Mapping[str, Collection[int]]) -> set[int]:
    """The companies whose contract number stands in a purpose as a whole; `contracts` are companies by folded number."""
    text = fold(purpose)
    return {company_id for number, companies in contracts.items() if _names(text, number) for company_id in companies}


def _names(text: str, number: str) -> bool:
    at = text.find(number)
    if at < 0:
        return False
    significant = sum(letter.isalnum() for letter in number)
    if significant < 2 or not any(letter.isdigit() for letter in number):
        return False
    while at >= 0:
        before, after = text[:at], text[at + len(number) :]
        believed = significant >= _SHORT or _CONTRACT_WORD.search(before)
        if believed and _ends(before[::-1]) and _ends(after):
            return True
        at = text.find(number, at + 1)
    return False


def _ends(following: str) -> bool:
    """Whether a number is over here: neither letters nor digits follow, nor another part behind a dash or slash."""
    return re.match(r"[-/.]?\w", following) is None


def match_purpose(
    purpose: str,
    currency: str,
    invoices: Mapping[tuple[str, int], KnownInvoice],
    contracts: Mapping[str, Collection[int]],
    prefixes: Collection[str],
    currencies: Mapping[int, str],
) -> Match:
    """What a payment in a currency is for.

    `invoices` are those that were issued by (prefix, value), `contracts` companies by folded number; `currencies` says in
    what each company pays. Named invoices win over a contract of the same company; whatever speaks for two companies, for a
    paid invoice, or comes in another currency is for a person to decide.
    """
    named = [invoices[value] for value in sorted(invoice_values(purpose, prefixes)) if value in invoices]
    by_contract = contracts_named(purpose, contracts)
    companies = {invoice.company_id for invoice in named} | by_contract
    if not companies:
        return Match(reason=QueueReason.NOTHING_FOUND)
    if len(companies) > 1:
        return Match(reason=QueueReason.SEVERAL_COMPANIES)
    (company_id,) = companies
    if any(not invoice.is_open for invoice in named):
        return Match(company_id, reason=QueueReason.PAID_INVOICE)
    expected = {invoice.currency for invoice in named} or {currencies[company_id]}
    if expected != {currency}:
        return Match(company_id, reason=QueueReason.OTHER_CURRENCY)
    return Match(company_id, tuple(sorted({invoice.id for invoice in named})))
