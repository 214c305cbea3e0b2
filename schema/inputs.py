"""Inputs that say which SIMs are meant, turned into the domain's own terms."""

from __future__ import annotations

import strawberry

from domain.sim_filter import LockFilter, Selection, SimFilter
from schema.enums import OrderDirection
from schema.ids import database_id, database_ids
from services.fleet.sim_order import SimColumn, sim_order
from services.paging import ListOrder


@strawberry.input(name="SimFilter", description="Conditions that a SIM must all meet; one that is left out is none.")
class SimFilterInput:
    """The SIM filter."""

    search: str | None = strawberry.field(
        default=None,
        description="The universal search over ICCID, both numbers and name. Terms are separated by anything that is"
        " not a digit or a Latin or Cyrillic letter, and one that fits is enough; a phrase in double quotes is one"
        " term. A leading ! makes it strict: a term must be a whole value, unless a * opens its beginning or end.",
    )
    profiles: list[str] | None = strawberry.field(
        default=None, description="Codes of profiles; Cyrillic letters that look like Latin ones are understood."
    )
    lock: LockFilter | None = strawberry.field(default=None, description="By their locks.")
    group_id: strawberry.ID | None = strawberry.field(default=None, description="Only SIMs of this group.")
    empty_name_only: bool | None = strawberry.field(default=None, description="Only SIMs without a name.")
    drift: bool | None = strawberry.field(
        default=None,
        description="True: only SIMs that the operator blocks against our lock reasons or not in spite of them; false: only"
        " the others.",
    )
    left_operator: bool | None = strawberry.field(
        default=None, description="True: only SIMs that their operator no longer lists; false: only the others."
    )
    csv: str | None = strawberry.field(
        default=None,
        description="A pasted table of up to 100,000 rows, each an ICCID, a number, or both in either order, separated"
        " by comma, semicolon, space or tab.",
    )
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only these SIMs.")
    company_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only SIMs of these companies: for those who see several."
    )

    def to_domain(self) -> SimFilter:
        """The filter in database ids; raises `InvalidId`."""
        return SimFilter(
            search=self.search,
            profiles=None if self.profiles is None else tuple(self.profiles),
            lock=self.lock,
            group_id=None if self.group_id is None else database_id(self.group_id, "SimGroup", "filter", "groupId"),
            empty_name_only=bool(self.empty_name_only),
            drift=self.drift,
            left_operator=self.left_operator,
            csv=self.csv,
            ids=None if self.ids is None else database_ids(self.ids, "Sim", "filter", "ids"),
            company_ids=None
            if self.company_ids is None
            else database_ids(self.company_ids, "Company", "filter", "companyIds"),
        )


@strawberry.input(description="An order of SIMs; SIMs that are equal in it follow by id.")
class SimOrder:
    """Column and direction."""

    field: SimColumn = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")

    def to_list_order(self) -> ListOrder:
        """The order as services take it."""
        return sim_order(self.field, descending=self.direction is OrderDirection.DESC)


@strawberry.input(description="The SIMs that a change is asked for: either ids or a filter, not both.")
class SimSelection:
    """The selection of an operation."""

    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="These SIMs, at most 100,000.")
    filter: SimFilterInput | None = strawberry.field(
        default=None, description="All SIMs that the filter names at the moment of acceptance, at most 100,000."
    )

    def to_domain(self) -> Selection:
        """The selection in database ids; raises `InvalidId`. Whether it is clear is for services to say."""
        return Selection(
            ids=None if self.ids is None else database_ids(self.ids, "Sim", "selection", "ids"),
            filter=None if self.filter is None else self.filter.to_domain(),
        )
