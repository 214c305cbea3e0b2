"""Coverage: in which networks of which countries a tariff plan works, as the guide lists them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from domain.catalogue.countries import Country, find_country, fold
from domain.catalogue.tables import BadCatalogue, read_table
from domain.catalogue.tariff_plans import TariffPlan, tariff_plans
from novaconnect_sdk import Plmn


@dataclass(frozen=True, slots=True)
class Network:
    """A row of a plan: a network in one country. `plan` is the plan whose own table lists it.

    One PLMN can serve several countries, so the key is plan + PLMN + country.
    """

    plmn: Plmn
    country: Country
    operator: str
    plan: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is the same network by in another plan."""
        return self.plmn, self.country.name


class NetworkStanding(StrEnum):
    """Whether a network is in a plan; UNKNOWN when that cannot be said."""

    COVERED = "COVERED"
    OUTSIDE = "OUTSIDE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """What one gains and loses by going from one plan to another; `kept` counts the networks of both."""

    added: tuple[Network, ...]
    removed: tuple[Network, ...]
    kept: int


@lru_cache(maxsize=8)
def networks(plan: TariffPlan | None = None) -> tuple[Network, ...]:
    """The networks of a plan, those of the plans it includes among them; without a plan all, each once.

    By country, then operator, then PLMN. Raises `BadCatalogue` when a table has not the rows it should have.
    """
    codes = _with_included(plan) if plan else {each.code for each in tariff_plans()}
    found = [network for each in tariff_plans() if each.code in codes for network in _own_networks(each)]
    if len({network.key for network in found}) != len(found):
        raise BadCatalogue(f"A network stands twice in {', '.join(sorted(codes))}.")
    return tuple(sorted(found, key=lambda row: (fold(row.country.name), fold(row.operator), row.plmn)))


def _with_included(plan: TariffPlan) -> set[str]:
    included = {plan.code}
    for each in tariff_plans():
        if each.code in plan.includes:
            included |= _with_included(each)
    return included


@lru_cache(maxsize=8)
def _own_networks(plan: TariffPlan) -> tuple[Network, ...]:
    if plan.table is None:
        return ()
    rows = read_table(plan.table, ("mccmnc", "country", "operator"))
    if len(rows) != plan.own_networks:
        raise BadCatalogue(f"{plan.table} has {len(rows)} rows; {plan.own_networks} are expected.")
    return tuple(
        Network(_plmn(plan.table, row["mccmnc"]), _country(plan.table, row["country"]), row["operator"], plan.code)
        for row in rows
    )


def _plmn(table: str, text: str) -> Plmn:
    try:
        return Plmn(text)
    except ValueError as error:
        raise BadCatalogue(f"{table}: {text!r} is no MCC+MNC.") from error


def _country(table: str, name: str) -> Country:
    country = find_country(name)
    if country is None or country.name != name:
        raise BadCatalogue(f"{table}: country_names.csv must say which country {name!r} is.")
    return country


def compare_plans(before: TariffPlan, after: TariffPlan) -> PlanDifference:
    """What is added and removed on the way from one plan to another."""
    had, has = {row.key for row in networks(before)}, {row.key for row in networks(after)}
    return PlanDifference(
        added=tuple(row for row in networks(after) if row.key not in had),
        removed=tuple(row for row in networks(before) if row.key not in has),
        kept=len(had & has),
    )


@lru_cache(maxsize=8)
def _countries_by_plmn(plan: TariffPlan | None) -> Mapping[str, frozenset[Country]]:
    found: dict[str, set[Country]] = defaultdict(set)
    for network in networks(plan):
        found[network.plmn].add(network.country)
    return {plmn: frozenset(countries) for plmn, countries in found.items()}


@lru_cache(maxsize=8)
def _networks_by_operator(plan: TariffPlan | None) -> Mapping[str, tuple[Network, ...]]:
    found: dict[str, list[Network]] = defaultdict(list)
    for network in networks(plan):
        found[fold(network.operator)].append(network)
    return {operator: tuple(rows) for operator, rows in found.items()}


def judge_network(
    plan: TariffPlan, plmn: str | None, country: str | None, network: str | None = None
) -> NetworkStanding:
    """Whether a SIM that registered there was inside the plan. `country` is a code or a name and `network` the name of the
    network, as operators give them.

    With a PLMN, the country decides only where the PLMN is known to serve it: operators name small territories after the
    state they belong to. Without one, it is judged by country and name, and stays unknown unless these leave no doubt.
    """
    if plan.table is None:
        return NetworkStanding.UNKNOWN
    where = find_country(country) if country else None
    if plmn is None:
        return _judge_by_name(plan, where, network)
    serves = _countries_by_plmn(plan).get(plmn)
    if serves is None:
        return NetworkStanding.OUTSIDE
    if where in serves or where not in _countries_by_plmn(None)[plmn]:
        return NetworkStanding.COVERED
    return NetworkStanding.OUTSIDE


def _judge_by_name(plan: TariffPlan, where: Country | None, network: str | None) -> NetworkStanding:
    """By names alone: outside where the plan has no network of the country, else as all networks of that name are."""
    if where is not None and all(row.country != where for row in networks(plan)):
        return NetworkStanding.OUTSIDE
    known = _networks_by_operator(None).get(fold(network), ()) if network else ()
    meant = {row.key for row in known if where is None or row.country == where}
    if not meant:
        return NetworkStanding.UNKNOWN
    inside = meant & {row.key for row in networks(plan)}
    if len(inside) == len(meant):
        return NetworkStanding.COVERED
    return NetworkStanding.UNKNOWN if inside else NetworkStanding.OUTSIDE
