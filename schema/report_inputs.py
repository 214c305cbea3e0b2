"""Arguments of the reports: which SIMs, which days, in which order."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from domain.sim_filter import Selection
from schema.enums import OrderDirection
from schema.ids import database_ids
from schema.inputs import SimFilterInput
from schema.report_enums import ReportColumn
from services.reports.scope import WHOLE_FLEET


@strawberry.input(description="The SIMs that a report is about: ids or a filter, not both; neither is the whole fleet.")
class ReportSelection:
    """The selection of a report."""

    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="These SIMs, at most 100,000.")
    filter: SimFilterInput | None = strawberry.field(
        default=None, description="The SIMs that the filter names now; a group is a filter too."
    )

    def to_domain(self) -> Selection:
        """The selection in database ids; raises `InvalidId`."""
        return Selection(
            ids=None if self.ids is None else database_ids(self.ids, "Sim", "selection", "ids"),
            filter=None if self.filter is None else self.filter.to_domain(),
        )


@strawberry.input(description="An order of data sessions; those that are equal in it follow in an order of their own.")
class SessionReportOrder:
    """Column and direction."""

    field: ReportColumn = strawberry.field(default=ReportColumn.TIME, description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which end comes first.")


Selected = Annotated[
    ReportSelection | None, strawberry.argument(description="Which SIMs; the whole fleet when it is left out.")
]
FromDay = Annotated[date, strawberry.argument(name="from", description="The first day.")]
ToDay = Annotated[
    date,
    strawberry.argument(name="to", description="The last day, which belongs to the report; at most 400 days in all."),
]
Zone = Annotated[
    str,
    strawberry.argument(
        description="The time zone in which days begin and end, such as Asia/Almaty. Times in the answer are UTC all the same."
    ),
]
Direction = Annotated[
    OrderDirection, strawberry.argument(description="Whether the earliest or the latest comes first.")
]


def selected(selection: ReportSelection | None) -> Selection:
    """The selection as services take it."""
    return selection.to_domain() if selection else WHOLE_FLEET
