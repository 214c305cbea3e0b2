"""Whose records a report may show: the companies, and which of their SIMs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from access import Principal
from domain.errors import AmbiguousSelection, TooManySims
from domain.operations import MAX_SIMS
from domain.sim_filter import Selection, SimFilter
from models.database import fetch
from models.where import Where
from services.fleet.sim_filter import apply_filter

WHOLE_FLEET = Selection()


@dataclass(frozen=True, slots=True)
class Scope:
    """The companies by id, and a condition of their SIMs; `sims` None is all that were theirs, then or now."""

    principal: Principal
    company_ids: tuple[int, ...]
    sims: SimFilter | None

    async def sims_sql(self, where: Where) -> str:
        """The condition of `sim s`; its values are bound in `where`."""
        own = Where(*where.arguments)
        await apply_filter(self.principal, self.sims or SimFilter(), own, "s")
        where.arguments[:] = own.arguments
        return own.sql

    async def limit(self, where: Where, alias: str) -> None:
        """Limit rows of a table with `company_id` and `sim_id`, known as `alias`. For sums, not for pages."""
        where.add(f"{alias}.company_id = ANY({where.bind(list(self.company_ids))}::bigint[])")
        if self.sims is not None:
            sims = await self.sims_sql(where)
            where.add(f"{alias}.sim_id IN (SELECT s.id FROM visible_sim s WHERE {sims})")  # noqa: S608


async def scope_of(principal: Principal, selection: Selection = WHOLE_FLEET) -> Scope:
    """What a selection means to a principal: nothing chosen is the whole fleet.

    Raises `AmbiguousSelection` for both ids and a filter, `TooManySims`, and later the errors of `apply_filter`.
    """
    if selection.ids is not None and selection.filter is not None:
        raise AmbiguousSelection("Give either ids or a filter, not both.", path=("selection",))
    if selection.ids is not None and len(set(selection.ids)) > MAX_SIMS:
        raise TooManySims(f"Give at most {MAX_SIMS} ids: use a filter or a group.", path=("selection", "ids"))
    wanted = selection.filter or SimFilter(ids=selection.ids)
    companies = await _companies(principal, wanted.company_ids)
    sims: SimFilter | None = replace(wanted, company_ids=None)
    if sims == SimFilter() and principal.group_ids is None:
        sims = None
    return Scope(principal, companies, sims)


async def _companies(principal: Principal, chosen: tuple[int, ...] | None) -> tuple[int, ...]:
    if principal.company_ids is None:
        if chosen is not None:
            return tuple(sorted(set(chosen)))
        return tuple(row["id"] for row in await fetch("SELECT id FROM company ORDER BY id"))
    mine = principal.company_ids
    return mine if chosen is None else tuple(each for each in mine if each in chosen)
