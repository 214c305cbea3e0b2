"""Who bills."""

from __future__ import annotations

from typing import Self

import strawberry

from schema.connections import Node
from schema.ids import global_id
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
