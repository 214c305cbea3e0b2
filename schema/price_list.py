"""The price list: what each plan costs, and in each of its networks."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from domain.catalogue import Billing, tariff_plans, traffic_price
from domain.catalogue import Network as NetworkValue
from domain.catalogue import TariffPlan as TariffPlanValue
from domain.catalogue.search import NetworkFilter
from schema.arguments import After, First
from schema.catalogue import CURRENCY, CoverageNetwork, TariffPlan, TrafficPrice
from schema.connections import Connection
from services.catalogue.list_coverage import count_coverage, list_coverage
from services.catalogue.tariff_plan import require_plan
from services.paging import PageRequest


@strawberry.type(description="What a tariff plan costs in one network.")
class NetworkPrice:
    """A row of the price list."""

    plan: str = strawberry.field(description="The code of the plan.")
    network: CoverageNetwork = strawberry.field(description="The network.")
    included_in_packages: bool = strawberry.field(
        description="Whether traffic there is paid by the plan's packages, so that a megabyte has no price of its own."
    )
    traffic: TrafficPrice | None = strawberry.field(
        description="What traffic costs there; null where packages are paid."
    )

    @classmethod
    def of(cls, plan: TariffPlanValue, value: NetworkValue) -> Self:
        """The price of a plan in a network."""
        return cls(
            plan=plan.code,
            network=CoverageNetwork.of(value),
            included_in_packages=plan.billing is Billing.PACKAGE,
            traffic=TrafficPrice.of(traffic_price(plan, value)),
        )


@strawberry.type(description="What every tariff plan costs; prices do not depend on who asks.")
class PriceList:
    """The price list."""

    @strawberry.field(description="The currency of all prices, ISO 4217.")
    def currency(self) -> str:
        """One for all."""
        return CURRENCY

    @strawberry.field(description="All plans; what they cost is in their packages and their price of traffic.")
    def plans(self) -> list[TariffPlan]:
        """The catalogue's plans."""
        return [TariffPlan.of(plan) for plan in tariff_plans()]

    @strawberry.field(
        description="What a plan costs in each of its networks, by country and operator; for a plan whose networks are"
        " not listed, in every network known."
    )
    def networks(
        self,
        plan: Annotated[str, strawberry.argument(description="The code of the plan.")],
        search: Annotated[
            str | None, strawberry.argument(description="A text as `coverage` takes it in its `search`.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[NetworkPrice]:
        """A page of prices."""
        asked = require_plan(plan, "plan")
        wanted = NetworkFilter(search=search, plan=asked if asked.table else None)
        page = list_coverage(wanted, PageRequest(first, after))
        return Connection(page=page, make=lambda row: NetworkPrice.of(asked, row), count=lambda: count_coverage(wanted))
