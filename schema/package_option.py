"""Packages on sale."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import strawberry

from services.operations.change_cost import PackageOption as OptionValue


@strawberry.type(description="A data package that SIMs of a profile can have.")
class PackageOption:
    """A package on sale."""

    size_mb: int = strawberry.field(description="Its size in MB.")
    price_eur: Decimal = strawberry.field(description="Its price in EUR.")
    roaming: bool = strawberry.field(description="Whether it is of the plan with roaming in all available countries.")
    is_sample: bool = strawberry.field(description="Whether the price is only a sample until a real one is set.")

    @classmethod
    def of(cls, value: OptionValue) -> Self:
        """The option as it is declared."""
        return cls(size_mb=value.size_mb, price_eur=value.price_eur, roaming=value.roaming, is_sample=value.is_sample)
