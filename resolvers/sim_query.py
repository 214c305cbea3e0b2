"""Root fields that read the fleet."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.errors import InvalidValue
from resolvers.find_node import find_node
from schema.arguments import After, Before, First, Last
from schema.company import Viewer
from schema.connections import Connection, Node
from schema.context import Info, plan_for
from schema.csv_report import CsvFilterReport
from schema.group import SimGroup
from schema.ids import database_id
from schema.inputs import SimFilterInput, SimOrder
from schema.package_option import PackageOption
from schema.profile import Profile
from schema.scalars import Iccid
from schema.sim import Sim
from services.catalogue.list_profiles import list_profiles
from services.fleet.csv_filter_report import csv_filter_report
from services.fleet.get_sim import get_sim, get_sim_by_iccid
from services.fleet.list_groups import count_groups, list_group_records, list_groups
from services.fleet.list_sims import EVERYTHING, NEWEST_FIRST, count_sims, list_sims
from services.fleet.sim_records import Asked, get_sim_record, list_and_count_sim_records, list_sim_records
from services.operations.change_cost import options_of_profile
from services.paging import PageRequest

GROUPS_ON_A_PAGE = 25


@strawberry.type
class SimQuery:
    """Reading SIMs, groups and profiles."""

    @strawberry.field(description="The user behind the access token.")
    def viewer(self, info: Info) -> Viewer:
        """Who asks."""
        return Viewer.of(info.context.principal)

    @strawberry.field(description="Anything with a global id; null if there is no such thing or it is not yours.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
    ) -> Node | None:
        """Found by the type in the id."""
        return await find_node(info.context, id)

    @strawberry.field(description="The SIMs that you may see: by default the newest first.")
    async def sims(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[SimFilterInput | None, strawberry.argument(description="Only some of them.")] = None,
        order_by: Annotated[
            SimOrder | None, strawberry.argument(description="In another order; cursors belong to one order.")
        ] = None,
    ) -> Connection[Sim]:
        """A page of the SIM table."""
        principal = info.context.principal
        wanted = filter.to_domain() if filter else EVERYTHING
        order = order_by.to_list_order() if order_by else NEWEST_FIRST
        request = PageRequest(first, after, last, before)
        if plan := plan_for(info):
            asked = Asked(wanted, request, order, plan)
            if not plan.wants_total:
                return await plan.page(await list_sim_records(principal, asked))
            return await plan.page(*await list_and_count_sim_records(principal, asked))
        page = await list_sims(principal, wanted, request, order)
        return Connection(page=page, make=Sim.of, count=lambda: count_sims(principal, wanted))

    @strawberry.field(description="One SIM by id or by ICCID; null if there is none or it is not yours.")
    async def sim(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its global id.")] = None,
        iccid: Annotated[Iccid | None, strawberry.argument(description="Its ICCID. Give exactly one of both.")] = None,
    ) -> Sim | None:
        """One SIM."""
        principal, plan = info.context.principal, plan_for(info)
        if (id is None) == (iccid is None):
            raise InvalidValue("Give exactly one of id and iccid.")
        sim_id = None if id is None else database_id(id, "Sim", "id")
        if plan:
            return await plan.one(await get_sim_record(principal, plan.columns, sim_id=sim_id, iccid=iccid))
        if sim_id is not None:
            row = await get_sim(principal, sim_id)
        else:
            assert iccid is not None
            row = await get_sim_by_iccid(principal, iccid)
        return Sim.of(row) if row else None

    @strawberry.field(description="All profiles, by code.")
    async def profiles(self) -> list[Profile]:
        """The catalogue."""
        return [Profile.of(row) for row in await list_profiles()]

    @strawberry.field(description="The packages that SIMs of a profile can have, by size; empty where it has none.")
    async def package_options(
        self,
        profile: Annotated[
            str, strawberry.argument(description="Its code; Cyrillic letters that look like Latin ones are understood.")
        ],
        roaming: Annotated[
            bool | None,
            strawberry.argument(description="Only those with roaming in all available countries, or only the others."),
        ] = None,
    ) -> list[PackageOption]:
        """As the profile's driver declares them."""
        return [PackageOption.of(value) for value in await options_of_profile(profile, roaming=roaming)]

    @strawberry.field(description="The groups that you may see, by name; 25 unless `first` or `last` is given.")
    async def groups(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[SimGroup]:
        """A page of groups."""
        principal = info.context.principal
        if first is None and last is None:
            first = GROUPS_ON_A_PAGE
        request = PageRequest(first, after, last, before)
        if plan := plan_for(info):
            records = await list_group_records(principal, request, plan)
            return await plan.page(records, await count_groups(principal) if plan.wants_total else None)
        page = await list_groups(principal, request)
        return Connection(page=page, make=SimGroup.of, count=lambda: count_groups(principal))

    @strawberry.field(description="What each row of a pasted table stands for, before it is used as a filter.")
    async def csv_filter_report(
        self,
        info: Info,
        csv: Annotated[
            str, strawberry.argument(description="The table as it would be given to the filter; up to 100,000 rows.")
        ],
    ) -> CsvFilterReport:
        """The report."""
        return CsvFilterReport.of(await csv_filter_report(info.context.principal, csv))
