"""Prices in EUR: of packages, and of traffic paid by use. What is a sample says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from domain.catalogue.countries import find_country
from domain.catalogue.coverage import Network
from domain.catalogue.tables import BadCatalogue, read_flag, read_price, read_table
from domain.catalogue.tariff_plans import Billing, TariffPlan, tariff_plans

_PACKAGES = "package_prices.csv"
_TRAFFIC = "traffic_prices.csv"
_ANY = ""


@dataclass(frozen=True, slots=True)
class PackagePrice:
    """What a package of `size_mb` megabytes costs in a plan, in EUR. `sample`: the price is an example, not agreed."""

    plan: TariffPlan
    size_mb: int
    price: Decimal
    sample: bool


@dataclass(frozen=True, slots=True)
class TrafficPrice:
    """What a megabyte costs in EUR; `sample` as in `PackagePrice`."""

    per_mb: Decimal
    sample: bool


@lru_cache(maxsize=1)
def package_prices() -> tuple[PackagePrice, ...]:
    """The packages of all plans, by plan and size; raises `BadCatalogue`."""
    plans = {plan.code: plan for plan in tariff_plans() if plan.billing is Billing.PACKAGE}
    found: dict[tuple[str, int], PackagePrice] = {}
    for row in read_table(_PACKAGES, ("plan", "size_mb", "price_eur", "sample")):
        if row["plan"] not in plans or not row["size_mb"].isdecimal():
            raise BadCatalogue(f"{_PACKAGES}: {row['plan']} with {row['size_mb']} MB is no package of a plan.")
        key = row["plan"], int(row["size_mb"])
        if key in found:
            raise BadCatalogue(f"{_PACKAGES}: {row['plan']} with {row['size_mb']} MB stands there twice.")
        price = read_price(_PACKAGES, row["price_eur"])
        found[key] = PackagePrice(plans[row["plan"]], key[1], price, read_flag(_PACKAGES, row["sample"]))
    order = {code: place for place, code in enumerate(plans)}
    return tuple(found[key] for key in sorted(found, key=lambda key: (order[key[0]], key[1])))


def packages_of(profile: str, *, roaming: bool) -> tuple[PackagePrice, ...]:
    """The packages that a SIM of a profile can have with or without roaming, by size; empty when it has none."""
    return tuple(entry for entry in package_prices() if (entry.plan.profile, entry.plan.roaming) == (profile, roaming))


def traffic_price(plan: TariffPlan, network: Network | None = None) -> TrafficPrice | None:
    """What a megabyte costs in a network, or where nothing narrower is set; None where packages are paid instead."""
    if network is None:
        return _narrowest(plan, _ANY, _ANY)
    return _narrowest(plan, network.country.iso or network.country.name, network.plmn)


def traffic_price_at(plan: TariffPlan, country: str | None, plmn: str | None) -> TrafficPrice | None:
    """The same for a usage record: its country as the operator spells it, and the code of its network, where known."""
    found = find_country(country) if country else None
    return _narrowest(plan, (found.iso or found.name) if found else _ANY, plmn or _ANY)


def _narrowest(plan: TariffPlan, country: str, plmn: str) -> TrafficPrice | None:
    prices = _traffic_prices()
    keys = ((plan.code, country, plmn), (plan.code, country, _ANY), (plan.code, _ANY, _ANY))
    return next((prices[key] for key in keys if key in prices), None)


@lru_cache(maxsize=1)
def _traffic_prices() -> Mapping[tuple[str, str, str], TrafficPrice]:
    """By plan, country (code, or name where it has none) and PLMN; empty texts stand for any."""
    plans = {plan.code for plan in tariff_plans() if plan.billing is Billing.PAY_PER_USE}
    found: dict[tuple[str, str, str], TrafficPrice] = {}
    for row in read_table(_TRAFFIC, ("plan", "country", "plmn", "price_eur_per_mb", "sample")):
        country = find_country(row["country"]) if row["country"] else None
        if row["plan"] not in plans or (country is None and (row["country"] or row["plmn"])):
            raise BadCatalogue(f"{_TRAFFIC}: plan and country of {row} must be known.")
        key = row["plan"], (country.iso or country.name) if country else _ANY, row["plmn"]
        if key in found:
            raise BadCatalogue(f"{_TRAFFIC}: {row} stands there twice.")
        price = read_price(_TRAFFIC, row["price_eur_per_mb"])
        found[key] = TrafficPrice(price, read_flag(_TRAFFIC, row["sample"]))
    if missing := {plan for plan in plans if (plan, _ANY, _ANY) not in found}:
        raise BadCatalogue(f"{_TRAFFIC}: {', '.join(sorted(missing))} needs a price for any network.")
    return found
