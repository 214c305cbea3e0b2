"""Amounts as people read them: in words, and in figures with the sign of the currency."""

from __future__ import annotations

from decimal import Decimal

SIGNS = {"RUB": "₽", "KZT": "₸", "EUR": "€"}

_SPOKEN = {"ru": ("ru", {"RUB", "KZT", "EUR"}), "kk": ("kz", {"KZT"}), "en": ("en", {"RUB", "EUR"})}
_EVERYWHERE = "ru"


def amount_in_words(amount: Decimal, currency: str, language: str) -> str:
    """An amount in words, such as `Четыре тысячи шестьсот сорок пять рублей, ноль копеек`; Russian where a language lacks the
    currency. An amount below zero is said as what it is taken from.
    """
    from num2words import num2words  # every language of the world: megabytes that only the drawing of a document needs

    name, currencies = _SPOKEN[language]
    if currency not in currencies:
        name = _EVERYWHERE
    text = str(num2words(abs(amount).quantize(Decimal("0.01")), lang=name, to="currency", currency=currency))
    sentence = text[:1].upper() + text[1:]
    return sentence if amount >= 0 else f"− {sentence}"


def figures(amount: Decimal, currency: str, language: str, places: int = 2) -> str:
    """An amount in figures: `4 645,00 ₽`, in English `₽ 4,645.00`."""
    plain = grouped(amount, language, places)
    sign = SIGNS.get(currency, currency)
    return f"{sign} {plain}" if language == "en" else f"{plain} {sign}"


def grouped(amount: Decimal, language: str, places: int) -> str:
    """A number with its thousands apart (no-break spaces; in English commas)."""
    text = f"{amount:,.{places}f}"
    if language == "en":
        return text
    return text.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
