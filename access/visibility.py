"""What a principal may see, as a condition that every query begins with."""

from __future__ import annotations

from access.principal import Principal
from models.where import Where


def limit_to_visible(principal: Principal, where: Where, alias: str, *, sims: str | None = None) -> None:
    """Limit rows of a table with `company_id`, known in the query as `alias`, to those the principal may see.

    `sims` is the column with the id of the SIM that a row is about, or is. Without it the rows speak of a company as a whole,
    and a token that is restricted to groups sees none of them.
    """
    limit_to_companies(principal, where, alias)
    if principal.group_ids is not None:
        groups = where.bind(list(principal.group_ids))
        where.add("FALSE" if sims is None else in_groups(sims, groups))


def limit_to_companies(principal: Principal, where: Where, alias: str) -> None:
    """The same without regard to groups: for rows whose own restriction stands beside it."""
    if principal.company_ids is None:
        return
    if len(principal.company_ids) == 1:
        where.add(f"{alias}.company_id = {where.bind(principal.company_ids[0])}")
    else:
        where.add(f"{alias}.company_id = ANY({where.bind(list(principal.company_ids))}::bigint[])")


def limit_to_visible_groups(principal: Principal, where: Where, alias: str) -> None:
    """Limit rows of `sim_group` to those the principal may see."""
    limit_to_companies(principal, where, alias)
    if principal.group_ids is not None:
        where.add(f"{alias}.id = ANY({where.bind(list(principal.group_ids))}::bigint[])")


def limit_to_visible_operations(principal: Principal, where: Where, alias: str) -> None:
    """Limit rows of `operation`: with a token of groups, to those of which every SIM is in them."""
    limit_to_companies(principal, where, alias)
    if principal.group_ids is not None:
        inside = in_groups("i.sim_id", where.bind(list(principal.group_ids)))
        where.add(f"NOT EXISTS (SELECT FROM operation_item i WHERE i.operation_id = {alias}.id AND NOT {inside})")


def in_groups(sims: str, groups: str) -> str:
    """SQL: whether a SIM (a column with its id) is in one of the groups (a placeholder of their ids)."""
    return (
        f"EXISTS (SELECT FROM sim_group_member gm WHERE gm.sim_id = {sims} AND gm.group_id = ANY({groups}::bigint[]))"
    )
