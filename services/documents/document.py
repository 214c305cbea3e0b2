"""What a document says, gathered before it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.billing.invoices import InvoiceKind, Service
from services.documents.amount_in_words import grouped
from services.documents.words import WORDS

MOST_LINES = 500
"""So many lines by SIM are printed; more are only in the online account."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A plan's service in a month: how many SIMs, how much, for how many EUR."""

    plan: str
    service: Service
    usage_month: date
    sims: int
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DetailLine:
    """The same for one SIM."""

    iccid: str
    plan: str
    service: Service
    usage_month: date
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note as it was issued. `company` and `entity` are the stored snapshots of the parties."""

    kind: InvoiceKind
    number: str
    issued_on: date
    period: date
    language: str
    currency: str
    eur_total: Decimal
    rate: Decimal
    rate_on: date
    rate_source: str | None
    local_amount: Decimal
    day5_on: date | None
    day6_on: date | None
    company: Mapping[str, Any]
    entity: Mapping[str, Any]
    summary: Sequence[SummaryLine]
    lines: Sequence[DetailLine]
    line_count: int
    corrects_number: str | None = None
    corrects_on: date | None = None
    reason: str | None = None

    def say(self, name: str, **values: object) -> str:
        """Words in the document's language. Values are put in as they are: braces in them mean nothing."""
        return WORDS[self.language][name].format(**values)

    @property
    def purpose(self) -> str:
        """What is to be written as the purpose of the payment, so that it is credited by itself (guide)."""
        text = self.say("purpose_text", number=self.number, day=day(self.issued_on))
        if self.company.get("contract_number"):
            text += self.say("purpose_contract", contract=self.company["contract_number"])
        return text

    def quantity(self, service: Service, quantity: int) -> str:
        """How much of a service, with its unit."""
        if service is Service.DATA:
            return f"{grouped(Decimal(quantity) / 1_000_000, self.language, 2)} {self.say('mb')}"
        unit = {Service.VOICE: "seconds", Service.PACKAGE: "days"}.get(service, "pieces")
        return f"{grouped(Decimal(quantity), self.language, 0)} {self.say(unit)}"

    def service(self, service: Service, usage_month: date) -> str:
        """The name of a service; with the month where it is not that of the document."""
        name = self.say(service.value)
        return name if usage_month == self.period else f"{name} ({self.say('late', month=month(usage_month))})"


def day(value: date) -> str:
    """DD.MM.YYYY, as the guide writes days."""
    return f"{value:%d.%m.%Y}"


def month(value: date) -> str:
    """MM.YYYY."""
    return f"{value:%m.%Y}"
