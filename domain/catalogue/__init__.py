"""What is sold: tariff plans, the networks they work in, countries, prices. Read from `data/` once, checked, kept in memory."""

from domain.catalogue.countries import Country, find_country, fold
from domain.catalogue.coverage import Network, NetworkStanding, PlanDifference, compare_plans, judge_network, networks
from domain.catalogue.prices import (
    PackagePrice,
    TrafficPrice,
    package_prices,
    packages_of,
    traffic_price,
    traffic_price_at,
)
from domain.catalogue.tables import BadCatalogue
from domain.catalogue.tariff_plans import Billing, TariffPlan, find_plan, plan_of_sim, tariff_plans

__all__ = [
    "BadCatalogue",
    "Billing",
    "Country",
    "Network",
    "NetworkStanding",
    "PackagePrice",
    "PlanDifference",
    "TariffPlan",
    "TrafficPrice",
    "check_catalogue",
    "compare_plans",
    "find_country",
    "find_plan",
    "fold",
    "judge_network",
    "networks",
    "package_prices",
    "packages_of",
    "plan_of_sim",
    "tariff_plans",
    "traffic_price",
    "traffic_price_at",
]


def check_catalogue() -> None:
    """Read everything, so that a process with a bad table does not start; raises `BadCatalogue`."""
    for plan in tariff_plans():
        networks(plan)
    for network in networks():
        traffic_price(tariff_plans()[0], network)
    package_prices()
