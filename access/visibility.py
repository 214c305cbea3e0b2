"""What a principal may see, as a condition that every query begins with."""

from __future__ import annotations

from access.principal import Principal
from models.where import Where


def limit_to_visible(principal: Principal, where: Where, alias: str) -> None:
    """Limit rows of a table with `company_id`, known in the query as `alias`, to those the principal may see."""
    if principal.company_ids is None:
        return
    if len(principal.company_ids) == 1:
        where.add(f"{alias}.company_id = {where.bind(principal.company_ids[0])}")
    else:
        where.add(f"{alias}.company_id = ANY({where.bind(list(principal.company_ids))}::bigint[])")
