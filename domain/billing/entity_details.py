"""What documents print of a legal entity, and the rules by which banks and tax offices write it.

Sources: Russia's tax number by the order of its tax service on check digits, the key of an account by the Bank of Russia's rule
(weights 7, 1, 3 over the bank's last three digits and the account), Kazakhstan's business number with its two passes of
weights, accounts by ISO 13616, banks by ISO 9362.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.billing.legal_entities import EURO, RUBLE, TENGE
from domain.errors import InvalidValue

LONGEST = {"address": 200, "bank": 120, "signatory": 100}
"""Texts that only have a length."""

CURRENCIES = (RUBLE, TENGE, EURO)

_PREFIX = re.compile(r"[A-Z]{2,8}\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a text is right, and what it looks like if it is."""

    holds: Callable[[str], bool]
    looks: str


def _pattern(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def is_russian_tax_number(text: str) -> bool:
    """An INN of a company: ten digits, the last of which is a check digit."""
    if not re.fullmatch(r"[0-9]{10}", text):
        return False
    return _weighted(text, (2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10 == int(text[9])


def is_kazakh_business_number(text: str) -> bool:
    """A BIN: twelve digits, the last of which is a check digit, counted anew with other weights where the first gives 10."""
    if not re.fullmatch(r"[0-9]{12}", text):
        return False
    check = _weighted(text, tuple(range(1, 12))) % 11
    if check == 10:
        check = _weighted(text, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return check == int(text[11])


def is_kazakh_account(text: str) -> bool:
    """An IBAN of Kazakhstan."""
    if not re.fullmatch(r"KZ[0-9]{5}[0-9A-Z]{13}", text):
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def fits_bank(account: str, bank_code: str) -> bool:
    """Whether the key of a Russian account (20 digits) fits its bank (9 digits)."""
    digits = bank_code[-3:] + account
    return sum(int(digit) * weight % 10 for digit, weight in zip(digits, (7, 1, 3) * 8, strict=False)) % 10 == 0


_KZ_ACCOUNT = Rule(is_kazakh_account, "an IBAN that begins with KZ, 20 characters, with right check digits")

RULES: Mapping[str, Mapping[str, Rule]] = {
    "RU": {
        "tax_number": Rule(is_russian_tax_number, "an INN: 10 digits with a right check digit"),
        "tax_reason_code": Rule(_pattern(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}"), "a KPP: 9 characters"),
        "bank_code": Rule(_pattern(r"[0-9]{9}"), "a BIC of a Russian bank: 9 digits"),
        "account": Rule(_pattern(r"[0-9]{20}"), "20 digits"),
        "correspondent_account": Rule(_pattern(r"301[0-9]{17}"), "20 digits that begin with 301"),
    },
    "KZ": {
        "tax_number": Rule(is_kazakh_business_number, "a BIN: 12 digits with a right check digit"),
        "beneficiary_code": Rule(_pattern(r"[0-9]{2}"), "a Kbe: 2 digits"),
        "payment_code": Rule(_pattern(r"[0-9]{3}"), "a KNP: 3 digits"),
        "bank_code": Rule(_pattern(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"), "a BIC: 8 or 11 characters"),
        "account": _KZ_ACCOUNT,
        "account_eur": _KZ_ACCOUNT,
    },
}
"""By the country of the entity and the name of the detail."""

NEEDED = {
    "RU": ("tax_number", "address", "bank", "bank_code", "account", "correspondent_account", "signatory"),
    "KZ": ("tax_number", "address", "bank", "bank_code", "account", "beneficiary_code", "payment_code", "signatory"),
}
"""Without which an entity stays a sample: they are printed, and the payment code is made of them."""


def require_prefix(text: str, *path: str) -> str:
    """How numbers of documents begin; raises `InvalidValue`."""
    if not _PREFIX.match(text):
        raise InvalidValue("A prefix has 2 to 8 Latin capital letters, such as NCR.", path=path)
    return text


def require_details(country: str, details: Mapping[str, str], *path: str) -> None:
    """Raises `InvalidValue` for a detail that the country does not know, or that is not written by its rule."""
    for name, text in details.items():
        rule = RULES[country].get(name)
        if rule is not None and not rule.holds(text):
            raise InvalidValue(f"This has to be {rule.looks}.", path=(*path, camel(name)))
        if rule is None and name not in LONGEST:
            raise InvalidValue("An entity of this country has no such detail: leave it out.", path=(*path, camel(name)))


def require_complete(country: str, details: Mapping[str, str], *path: str) -> None:
    """Raises `InvalidValue` unless customers can pay to it."""
    missing = [name for name in NEEDED[country] if not details.get(name)]
    if missing:
        raise InvalidValue("This is needed before the entity is no sample any more.", path=(*path, camel(missing[0])))
    require_details(country, details, *path)
    if country == "RU" and not fits_bank(details["account"], details["bank_code"]):
        raise InvalidValue("The account's key does not fit the bank's BIC: check both.", path=(*path, "account"))


def camel(name: str) -> str:
    """A detail's name as the API writes it."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
