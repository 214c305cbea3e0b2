"""A bank statement as it was read: payments that can be used, and lines that cannot, each with its number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

MOST_BYTES = 8 * 2**20
"""The largest statement; a month of a busy account has a tenth of that."""

LARGEST = Decimal(10) ** 12
"""Amounts are below this."""


class StatementFormat(StrEnum):
    """How a statement is written."""

    CSV = "CSV"
    ONE_C = "ONE_C"


class LineProblem(StrEnum):
    """Why a line of a statement was not imported."""

    WRONG_ENCODING = "WRONG_ENCODING"
    BROKEN_LINE = "BROKEN_LINE"
    MISSING_VALUE = "MISSING_VALUE"
    BAD_DATE = "BAD_DATE"
    FUTURE_DATE = "FUTURE_DATE"
    BAD_AMOUNT = "BAD_AMOUNT"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    NEGATIVE_AMOUNT = "NEGATIVE_AMOUNT"
    BAD_CURRENCY = "BAD_CURRENCY"
    UNFINISHED_DOCUMENT = "UNFINISHED_DOCUMENT"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A payment that came in. `bank_ref` names it at the bank; `currency` None: that of the account."""

    line: int
    bank_ref: str
    paid_on: date
    amount: Decimal
    currency: str | None
    payer: str
    payer_tax_number: str
    purpose: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not imported: its number from 1, which kind of problem, and a sentence."""

    line: int
    problem: LineProblem
    message: str


@dataclass(slots=True)
class Statement:
    """What a file says. `account` is our account, `covers_until` the last day it speaks of; None where it does not say."""

    format: StatementFormat
    encoding: str
    account: str | None = None
    covers_until: date | None = None
    lines: list[StatementLine] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


class UnreadableStatement(Exception):
    """Nothing of the file can be used; the message says why and what to do."""


class BadValue(Exception):
    """A value of a line cannot be used."""

    def __init__(self, problem: LineProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message


def read_amount(text: str) -> Decimal:
    """`4 645,00`, `4645.00`, `4,645.00`; raises `BadValue` unless it is more than 0 with at most two decimals."""
    plain = "".join(text.split()).replace("\N{MINUS SIGN}", "-").replace("'", "")
    if "," in plain and "." in plain:
        thousands = "," if plain.rfind(".") > plain.rfind(",") else "."
        plain = plain.replace(thousands, "")
    plain = plain.replace(",", ".")
    try:
        amount = Decimal(plain)
    except InvalidOperation as error:
        raise BadValue(LineProblem.BAD_AMOUNT, f"{text!r} is no amount.") from error
    require_amount(amount)
    return amount.quantize(Decimal("0.01"))


def require_amount(amount: Decimal) -> None:
    """Raise `BadValue` unless an amount is more than 0, below `LARGEST` and has at most two decimals."""
    if not amount.is_finite() or amount >= LARGEST:
        raise BadValue(LineProblem.BAD_AMOUNT, "This is no amount that a payment can have.")
    if amount <= 0:
        raise BadValue(LineProblem.NEGATIVE_AMOUNT, "The amount of a payment is more than 0.")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise BadValue(LineProblem.TOO_MANY_DECIMALS, "An amount has at most two decimals.")


def read_date(text: str, today: date) -> date:
    """`08.12.2023` or `2023-12-08`, a time after it is ignored; raises `BadValue` also for days after today."""
    plain = text.strip().split(" ")[0].split("T")[0]
    for shape in ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(plain, shape).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if day > today:
            raise BadValue(LineProblem.FUTURE_DATE, f"{day.isoformat()} has not come yet.")
        return day
    raise BadValue(LineProblem.BAD_DATE, f"{text!r} is no date: write 08.12.2023 or 2023-12-08.")


def read_currency(text: str) -> str | None:
    """An ISO 4217 code, in letters or as its number in bank accounts; None for nothing."""
    plain = text.strip().upper()
    if not plain:
        return None
    code = _NUMBERS.get(plain, plain)
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise BadValue(LineProblem.BAD_CURRENCY, f"{text!r} is no currency: write its three letters.")
    return "RUB" if code == "RUR" else code


_NUMBERS = {"643": "RUB", "810": "RUB", "398": "KZT", "978": "EUR", "840": "USD"}
