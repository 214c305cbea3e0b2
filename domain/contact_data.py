"""What people type about themselves and their companies, brought into the one form that is stored, or refused."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from domain.errors import InvalidValue

_PHONE = re.compile(r"\+?([1-9][0-9]{7,14})")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ZONES = frozenset(available_timezones())


def email_address(text: str, *path: str) -> str:
    """The address in lower case; no name server is asked whether it exists. `InvalidValue`."""
    text = text.strip()
    try:
        if len(text) > 254:
            raise EmailNotValidError
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise InvalidValue("This is not an e-mail address: write it like name@example.com.", path=path) from None


def phone_number(text: str, *path: str) -> str:
    """An international number as digits (ITU-T E.164) of a text that may have a plus, spaces, hyphens and brackets."""
    found = _PHONE.fullmatch(re.sub(r"[\s()-]", "", text))
    if found is None:
        raise InvalidValue("This is not an international number: write it like +7 701 123 45 67.", path=path)
    return found.group(1)


def one_line(text: str, longest: int, what: str, *path: str) -> str:
    """A text of one line without spaces around it. `what` begins the sentence of a refusal."""
    text = " ".join(text.split())
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise InvalidValue(f"{what} has 1 to {longest} printable characters.", path=path)
    return text


def country_code(text: str, *path: str) -> str:
    """Two capital letters, ISO 3166-1 alpha-2."""
    text = text.strip().upper()
    if not _COUNTRY.fullmatch(text):
        raise InvalidValue("A country is two letters of ISO 3166, for example KZ.", path=path)
    return text


def time_zone(text: str, *path: str) -> str:
    """A zone of the IANA database."""
    if text not in _ZONES:
        raise InvalidValue("There is no such time zone: use one like Asia/Almaty or Europe/Berlin.", path=path)
    return text
