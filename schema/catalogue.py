"""Tariff plans, the networks that they work in, and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import strawberry

from domain.catalogue import Billing, networks, package_prices, traffic_price
from domain.catalogue import Country as CountryValue
from domain.catalogue import Network as NetworkValue
from domain.catalogue import PackagePrice as PackagePriceValue
from domain.catalogue import PlanDifference as PlanDifferenceValue
from domain.catalogue import TariffPlan as TariffPlanValue
from domain.catalogue import TrafficPrice as TrafficPriceValue
from schema.connections import Connection
from schema.scalars import Plmn
from schema.sim import Sim

CURRENCY = "EUR"
"""The currency of every price of the catalogue."""


@strawberry.type(description="A country or territory.")
class Country:
    """A country."""

    name: str = strawberry.field(description="Its name as the customer's guide spells it.")
    iso: str | None = strawberry.field(
        description="ISO 3166-1 alpha-2 code; null for French West Indies, which has none of its own. Kosovo has the"
        " user-assigned XK."
    )
    name_ru: str = strawberry.field(description="Its name in Russian.")
    name_en: str = strawberry.field(description="Its name in English.")

    @classmethod
    def of(cls, value: CountryValue) -> Self:
        """The country of the catalogue."""
        return cls(name=value.name, iso=value.iso, name_ru=value.name_ru, name_en=value.name_en)


@strawberry.type(
    description="A network in one country, as a row of a tariff plan. One code can serve several countries."
)
class CoverageNetwork:
    """A row of the coverage tables."""

    plmn: Plmn = strawberry.field(description="The code of the network: MCC and MNC.")
    mcc: str = strawberry.field(description="The mobile country code: three digits.")
    mnc: str = strawberry.field(description="The mobile network code: two or three digits.")
    country: Country = strawberry.field(description="The country.")
    operator: str = strawberry.field(description="The mobile operator.")
    plan: str = strawberry.field(
        description="The code of the plan whose own table lists it: TD_Lite also where TD_Mega, which includes it, is asked for."
    )

    @classmethod
    def of(cls, value: NetworkValue) -> Self:
        """The row of the catalogue."""
        return cls(
            plmn=Plmn(value.plmn),
            mcc=value.plmn.mcc,
            mnc=value.plmn.mnc,
            country=Country.of(value.country),
            operator=value.operator,
            plan=value.plan,
        )


@strawberry.type(description="What a package of traffic costs in a tariff plan.")
class PackagePrice:
    """A package with its price."""

    size_mb: int = strawberry.field(description="Its size in megabytes.")
    price: Decimal = strawberry.field(description="The price.")
    currency: str = strawberry.field(description="The currency of the price, ISO 4217.")
    sample: bool = strawberry.field(description="Whether the price is only an example and not what is charged.")

    @classmethod
    def of(cls, value: PackagePriceValue) -> Self:
        """The package of the catalogue."""
        return cls(size_mb=value.size_mb, price=value.price, currency=CURRENCY, sample=value.sample)


@strawberry.type(description="What traffic costs where it is paid by use.")
class TrafficPrice:
    """A price per megabyte."""

    per_mb: Decimal = strawberry.field(description="The price of a megabyte (1,000,000 bytes).")
    currency: str = strawberry.field(description="The currency of the price, ISO 4217.")
    sample: bool = strawberry.field(description="Whether the price is only an example and not what is charged.")

    @classmethod
    def of(cls, value: TrafficPriceValue | None) -> Self | None:
        """The price of the catalogue, if there is one."""
        return cls(per_mb=value.per_mb, currency=CURRENCY, sample=value.sample) if value else None


@strawberry.type(description="A tariff plan of a profile.")
class TariffPlan:
    """A plan."""

    value: strawberry.Private[TariffPlanValue]
    code: str = strawberry.field(description="Its code, such as TD_Lite.")
    title: str = strawberry.field(description="Its title.")
    profile: str = strawberry.field(description="The code of the profile whose SIMs can have it.")
    billing: Billing = strawberry.field(description="How traffic is paid.")
    roaming: bool = strawberry.field(
        description="Whether a SIM comes to this plan by switching roaming in all available countries on."
    )
    includes: list[str] = strawberry.field(description="Codes of plans whose networks it has besides its own.")
    networks: int | None = strawberry.field(
        description="How many networks it works in, included plans counted, one network in two countries as two; null"
        " where that is not listed."
    )
    countries: int | None = strawberry.field(description="In how many countries; null where that is not listed.")

    @classmethod
    def of(cls, value: TariffPlanValue) -> Self:
        """The plan of the catalogue."""
        rows = networks(value)
        listed = value.table is not None
        return cls(
            value=value,
            code=value.code,
            title=value.title,
            profile=value.profile,
            billing=value.billing,
            roaming=value.roaming,
            includes=list(value.includes),
            networks=len(rows) if listed else None,
            countries=len({row.country for row in rows}) if listed else None,
        )

    @strawberry.field(description="Its packages, by size; empty where traffic is paid by use.")
    def packages(self) -> list[PackagePrice]:
        """Packages with prices."""
        return [PackagePrice.of(entry) for entry in package_prices() if entry.plan == self.value]

    @strawberry.field(
        description="What traffic costs in networks without a price of their own; null where packages are paid."
    )
    def traffic_price(self) -> TrafficPrice | None:
        """The price of any network."""
        return TrafficPrice.of(traffic_price(self.value))


@strawberry.type(description="What changes by going from one tariff plan to another.")
class CoverageDiff:
    """The difference of two plans."""

    added: list[CoverageNetwork] = strawberry.field(description="Networks that only the new plan has.")
    removed: list[CoverageNetwork] = strawberry.field(description="Networks that only the old plan has.")
    kept: int = strawberry.field(description="How many networks both have.")

    @classmethod
    def of(cls, value: PlanDifferenceValue) -> Self:
        """The difference as the catalogue knows it."""
        return cls(
            added=[CoverageNetwork.of(row) for row in value.added],
            removed=[CoverageNetwork.of(row) for row in value.removed],
            kept=value.kept,
        )


@strawberry.type(
    description="SIMs that last registered outside a plan, and how many of its profile were inside or are not known."
)
class SimsOutsideCoverage(Connection[Sim]):
    """A page of SIMs with the counts of the rest."""

    inside_count: int = strawberry.field(description="How many SIMs of the plan's profile last registered inside it.")
    unknown_count: int = strawberry.field(
        description="How many cannot be judged: no last network is known of them, or it is not known where the plan works."
    )
