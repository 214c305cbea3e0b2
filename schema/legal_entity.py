"""Who bills."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Self

import strawberry

from schema.connections import Node
from schema.ids import global_id
from schema.payloads import UserError
from services.billing.change_legal_entity import quanta_of
from services.billing.legal_entities import LegalEntityRow


@strawberry.type(description="A legal entity of NovaConnect that bills companies of its country.")
class LegalEntity(Node):
    """A legal entity."""

    code: str = strawberry.field(description="Its short name, such as RU.")
    name: str = strawberry.field(description="Its name as on documents.")
    country: str = strawberry.field(description="Its country, ISO 3166 alpha-2.")
    invoice_prefix: str = strawberry.field(description="How the numbers of its invoices begin.")
    is_sample: bool = strawberry.field(
        description="Whether it is an example with made-up bank details: its documents say so, and nothing is to be paid to it."
    )

    @classmethod
    def of(cls, row: LegalEntityRow) -> Self:
        """The legal entity of a row."""
        return cls(
            id=global_id("LegalEntity", row.id),
            code=row.code,
            name=row.name,
            country=row.country,
            invoice_prefix=row.invoice_prefix,
            is_sample=row.is_sample,
        )


@strawberry.type(description="What documents print of a legal entity; null where nothing is set.")
class LegalEntityDetails:
    """Details."""

    tax_number: str | None = strawberry.field(description="INN (Russia) or BIN (Kazakhstan).")
    tax_reason_code: str | None = strawberry.field(description="KPP; Russia only.")
    address: str | None = strawberry.field(description="Its address.")
    bank: str | None = strawberry.field(description="The name of its bank.")
    bank_code: str | None = strawberry.field(description="The BIC of its bank.")
    account: str | None = strawberry.field(description="Its account: 20 digits in Russia, an IBAN in Kazakhstan.")
    account_eur: str | None = strawberry.field(description="Its account in EUR; Kazakhstan only.")
    correspondent_account: str | None = strawberry.field(description="The correspondent account; Russia only.")
    beneficiary_code: str | None = strawberry.field(description="Kbe; Kazakhstan only.")
    payment_code: str | None = strawberry.field(description="KNP; Kazakhstan only.")
    signatory: str | None = strawberry.field(description="Who signs.")


@strawberry.type(description="From a day on, local amounts in a currency are multiples of a quantum.")
class RoundingQuantum:
    """A quantum."""

    currency: str = strawberry.field(description="The currency, ISO 4217.")
    effective_on: date = strawberry.field(description="The first day of issue for which it holds.")
    quantum: Decimal = strawberry.field(description="The quantum; 0.01 where nothing is set.")


@strawberry.type(description="A legal entity as staff set it up.")
class LegalEntitySettings:
    """Settings."""

    row: strawberry.Private[LegalEntityRow]
    legal_entity: LegalEntity = strawberry.field(description="The entity as customers see it.")
    credit_prefix: str = strawberry.field(description="How the numbers of its credit notes begin.")
    details: LegalEntityDetails = strawberry.field(description="What its documents print from now on.")

    @classmethod
    def of(cls, row: LegalEntityRow) -> Self:
        """The settings of a row."""
        names = (each.name for each in dataclasses.fields(LegalEntityDetails))
        details = LegalEntityDetails(**{name: row.details.get(name) for name in names})
        return cls(row=row, legal_entity=LegalEntity.of(row), credit_prefix=row.credit_prefix, details=details)

    @strawberry.field(description="To what its amounts are rounded, by currency and day.")
    async def rounding_quanta(self) -> list[RoundingQuantum]:
        """Few."""
        return [
            RoundingQuantum(currency=each.currency, effective_on=each.effective_on, quantum=each.quantum)
            for each in await quanta_of(self.row.id)
        ]


@strawberry.input(description="Details to set; what is left out stays, an empty text takes a detail away.")
class LegalEntityDetailsInput:
    """A part of `SetLegalEntityInput`."""

    tax_number: str | None = strawberry.field(default=None, description="INN of 10 digits, or BIN of 12.")
    tax_reason_code: str | None = strawberry.field(default=None, description="KPP; Russia only.")
    address: str | None = strawberry.field(default=None, description="Its address, at most 200 characters.")
    bank: str | None = strawberry.field(default=None, description="The name of its bank, at most 120 characters.")
    bank_code: str | None = strawberry.field(
        default=None, description="The BIC of its bank: 9 digits, or 8 to 11 letters."
    )
    account: str | None = strawberry.field(default=None, description="Its account: 20 digits, or an IBAN.")
    account_eur: str | None = strawberry.field(default=None, description="Its account in EUR; Kazakhstan only.")
    correspondent_account: str | None = strawberry.field(default=None, description="20 digits; Russia only.")
    beneficiary_code: str | None = strawberry.field(default=None, description="Kbe, 2 digits; Kazakhstan only.")
    payment_code: str | None = strawberry.field(default=None, description="KNP, 3 digits; Kazakhstan only.")
    signatory: str | None = strawberry.field(default=None, description="Who signs, at most 100 characters.")


@strawberry.input(
    description="How a legal entity is set up; what is left out stays. Issued documents keep what they say."
)
class SetLegalEntityInput:
    """Input of `setLegalEntity`."""

    code: str = strawberry.field(description="Which: RU or KZ.")
    name: str | None = strawberry.field(default=None, description="Its name as on documents, 1 to 160 characters.")
    invoice_prefix: str | None = strawberry.field(
        default=None, description="How numbers of invoices begin: 2 to 8 Latin capital letters. Counting goes on."
    )
    credit_prefix: str | None = strawberry.field(default=None, description="The same of credit notes; another one.")
    details: LegalEntityDetailsInput | None = strawberry.field(default=None, description="Details to change.")
    is_sample: bool | None = strawberry.field(
        default=None, description="False once all that is needed to pay to it is set: documents then say so no more."
    )


@strawberry.input(description="To what amounts are rounded from a day on.")
class SetRoundingQuantumInput:
    """Input of `setRoundingQuantum`."""

    code: str = strawberry.field(description="Which legal entity: RU or KZ.")
    currency: str = strawberry.field(description="RUB, KZT or EUR.")
    effective_on: date = strawberry.field(
        description="The first day of issue; after all that was issued in the currency."
    )
    quantum: Decimal = strawberry.field(description="0.01, 0.05, 0.1, 0.5, 1, 5, 10, 50 or 100.")


@strawberry.type(description="The entity as it is set up now, or why it was not changed.")
class LegalEntityPayload:
    """Answer of `setLegalEntity` and `setRoundingQuantum`."""

    settings: LegalEntitySettings | None = strawberry.field(description="The settings; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
