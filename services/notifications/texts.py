"""The words of notifications: a template for each kind and language, filled in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.notifications import TEMPLATE_VALUES, AccountMail, NotificationKind
from services.notifications.words import MONTHS, OPERATIONS, REASONS, SIGNS

LANGUAGES = ("ru", "kk", "en")
"""The languages there are templates in."""

FALLBACK = "ru"

_FOLDER = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Text:
    """A notification in words: a title of one line and a body."""

    title: str
    body: str


def text_of(kind: NotificationKind | AccountMail, language: str, values: Mapping[str, Any]) -> Text:
    """A kind in a language; `values` are what its template names (days as `date` or ISO text, amounts as text).

    Values are put in literally: nothing in them is a template. Raises `jinja2.UndefinedError` when one is missing.
    """
    rendered = _template(kind.value.lower(), language_of(language)).render(values)
    title, _, body = rendered.partition("\n")
    return Text(" ".join(title.split())[:200], body.strip("\n") + "\n")


def whatsapp_parameters(kind: NotificationKind, language: str, values: Mapping[str, Any]) -> list[str]:
    """The parameters of a kind's WhatsApp template; each is one line, as WhatsApp wants it."""
    filled = [_parameter(name, language_of(language)).render(values) for name in TEMPLATE_VALUES[kind]]
    return [" ".join(text.split()) or "–" for text in filled]


_EXPRESSIONS = {
    "amount": "{{ amount | money(currency) }}",
    "balance": "{{ balance | money(currency) }}",
    "level": "{{ level | money(currency) }}",
    "pay_by": "{{ pay_by | day }}",
    "lock_on": "{{ lock_on | day }}",
    "paid_on": "{{ paid_on | day }}",
    "period": "{{ period | month }}",
    "invoices": "{{ invoices | join(', ') }}",
    "operation": "{{ operation | operation }}",
    "why": "{{ why | reason }}",
}


def language_of(text: str | None) -> str:
    """The language of this name (ISO 639-1, any case), or Russian where there are no templates in it."""
    return text.lower() if text and text.lower() in LANGUAGES else FALLBACK


@lru_cache(maxsize=128)
def _template(name: str, language: str) -> Template:
    return _environment(language).get_template(f"{name}.txt")


@lru_cache(maxsize=128)
def _parameter(name: str, language: str) -> Template:
    return _environment(language).from_string(_EXPRESSIONS.get(name, f"{{{{ {name} }}}}"))


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> ImmutableSandboxedEnvironment:
    # Plain text: nothing is HTML here, so nothing is escaped.
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_FOLDER / language),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["day"] = _day
    environment.filters["money"] = lambda amount, currency: _money(amount, currency, language)
    environment.filters["month"] = lambda period: _month(period, language)
    environment.filters["operation"] = lambda kind: _operation(kind, language)
    environment.filters["reason"] = lambda why: REASONS[language][why]
    return environment


def _operation(kind: str, language: str) -> str:
    return OPERATIONS[kind][LANGUAGES.index(language)]


def _day(value: date | str) -> str:
    day = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{day:%d.%m.%Y}"


def _month(period: str, language: str) -> str:
    year, month = period.split("-")[:2]
    return f"{MONTHS[language][int(month) - 1]} {year}"


def _money(amount: Decimal | str, currency: str, language: str) -> str:
    """With a thin gap between thousands and a comma, in English with commas and a point."""
    plain = f"{Decimal(str(amount)):,.2f}"
    if language != "en":
        plain = plain.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
    return f"{plain}\N{NO-BREAK SPACE}{SIGNS.get(currency, currency)}"
