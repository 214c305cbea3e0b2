"""The guide's tables of networks, and what is known of their countries."""

from __future__ import annotations

from collections import Counter

import pytest

from domain.catalogue import (
    NetworkStanding,
    TariffPlan,
    check_catalogue,
    compare_plans,
    find_country,
    find_plan,
    judge_network,
    networks,
    plan_of_sim,
    tariff_plans,
)
from domain.catalogue.tables import read_table

COVERED, OUTSIDE, UNKNOWN = NetworkStanding.COVERED, NetworkStanding.OUTSIDE, NetworkStanding.UNKNOWN


def plan(code: str) -> TariffPlan:
    """A plan that there is."""
    found = find_plan(code)
    assert found is not None
    return found


def test_every_row_of_the_guide_is_there_once() -> None:
    check_catalogue()
    lite, mega = networks(plan("TD_Lite")), networks(plan("TD_Mega"))
    assert (len(lite), len(mega)) == (330, 426)
    assert Counter(row.plan for row in mega) == {"TD_Lite": 330, "TD_Mega": 96}
    assert len({(row.plan, row.plmn, row.country.name) for row in mega}) == 426
    written = [
        (row["mccmnc"], row["country"], row["operator"])
        for table in ("coverage_td_lite.csv", "coverage_td_mega_extra.csv")
        for row in read_table(table, ("mccmnc", "country", "operator"))
    ]
    assert sorted(written) == sorted((row.plmn, row.country.name, row.operator) for row in mega)
    assert set(networks()) == set(mega)


@pytest.mark.parametrize(
    ("plmn", "rows"),
    [
        ("41240", [("Afghanistan", "AF", "MTN", "TD_Lite")]),
        ("41250", [("Afghanistan", "AF", "Etisalat", "TD_Mega")]),
        ("22102", [("Kosovo", "XK", "IPKO", "TD_Lite")]),
        ("42202", [("Oman, Sultanate of", "OM", "OMAN MOBILE", "TD_Mega")]),
        ("64801", [("Zimbabwe", "ZW", "NetOne", "TD_Mega")]),
        (
            "34020",
            [
                ("French Guyana", "GF", "Digicel French Guyana", "TD_Lite"),
                ("French West Indies", None, "Digicel", "TD_Lite"),
                ("Martinique", "MQ", "Digicel Martinique", "TD_Lite"),
            ],
        ),
        (
            "23455",
            [
                ("Guernsey", "GG", "Sure", "TD_Lite"),
                ("Isle of Man", "IM", "Sure", "TD_Lite"),
                ("Jersey", "JE", "Sure", "TD_Lite"),
            ],
        ),
        ("310260", [("Puerto Rico", "PR", "T-mobile", "TD_Lite"), ("USA", "US", "T-Mobile", "TD_Lite")]),
    ],
)
def test_spot_checks_by_code(plmn: str, rows: list[tuple[str, str | None, str, str]]) -> None:
    found = [row for row in networks(plan("TD_Mega")) if row.plmn == plmn]
    assert [(row.country.name, row.country.iso, row.operator, row.plan) for row in found] == rows
    assert {(row.plmn.mcc, row.plmn.mnc) for row in found} == {(plmn[:3], plmn[3:])}


def test_from_lite_to_mega_exactly_the_96_rows_are_added() -> None:
    lite, mega = plan("TD_Lite"), plan("TD_Mega")
    there, back = compare_plans(lite, mega), compare_plans(mega, lite)
    assert (len(there.added), there.removed, there.kept) == (96, (), 330)
    assert {row.plan for row in there.added} == {"TD_Mega"}
    assert (back.added, back.removed, back.kept) == ((), there.added, 330)
    assert compare_plans(mega, mega).kept == 426


def test_every_country_has_its_code_and_names() -> None:
    countries = {row.country for row in networks()}
    assert len(countries) == 186
    assert {country.name for country in countries if country.iso is None} == {"French West Indies"}
    codes = [country.iso for country in countries if country.iso]
    assert len(set(codes)) == len(codes) == 185
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in codes)
    for country in countries:
        assert country.name_en
        assert any("а" <= letter <= "я" for letter in country.name_ru.lower()), country.name
        assert all(find_country(spelling) == country for spelling in country.spellings), country.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RU", "Russia"),
        ("россия", "Russia"),
        ("  united   STATES ", "USA"),
        ("сша", "USA"),
        ("Türkiye", "Turkey"),
        ("turkiye", "Turkey"),
        ("Cote d’Ivoire", "Ivory Coast"),
        ("cote d'ivoire", "Ivory Coast"),
        ("Объединенные Арабские Эмираты", "United Arab Emirates"),
        ("xk", "Kosovo"),
        ("Французская Вест-Индия", "French West Indies"),
        ("КНДР", "North Korea"),
    ],
)
def test_a_country_is_found_by_any_of_its_names(text: str, name: str) -> None:
    found = find_country(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["", "Atlantis", "EU", "ZZ", "001"])
def test_what_is_no_country_is_not_found(text: str) -> None:
    assert find_country(text) is None


@pytest.mark.parametrize(
    ("code", "plmn", "country", "standing"),
    [
        ("TD_Lite", "40101", None, COVERED),
        ("TD_Lite", "41250", "AF", OUTSIDE),
        ("TD_Mega", "41250", "Afghanistan", COVERED),
        ("TD_Lite", "99999", None, OUTSIDE),
        # One code, several countries; an operator's own name for one of them is not held against the SIM.
        ("TD_Lite", "310260", "PR", COVERED),
        ("TD_Lite", "34020", "Guadeloupe", COVERED),
        # Without a code only a country without any network is certain.
        ("TD_Lite", None, "North Korea", OUTSIDE),
        ("TD_Lite", None, "Algeria", OUTSIDE),
        ("TD_Mega", None, "Algeria", UNKNOWN),
        ("TD_Lite", None, "Somewhere", UNKNOWN),
        ("TD_Lite", None, None, UNKNOWN),
        ("TC_PayPerUse", "99999", "KZ", UNKNOWN),
    ],
)
def test_whether_a_network_is_in_a_plan(
    code: str, plmn: str | None, country: str | None, standing: NetworkStanding
) -> None:
    assert judge_network(plan(code), plmn, country) is standing


@pytest.mark.parametrize(
    ("code", "country", "network", "standing"),
    [
        ("TD_Lite", None, "azercell", COVERED),
        ("TD_Lite", None, "Korek Telecom", OUTSIDE),
        ("TD_Mega", None, "Korek  TELECOM", COVERED),
        # One name in many countries, some of them in the plan.
        ("TD_Lite", None, "MTN", UNKNOWN),
        ("TD_Lite", "AF", "MTN", COVERED),
        ("TD_Lite", "Ghana", "MTN", OUTSIDE),
        ("TD_Lite", "AF", "Etisalat", OUTSIDE),
        ("TD_Mega", "AF", "Etisalat", COVERED),
        ("TD_Lite", "AF", "Nobody has heard of it", UNKNOWN),
        ("TD_Lite", None, "Nobody has heard of it", UNKNOWN),
    ],
)
def test_where_an_operator_gives_no_code_names_must_leave_no_doubt(
    code: str, country: str | None, network: str, standing: NetworkStanding
) -> None:
    assert judge_network(plan(code), None, country, network) is standing


def test_which_plan_a_sim_is_on() -> None:
    assert [each.code for each in tariff_plans()] == ["TD_Lite", "TD_Mega", "TC_PayPerUse"]
    assert plan_of_sim("TD", roaming=False) == plan("td_lite")
    assert plan_of_sim("TD", roaming=True) == plan("TD_MEGA")
    assert plan_of_sim("TD", roaming=None) is None
    assert plan_of_sim("TC", roaming=None) == plan("ТС_PayPerUse"), "Cyrillic look-alikes are folded"
    assert plan_of_sim("VK", roaming=False) is None
    assert find_plan("TD_Giga") is None
