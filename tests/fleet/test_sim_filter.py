"""Filtering the fleet: every condition alone, and the search against its definition."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from access import Principal
from domain import search_language
from domain.csv_filter import CsvUnreadable
from domain.errors import UnknownProfile
from domain.locks import LockKind
from domain.search_language import SearchTooLong
from domain.sim_filter import LockFilter, SimFilter
from models import Sim
from services.fleet.list_sims import count_sims, list_sims
from services.paging import PageRequest
from tests.worlds import TwoCompanies, add_sim

EVERYTHING = PageRequest(first=500)


async def names(principal: Principal, **conditions: Any) -> list[str]:
    """The names of the SIMs that the filter finds, oldest first; of nameless ones the ICCID."""
    page = await list_sims(principal, SimFilter(**conditions), EVERYTHING)
    assert await count_sims(principal, SimFilter(**conditions)) == len(page.rows)
    return [row.name or row.iccid for row in reversed(page.rows)]


async def test_everybody_sees_their_own_fleet_and_staff_sees_all(world: TwoCompanies) -> None:
    assert len(await names(world.owner.principal)) == len(world.sims)
    assert await names(world.other_owner.principal) == ["Taxi 1", "Truck 1"]
    assert len(await names(world.staff.principal)) == len(world.sims) + len(world.others)


async def test_locks(world: TwoCompanies) -> None:
    principal = world.owner.principal
    assert await names(principal, lock=LockFilter.LOCKED) == ["Кран Южный", "Қостанай комбайн №3"]
    assert await names(principal, lock=LockFilter.MSU_LOCKED) == ["Қостанай комбайн №3"]
    unlocked = await names(principal, lock=LockFilter.UNLOCKED)
    assert len(unlocked) == 4
    assert "Truck 1" in unlocked
    assert await names(world.other_owner.principal, lock=LockFilter.LOCKED) == []
    assert await names(world.staff.principal, lock=LockFilter.MSU_LOCKED) == ["Қостанай комбайн №3"]


async def test_profiles_may_be_typed_with_cyrillic_letters(world: TwoCompanies) -> None:
    assert await names(world.owner.principal, profiles=("ВК",)) == ["100%_meter"]
    assert await names(world.owner.principal, profiles=("тс",)) == ["Truck 1", "Қостанай комбайн №3", "Test SIM 1"]
    assert len(await names(world.owner.principal, profiles=("TC", "TD"))) == 5


async def test_an_unknown_profile_is_refused_with_its_place(world: TwoCompanies) -> None:
    with pytest.raises(UnknownProfile) as refusal:
        await names(world.owner.principal, profiles=("TC", "XX"))
    assert refusal.value.path == ("filter", "profiles", "1")


async def test_group_name_and_ids(world: TwoCompanies) -> None:
    principal = world.owner.principal
    assert await names(principal, group_id=world.group.id) == ["Truck 1", "Қостанай комбайн №3"]
    assert await names(world.other_owner.principal, group_id=world.group.id) == []
    assert await names(principal, empty_name_only=True) == [world.sims["unnamed"].iccid]
    foreign = world.others["taxi"].id
    assert await names(principal, ids=(world.sims["truck"].id, foreign)) == ["Truck 1"]
    assert await names(principal, ids=()) == []


async def test_companies_narrow_what_staff_sees_and_never_widen(world: TwoCompanies) -> None:
    other = (world.other_company.id,)
    assert await names(world.staff.principal, company_ids=other) == ["Taxi 1", "Truck 1"]
    assert await names(world.owner.principal, company_ids=other) == []


async def test_conditions_are_joined(world: TwoCompanies) -> None:
    assert await names(world.owner.principal, profiles=("TC",), search="truck") == ["Truck 1"]
    assert await names(world.owner.principal, profiles=("TD",), search="truck") == []


async def test_csv_names_sims_by_iccid_number_or_both(world: TwoCompanies) -> None:
    principal, sims = world.owner.principal, world.sims
    truck, crane, combine = sims["truck"], sims["crane"], sims["combine"]
    table = f"{crane.msisdn};{crane.iccid}\r\n+{truck.external_msisdn}\n{combine.iccid}"
    assert await names(principal, csv=table) == ["Truck 1", "Кран Южный", "Қостанай комбайн №3"]
    assert await names(principal, csv=f"{crane.iccid};{truck.msisdn}") == []
    assert await names(principal, csv=world.others["taxi"].iccid) == []


async def test_a_csv_that_cannot_be_read_is_refused(world: TwoCompanies) -> None:
    with pytest.raises(CsvUnreadable):
        await names(world.owner.principal, csv="8.9462E+19")
    with pytest.raises(CsvUnreadable):
        await names(world.owner.principal, csv="")


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("truck", ["Truck 1"]),
        ("ЮЖН", ["Кран Южный"]),
        ("ҚОСТАНАЙ", ["Қостанай комбайн №3"]),
        ("%", []),
        ("_", []),
        ("met%", ["100%_meter"]),
        ('!"Test SIM 1"', ["Test SIM 1"]),
        ('!"test sim"*', ["Test SIM 1"]),
        ('!"Test SIM"', []),
        ("!*meter, кран*", ["Кран Южный", "100%_meter"]),
        ('"100%_meter"', ["100%_meter"]),
        ('"%_"', ["100%_meter"]),
        ('"k 1\n"', []),
    ],
)
async def test_search(world: TwoCompanies, search: str, expected: list[str]) -> None:
    found = await names(world.owner.principal, search=search)
    assert [name for name in found if not name.startswith("89")] == expected


async def test_a_search_for_too_many_values_is_refused(world: TwoCompanies) -> None:
    with pytest.raises(SearchTooLong) as refusal:
        await names(world.owner.principal, search=" ".join(str(number) for number in range(1, 1102)))
    assert refusal.value.path == ("filter", "search")


ALPHABET = '1237аАбқҚёЁéÉßİΣσ_%\\ -"*!,Tt'
NAMES = ["аб", "АБ қ", "ёлка", "É 1", "ß", "Σσ", "a_b", "100%", "t\\t", "7", "37", "", "T-1", "қ%_"]


async def test_the_sql_search_agrees_with_its_definition(world: TwoCompanies) -> None:
    for serial, name in enumerate(NAMES, start=200):
        external = f"77{serial}" if serial % 2 else None
        await add_sim(world.company, world.profiles["TC"], serial, name=name, external_msisdn=external)
    fleet = await Sim.filter(company_id=world.company.id)
    principal = world.owner.principal

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(
            st.text(ALPHABET, max_size=8),
            st.builds(
                lambda strict, left, term, right: strict + left + term + right,
                st.sampled_from(["", "!"]),
                st.sampled_from(["", "*"]),
                st.sampled_from([*NAMES, *(sim.iccid for sim in fleet), *(sim.msisdn or "" for sim in fleet), "7721"]),
                st.sampled_from(["", "*"]),
            ),
        )
    )
    @example("!")
    @example("   ")
    @example('"')
    def agrees(search: str) -> None:
        query = search_language.parse(search)
        expected = {
            sim.id
            for sim in fleet
            if search_language.matches(query, sim.iccid, sim.msisdn, sim.external_msisdn, sim.name)
        }
        searches.append((search, expected))

    searches: list[tuple[str, set[int]]] = []
    agrees()
    for search, expected in searches:
        page = await list_sims(principal, SimFilter(search=search), EVERYTHING)
        assert {row.id for row in page.rows} == expected, search


async def test_a_lock_reason_is_found_whatever_its_kind(world: TwoCompanies) -> None:
    await add_sim(world.company, world.profiles["TD"], 50, name="late payer", locks=[LockKind.FINANCIAL])
    assert "late payer" in await names(world.owner.principal, lock=LockFilter.LOCKED)
    assert "late payer" not in await names(world.owner.principal, lock=LockFilter.MSU_LOCKED)
