"""Prices: exact, complete, and honest about what is a sample."""

from __future__ import annotations

from decimal import Decimal

from domain.catalogue import find_plan, networks, package_prices, packages_of, traffic_price
from domain.catalogue.coverage import Network


def network(plmn: str, country: str) -> Network:
    """A row of the tables."""
    return next(row for row in networks() if row.plmn == plmn and row.country.iso == country)


def test_packages_go_from_15_to_100_megabytes() -> None:
    sizes = [entry.size_mb for entry in packages_of("TD", roaming=False)]
    assert (sizes[0], sizes[-1]) == (15, 100)
    assert sizes == sorted(set(sizes))
    prices = [entry.price for entry in packages_of("TD", roaming=False)]
    assert prices == sorted(prices)
    assert all(isinstance(price, Decimal) and price > 0 for price in prices)


def test_only_the_guides_own_price_is_no_sample() -> None:
    assert [(entry.plan.code, entry.size_mb, entry.price) for entry in package_prices() if not entry.sample] == [
        ("TD_Lite", 15, Decimal("1.20"))
    ]


def test_with_roaming_there_is_only_15_megabytes() -> None:
    assert [entry.size_mb for entry in packages_of("TD", roaming=True)] == [15]


def test_a_profile_without_packages_has_none() -> None:
    assert packages_of("TC", roaming=False) == packages_of("VK", roaming=False) == ()


def test_the_narrowest_price_of_traffic_counts() -> None:
    plan = find_plan("TC_PayPerUse")
    assert plan is not None
    assert traffic_price(plan, network("40177", "KZ")).per_mb == Decimal("0.0500")
    assert traffic_price(plan, network("40101", "KZ")).per_mb == Decimal("0.0600")
    assert traffic_price(plan, network("41240", "AF")) == traffic_price(plan)
    assert all(traffic_price(plan, row).sample for row in networks())


def test_where_packages_are_paid_traffic_has_no_price_of_its_own() -> None:
    plan = find_plan("TD_Lite")
    assert plan is not None
    assert traffic_price(plan, network("40101", "KZ")) is None
