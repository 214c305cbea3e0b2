"""The price list in the form in which set queries take it: arrays by profile, place and package size."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.catalogue import Billing, TariffPlan, packages_of, tariff_plans, traffic_price_at
from domain.look_alikes import fold_profile_code
from models.database import fetch
from services.billing.terms import billing_terms
from settings import Rating

_PROFILES = "SELECT id, code FROM profile ORDER BY id"

# Only where the price list is needed: the operator's cost counts where it is in EUR.
_PLACES = """
SELECT DISTINCT profile_id, coalesce(country, '') AS country, coalesce(plmn, '') AS plmn FROM data_session
WHERE company_id = ANY($1::bigint[]) AND started_at >= $2 AND started_at < $3 AND profile_id = ANY($4::bigint[])
  AND (NOT $5::bool OR cost IS NULL OR currency IS DISTINCT FROM 'EUR')
"""


@dataclass(frozen=True, slots=True)
class PriceTables:
    """Arrays for `unnest`, in the order of `arguments`.

    `plans`: of each profile whose traffic is paid, by id, what its lines are called. `places`: profile, country, PLMN (empty
    texts where not known) and price of a megabyte in EUR. `packages`: profile, roaming, size, plan, price in EUR.
    """

    plans: list[tuple[int, str]]
    places: list[tuple[int, str, str, Decimal]]
    packages: list[tuple[int, bool, int, str, Decimal]]
    by_operator_cost: bool

    def arguments(self) -> list[object]:
        """The columns, one array each, then whether the operator's cost counts."""
        columns: list[object] = []
        for rows, width in ((self.plans, 2), (self.places, 4), (self.packages, 5)):
            columns += [[row[place] for row in rows] for place in range(width)]
        return [*columns, self.by_operator_cost]


async def price_tables(company_ids: Collection[int], first: datetime, end: datetime) -> PriceTables:
    """The prices that the usage of some companies from `first` to before `end` needs."""
    profiles = {row["id"]: row["code"] for row in await fetch(_PROFILES)}
    paid = {id_: plan for id_, code in profiles.items() if (plan := _paid_by_use(code)) is not None}
    by_cost = billing_terms().rating is Rating.OPERATOR_COST
    places = await fetch(_PLACES, list(company_ids), first, end, list(paid), by_cost)
    packages = [
        (id_, roaming, entry.size_mb, entry.plan.code, entry.price)
        for id_, code in profiles.items()
        for roaming in (False, True)
        for entry in packages_of(fold_profile_code(code), roaming=roaming)
    ]
    return PriceTables(
        plans=[(id_, plan.code if isinstance(plan, TariffPlan) else plan) for id_, plan in paid.items()],
        places=[
            (
                row["profile_id"],
                row["country"],
                row["plmn"],
                _price(paid[row["profile_id"]], row["country"], row["plmn"]),
            )
            for row in places
        ],
        packages=packages,
        by_operator_cost=by_cost,
    )


def _paid_by_use(code: str) -> TariffPlan | str | None:
    """The plan by which a profile's traffic is paid; its code where it has no plan; None where packages are paid."""
    plans = [plan for plan in tariff_plans() if plan.profile == fold_profile_code(code)]
    if not plans:
        return code
    return next((plan for plan in plans if plan.billing is Billing.PAY_PER_USE), None)


def _price(plan: TariffPlan | str, country: str, plmn: str) -> Decimal:
    """Without a plan there is no price list: such traffic costs what the operator says, or nothing."""
    found = traffic_price_at(plan, country, plmn) if isinstance(plan, TariffPlan) else None
    return found.per_mb if found else Decimal(0)
