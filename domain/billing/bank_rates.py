"""What the two central banks answer, read with care: what one EUR costs, and on which day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

LARGEST_ANSWER = 1_000_000
"""Bytes: the real answers have a few thousand."""

OLDEST = timedelta(days=12)
"""How far back a bank's date may lie: its rates stand still over weekends and the New Year holidays."""

LARGEST_JUMP = Decimal("0.05")
"""A rate that differs from the last one by more waits for staff."""

_PLACES = Decimal("0.00000001")
_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)


class BadRate(Exception):
    """An answer that is not one a rate may be taken from; the message says why."""


@dataclass(frozen=True, slots=True)
class BankRate:
    """What one EUR costs, and the day the bank says it is for."""

    rate_on: date
    rate: Decimal


def read_cbr(answer: bytes, asked_on: date) -> BankRate:
    """The EUR rate of the Central Bank of Russia (`XML_daily.asp`, windows-1251); raises `BadRate`."""
    root = _root(answer)
    if root.tag != "ValCurs":
        raise BadRate("the answer is not ValCurs")
    rate_on = _day(root.get("Date"))
    for entry in root.iterfind("Valute"):
        if entry.findtext("CharCode") == "EUR":
            return _checked(rate_on, asked_on, _amount(entry.findtext("Value")), _amount(entry.findtext("Nominal")))
    raise BadRate("there is no EUR in the answer")


def read_nbk(answer: bytes, asked_on: date) -> BankRate | None:
    """The EUR rate of the National Bank of Kazakhstan (`get_rates.cfm`); None where it has none for the day asked.

    Raises `BadRate`.
    """
    root = _root(answer)
    if root.tag != "rates":
        raise BadRate("the answer is not rates")
    items = root.findall("item")
    if not items:
        return None
    rate_on = _day(root.findtext("date"))
    for entry in items:
        if (entry.findtext("title") or "").strip() == "EUR":
            return _checked(rate_on, asked_on, _amount(entry.findtext("description")), _amount(entry.findtext("quant")))
    raise BadRate("there is no EUR in the answer")


def jump(before: Decimal, after: Decimal) -> Decimal:
    """The change of a rate as a part of what it was, without a sign: 0.05 is five per cent."""
    return abs(after - before) / before


def _root(answer: bytes) -> etree._Element:
    from lxml import etree  # only who asks the banks needs it, which no API process does

    if len(answer) > LARGEST_ANSWER:
        raise BadRate("the answer is too large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(answer, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadRate("the answer is not XML") from error
    # No bank sends a document type; whoever does wants the parser to do something for them.
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadRate("the answer has a document type")
    return root


def _day(text: str | None) -> date:
    match = _DAY.fullmatch((text or "").strip())
    try:
        if match is not None:
            return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        pass
    raise BadRate("the answer says no day")


def _amount(text: str | None) -> Decimal:
    try:
        amount = Decimal((text or "").strip().replace("\xa0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < 1_000_000_000:
        raise BadRate("a number in the answer is none")
    return amount


def _checked(rate_on: date, asked_on: date, value: Decimal, units: Decimal) -> BankRate:
    if not asked_on - OLDEST <= rate_on <= asked_on:
        raise BadRate(f"the answer is for {rate_on}, which is not at most {OLDEST.days} days before {asked_on}")
    rate = (value / units).quantize(_PLACES)
    if rate <= 0:
        raise BadRate("a rate is more than 0")
    return BankRate(rate_on, rate)
