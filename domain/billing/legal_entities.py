"""The legal entities as shipped: samples that staff replace by their own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

from billing_calendar.working_days import calendar_of

RUBLE, TENGE, EURO = "RUB", "KZT", "EUR"


@dataclass(frozen=True, slots=True)
class Rounding:
    """From a day on, local amounts in a currency are multiples of a quantum."""

    currency: str
    effective_on: date
    quantum: Decimal


@dataclass(frozen=True, slots=True)
class ShippedEntity:
    """An entry of `legal_entities.toml`."""

    code: str
    name: str
    country: str
    invoice_prefix: str
    credit_prefix: str
    sample: bool
    details: Mapping[str, str]
    rounding: tuple[Rounding, ...]


@lru_cache(maxsize=1)
def shipped_entities() -> tuple[ShippedEntity, ...]:
    """All entries of the file."""
    text = files("domain.billing").joinpath("data", "legal_entities.toml").read_text(encoding="utf-8")
    return tuple(
        ShippedEntity(
            code,
            entry["name"],
            entry["country"],
            entry["invoice_prefix"],
            entry["credit_prefix"],
            entry["sample"],
            entry["details"],
            tuple(
                Rounding(rule["currency"], rule["from"], Decimal(rule["quantum"])) for rule in entry.get("rounding", ())
            ),
        )
        for code, entry in tomllib.loads(text).items()
    )


def entity_of(country: str) -> str:
    """The code of the legal entity that bills companies of a country: Russia's its own, all others Kazakhstan's."""
    return calendar_of(country)


def currency_of(country: str) -> str:
    """In what a company of a country pays: RUB in Russia, KZT in Kazakhstan, EUR elsewhere (guide: "Счета на оплату")."""
    return {"RU": RUBLE, "KZ": TENGE}.get(country.upper(), EURO)
