"""Tariff plans: which profile they are of, how they are billed, and whose networks they include."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from domain.catalogue.tables import BadCatalogue, read_text
from domain.look_alikes import fold_profile_code

_FILE = "tariff_plans.toml"


class Billing(StrEnum):
    """How traffic is paid: by packages bought ahead, or by what was used."""

    PACKAGE = "PACKAGE"
    PAY_PER_USE = "PAY_PER_USE"


@dataclass(frozen=True, slots=True)
class TariffPlan:
    """A plan. `table` names its own networks (None: where it works is not known), `includes` the plans whose networks it
    has besides; `own_networks` is how many rows the table has. `roaming` plans are those of SIMs with roaming switched on.
    """

    code: str
    title: str
    profile: str
    billing: Billing
    roaming: bool
    includes: tuple[str, ...] = ()
    table: str | None = None
    own_networks: int = 0


@lru_cache(maxsize=1)
def tariff_plans() -> tuple[TariffPlan, ...]:
    """All plans, in the order of the file; raises `BadCatalogue`."""
    plans: dict[str, TariffPlan] = {}
    for code, entry in tomllib.loads(read_text(_FILE))["plans"].items():
        plan = TariffPlan(
            code=code,
            title=entry["title"],
            profile=entry["profile"],
            billing=Billing(entry["billing"]),
            roaming=entry["roaming"],
            includes=tuple(entry.get("includes", ())),
            table=entry.get("table"),
            own_networks=entry.get("networks", 0),
        )
        if missing := set(plan.includes) - plans.keys():
            raise BadCatalogue(f"{_FILE}: {code} includes {', '.join(sorted(missing))}, which must stand before it.")
        plans[code] = plan
    return tuple(plans.values())


def find_plan(code: str) -> TariffPlan | None:
    """The plan with this code, whatever its case and with Cyrillic look-alikes folded; None when there is none."""
    wanted = fold_profile_code(code)
    return next((plan for plan in tariff_plans() if plan.code.upper() == wanted), None)


def plan_of_sim(profile: str, *, roaming: bool | None) -> TariffPlan | None:
    """The plan that a SIM of a profile is on; None when the profile has none, or roaming decides and is not known."""
    plans = [plan for plan in tariff_plans() if plan.profile == profile]
    if len(plans) > 1:
        plans = [plan for plan in plans if plan.roaming is roaming]
    return plans[0] if plans else None
