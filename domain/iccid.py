"""The serial number of a SIM card and its check digit.

An ICCID is a string of 18 to 22 ASCII digits that starts with 89 (the telecom prefix of ITU-T E.118). The last digit
is a Luhn check digit by the recommendation. Operators issue cards that ignore it, so a wrong one is worth a remark to
the person who typed the number and never a reason to refuse it.
"""

from __future__ import annotations

import re

MIN_ICCID_DIGITS = 18
MAX_ICCID_DIGITS = 22
ICCID_PREFIX = "89"

_ICCID = re.compile(r"89[0-9]{16,20}")
# Luhn doubles every second digit from the right and adds up the digits of the product: 7 -> 14 -> 5.
_DOUBLED = str.maketrans("0123456789", "0246813579")
_ZERO = ord("0")


def is_iccid(text: str) -> bool:
    """Whether the text has the shape of an ICCID: 18 to 22 ASCII digits, the first two being 89."""
    return _ICCID.fullmatch(text) is not None


def has_valid_check_digit(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of those before it.

    Takes one or more ASCII digits. Raises ValueError for anything else.
    """
    return _luhn_sum(digits) % 10 == 0


def check_digit(body: str) -> str:
    """The Luhn digit that completes a number.

    `body` is the number without its check digit, one or more ASCII digits; the answer is one digit. Raises ValueError
    for anything else.
    """
    return str(-_luhn_sum(body + "0") % 10)


def _luhn_sum(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("a check digit is computed over ASCII digits only")
    straight = digits[-1::-2]
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(straight.encode()) + sum(doubled.encode()) - _ZERO * len(digits)
