"""Pages of the SIM table: whole in every order and from both ends."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from access import Principal
from domain.errors import BadPageSize, InvalidCursor
from domain.locks import LockKind
from domain.sim_filter import SimFilter
from models import Sim
from services.fleet.list_sims import list_sims
from services.fleet.sim_order import SimColumn, sim_order
from services.paging import ListOrder, PageRequest
from tests.worlds import BEGINNING, TwoCompanies, add_sim

ALL = SimFilter()
ORDERS = [sim_order(column, descending=descending) for column in SimColumn for descending in (True, False)]


@pytest.fixture
async def uneven(world: TwoCompanies) -> TwoCompanies:
    """The usual world and thirty SIMs with repeated and empty values in every column."""
    chance = random.Random(7)
    for serial in range(300, 330):
        await add_sim(
            world.company,
            chance.choice(list(world.profiles.values())),
            serial,
            name=chance.choice(["", "a", "B", "б", "Я"]),
            imsi=chance.choice([None, "1", "2"]),
            msisdn=chance.choice([None, "37250", "37251"]),
            external_msisdn=chance.choice([None, "7701", "7702"]),
            balance=chance.choice([None, Decimal("-1.5"), Decimal("2")]),
            internal_balance=chance.choice([Decimal("0"), Decimal("10.25")]),
            currency=chance.choice([None, "EUR", "KZT"]),
            msu_count=chance.choice([None, 0, 7]),
            locks=chance.choice([[], [LockKind.VOLUNTARY], [LockKind.MSU]]),
            observed_blocked=chance.choice([None, True, False]),
            observed_status=chance.choice(["ACTIVE", "BLOCKED"]),
            observed_at=chance.choice([None, BEGINNING, BEGINNING + timedelta(microseconds=1)]),
            created_at=chance.choice([BEGINNING, BEGINNING + timedelta(days=1)]),
        )
    return world


async def test_pages_put_together_are_the_whole_list_in_every_order_from_either_end(uneven: TwoCompanies) -> None:
    for order in ORDERS:
        whole = await list_sims(uneven.staff.principal, ALL, PageRequest(first=500), order)
        assert len(whole.rows) == await Sim.all().count()
        assert not whole.has_next
        assert await walk_forward(uneven.staff.principal, order) == [row.id for row in whole.rows], order.name
        assert await walk_backward(uneven.staff.principal, order) == [row.id for row in whole.rows], order.name


async def walk_forward(principal: Principal, order: ListOrder) -> list[int]:
    """Ids of all SIMs, read seven at a time from the beginning."""
    ids: list[int] = []
    page = await list_sims(principal, ALL, PageRequest(first=7), order)
    while page.has_next:
        ids += [row.id for row in page.rows]
        page = await list_sims(principal, ALL, PageRequest(first=7, after=page.cursor(6)), order)
    return ids + [row.id for row in page.rows]


async def walk_backward(principal: Principal, order: ListOrder) -> list[int]:
    """Ids of all SIMs, read five at a time from the end."""
    ids: list[int] = []
    page = await list_sims(principal, ALL, PageRequest(last=5), order)
    while page.has_previous:
        ids = [row.id for row in page.rows] + ids
        page = await list_sims(principal, ALL, PageRequest(last=5, before=page.cursor(0)), order)
    return [row.id for row in page.rows] + ids


async def test_the_values_are_in_order_and_empty_ones_come_last(uneven: TwoCompanies) -> None:
    for descending in (True, False):
        order = sim_order(SimColumn.MSU_COUNT, descending=descending)
        page = await list_sims(uneven.staff.principal, ALL, PageRequest(first=500), order)
        counts = [row.msu_count for row in page.rows]
        known = [count for count in counts if count is not None]
        assert known == sorted(known, reverse=descending)
        assert counts == known + [None] * (len(counts) - len(known))


async def test_the_default_is_newest_first(world: TwoCompanies) -> None:
    page = await list_sims(world.owner.principal, ALL, PageRequest())
    assert page.rows[0].name == "Test SIM 1"
    assert [row.created_at for row in page.rows] == sorted((row.created_at for row in page.rows), reverse=True)


async def test_a_page_between_two_cursors(world: TwoCompanies) -> None:
    principal = world.owner.principal
    whole = await list_sims(principal, ALL, PageRequest(first=6))
    after, before = whole.cursor(0), whole.cursor(4)
    first = await list_sims(principal, ALL, PageRequest(first=2, after=after, before=before))
    last = await list_sims(principal, ALL, PageRequest(last=2, after=after, before=before))
    assert [row.id for row in first.rows] == [row.id for row in whole.rows[1:3]]
    assert [row.id for row in last.rows] == [row.id for row in whole.rows[2:4]]


@pytest.mark.parametrize("request_", [PageRequest(first=-1), PageRequest(first=501), PageRequest(first=1, last=1)])
async def test_a_bad_page_size_is_refused(world: TwoCompanies, request_: PageRequest) -> None:
    with pytest.raises(BadPageSize):
        await list_sims(world.owner.principal, ALL, request_)


async def test_a_page_of_nothing(world: TwoCompanies) -> None:
    page = await list_sims(world.owner.principal, ALL, PageRequest(first=0))
    assert (list(page.rows), page.has_next) == ([], True)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "bm90IGpzb24=",
        "я",
        "W10=",
        "WyJDUkVBVEVEX0FUOkRFU0MiLCAibm90IGEgZGF0ZSIsIDFd",
        "WyJDUkVBVEVEX0FUOkRFU0MiLCBudWxsLCAxXQ==",
        "WyJDUkVBVEVEX0FUOkRFU0MiLCAiMjAyNS0wMS0wMSIsIDFd",
        sim_order(SimColumn.NAME).cursor("a", 1),
        sim_order().cursor(BEGINNING, 2**63),
        sim_order().cursor(BEGINNING, -1),
    ],
)
async def test_what_is_no_cursor_of_this_list_is_refused(world: TwoCompanies, cursor: str) -> None:
    for request in (PageRequest(after=cursor), PageRequest(last=3, before=cursor)):
        with pytest.raises(InvalidCursor):
            await list_sims(world.owner.principal, ALL, request)


async def test_values_that_the_database_could_not_read_are_refused_in_cursors(world: TwoCompanies) -> None:
    for column, value in [(SimColumn.NAME, "\x00"), (SimColumn.MSU_COUNT, 2**40), (SimColumn.BALANCE, "NaN")]:
        order = sim_order(column)
        with pytest.raises(InvalidCursor):
            await list_sims(world.owner.principal, ALL, PageRequest(after=order.cursor(value, 1)), order)
