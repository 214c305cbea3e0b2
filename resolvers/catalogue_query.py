"""Root fields that read tariff plans, their networks and prices."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.catalogue import compare_plans, tariff_plans
from domain.catalogue.search import NetworkFilter
from schema.arguments import After, First
from schema.catalogue import CoverageDiff, CoverageNetwork, SimsOutsideCoverage, TariffPlan
from schema.connections import Connection
from schema.context import Info
from schema.price_list import PriceList
from schema.scalars import Plmn
from schema.sim import Sim
from services.catalogue.list_coverage import count_coverage, list_coverage
from services.catalogue.sims_outside_coverage import judge_coverage, list_sims_outside
from services.catalogue.tariff_plan import require_plan
from services.paging import PageRequest

PlanCode = Annotated[str, strawberry.argument(description="The code of a tariff plan, such as TD_Lite.")]


@strawberry.type
class CatalogueQuery:
    """Reading the catalogue: the same for everybody, except for SIMs outside a plan."""

    @strawberry.field(description="All tariff plans.")
    def tariff_plans(self) -> list[TariffPlan]:
        """The catalogue's plans."""
        return [TariffPlan.of(plan) for plan in tariff_plans()]

    @strawberry.field(
        description="Networks that tariff plans work in, by country and operator. TD_Mega includes TD_Lite; without a"
        " plan every network stands once."
    )
    def coverage(
        self,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="A part of the operator's or the country's name in any spelling (English, Russian, the"
                " guide's), or the beginning of the network's code; case and accents make no difference."
            ),
        ] = None,
        plmn: Annotated[Plmn | None, strawberry.argument(description="Only networks with this code.")] = None,
        mcc: Annotated[
            str | None, strawberry.argument(description="Only networks whose code begins with these three digits.")
        ] = None,
        country: Annotated[
            str | None, strawberry.argument(description="Only this country: its ISO code or name in any spelling.")
        ] = None,
        plan: Annotated[str | None, strawberry.argument(description="Only this plan, by its code.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[CoverageNetwork]:
        """A page of networks."""
        wanted = NetworkFilter(search, plmn, mcc, country, None if plan is None else require_plan(plan, "plan"))
        page = list_coverage(wanted, PageRequest(first, after))
        return Connection(page=page, make=CoverageNetwork.of, count=lambda: count_coverage(wanted))

    @strawberry.field(description="What changes by going from one tariff plan to another.")
    def coverage_diff(
        self,
        from_: Annotated[
            str, strawberry.argument(name="from", description="The code of the plan that one has, such as TD_Lite.")
        ],
        to: Annotated[str, strawberry.argument(description="The code of the plan that one would have.")],
    ) -> CoverageDiff:
        """The difference of two plans."""
        return CoverageDiff.of(compare_plans(require_plan(from_, "from"), require_plan(to, "to")))

    @strawberry.field(
        description="SIMs of the plan's profile that last registered in a network which the plan does not have, whatever"
        " plan they are on. SIMs whose last network is not known are only counted."
    )
    async def sims_outside_coverage(
        self, info: Info, plan: PlanCode, first: First = None, after: After = None
    ) -> SimsOutsideCoverage:
        """A page of SIMs with counts."""
        principal = info.context.principal
        request = PageRequest(first, after)
        request.size()  # a bad size is refused before anything is counted
        judged = await judge_coverage(principal, require_plan(plan, "plan"))
        page = await list_sims_outside(principal, judged, request)

        async def count() -> int:
            return judged.outside

        return SimsOutsideCoverage(
            page=page, make=Sim.of, count=count, inside_count=judged.inside, unknown_count=judged.unknown
        )

    @strawberry.field(description="What every plan and network costs. Prices that are only examples say so.")
    def price_list(self) -> PriceList:
        """The price list."""
        return PriceList()
