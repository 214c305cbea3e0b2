"""A tariff plan by the code that somebody typed."""

from __future__ import annotations

from domain.catalogue import TariffPlan, find_plan, tariff_plans
from domain.errors import UnknownPlan


def require_plan(code: str, *path: str) -> TariffPlan:
    """The plan; raises `UnknownPlan` with the codes that there are. `path` names the argument."""
    plan = find_plan(code)
    if plan is None:
        known = ", ".join(each.code for each in tariff_plans())
        raise UnknownPlan(f"There is no tariff plan with this code: the plans are {known}.", path=path)
    return plan
