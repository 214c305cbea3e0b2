"""What the host relies on when it lists and reads SIMs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from novaconnect_sdk import (
    AnswerLost,
    AnswerUnreadable,
    BadCredentials,
    DriverError,
    Forbidden,
    InvalidRequest,
    NotSent,
    SimPage,
    SimUnknown,
    Throttled,
)
from novaconnect_sdk.testing import checks
from novaconnect_sdk.testing.fixtures import ConformanceFixtures, MakeDriver
from novaconnect_sdk.testing.gate import RecordingGate
from novaconnect_sdk.testing.world import Fault, OperatorWorld, Variant


async def all_pages(driver: Any, changed_since: datetime | None = None) -> list[SimPage]:
    """Every page of the inventory."""
    pages: list[SimPage] = [await driver.list_sims(None, changed_since)]
    while pages[-1].next_cursor is not None:
        pages.append(await driver.list_sims(pages[-1].next_cursor, changed_since))
    return pages


class InventoryConformance(ConformanceFixtures):
    """The list is whole, without repeats, and says when it is complete; failures are named."""

    async def test_the_list_holds_every_sim_once(self, driver: Any, world: OperatorWorld) -> None:
        iccids = [record.ref.iccid for page in await all_pages(driver) for record in page.items]
        assert len(iccids) == len(set(iccids)) == await world.sim_count()

    async def test_only_the_last_page_is_complete(self, driver: Any) -> None:
        pages = await all_pages(driver)
        assert len(pages) > 1, "let the world's settings ask for small pages"
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]

    async def test_a_page_may_be_asked_for_again(self, driver: Any) -> None:
        cursor = (await driver.list_sims(None, None)).next_cursor
        first, again = [await driver.list_sims(cursor, None) for _ in range(2)]
        assert [record.ref for record in first.items] == [record.ref for record in again.items]

    async def test_two_listings_do_not_disturb_each_other(self, driver: Any, world: OperatorWorld) -> None:
        one, other = await driver.list_sims(None, None), await driver.list_sims(None, None)
        second = [await driver.list_sims(page.next_cursor, None) for page in (one, other)]
        assert [record.ref for record in second[0].items] == [record.ref for record in second[1].items]

    async def test_a_cursor_of_nobody_is_refused(self, driver: Any) -> None:
        with pytest.raises(InvalidRequest):
            await driver.list_sims("no cursor of this driver", None)

    async def test_a_listing_takes_no_more_calls_than_pages(
        self, driver: Any, world: OperatorWorld, gate: RecordingGate
    ) -> None:
        before = await world.requests()
        pages = await all_pages(driver)
        assert await world.requests() - before == gate.calls <= len(pages) + 1

    async def test_a_listed_sim_can_be_read(self, driver: Any) -> None:
        listed = (await driver.list_sims(None, None)).items[0]
        assert (await driver.read_sim(listed.ref)).ref == listed.ref

    async def test_times_are_aware_and_money_is_decimal(self, driver: Any) -> None:
        for record in (await driver.list_sims(None, None)).items:
            assert record.observed.as_of.tzinfo is not None
            assert record.balance is None or isinstance(record.balance, Decimal)
            assert record.balance is None or record.currency

    async def test_a_block_shows_in_the_list_and_in_the_sim(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        assert (await driver.read_sim(sim)).observed.blocked is False
        await world.block(sim)
        assert (await driver.read_sim(sim)).observed.blocked is True
        listed = {record.ref.iccid: record for page in await all_pages(driver) for record in page.items}
        assert listed[sim.iccid].observed.blocked is True

    async def test_what_changed_since_is_listed(self, driver: Any, world: OperatorWorld) -> None:
        sim = await world.known_sim()
        await world.pass_time(timedelta(minutes=1))
        since = world.now()
        await world.pass_time(timedelta(minutes=1))
        await world.block(sim)
        changed = {record.ref.iccid for page in await all_pages(driver, since) for record in page.items}
        assert sim.iccid in changed

    async def test_reading_an_unknown_sim_is_an_error(self, driver: Any, world: OperatorWorld) -> None:
        with pytest.raises(SimUnknown) as caught:
            await driver.read_sim(world.unknown_sim())
        checks.is_discreet(caught.value, world, world.unknown_sim())

    @pytest.mark.parametrize("fault", checks.LOST)
    async def test_a_lost_list_is_an_error(self, driver: Any, world: OperatorWorld, fault: Fault) -> None:
        await world.fail_next(fault)
        with pytest.raises(AnswerLost):
            await all_pages(driver)

    @pytest.mark.parametrize("fault", checks.UNREADABLE)
    async def test_an_unreadable_list_is_an_error_and_never_complete(
        self, driver: Any, world: OperatorWorld, fault: Fault
    ) -> None:
        await world.fail_next(fault)
        with pytest.raises(AnswerUnreadable):
            await all_pages(driver)

    @pytest.mark.parametrize("fault", [*checks.LOST, *checks.UNREADABLE])
    async def test_a_sim_whose_reading_fails_is_an_error(self, driver: Any, world: OperatorWorld, fault: Fault) -> None:
        sim = await world.known_sim()
        await world.fail_next(fault)
        with pytest.raises(AnswerLost) as caught:
            await driver.read_sim(sim)
        assert isinstance(caught.value, AnswerUnreadable) is (fault in checks.UNREADABLE)
        checks.is_discreet(caught.value, world, sim)

    async def test_a_throttled_list_is_an_error_with_a_time(self, driver: Any, world: OperatorWorld) -> None:
        await world.fail_next(Fault.THROTTLED)
        with pytest.raises(Throttled) as caught:
            await all_pages(driver)
        assert caught.value.after > timedelta(0)

    async def test_a_list_that_was_not_sent_is_an_error(self, make_driver: MakeDriver) -> None:
        unreachable = await make_driver(Variant.UNREACHABLE)
        with pytest.raises(NotSent):
            await unreachable.list_sims(None, None)

    async def test_a_list_with_a_wrong_secret_is_an_error(self, make_driver: MakeDriver, world: OperatorWorld) -> None:
        stranger = await make_driver(Variant.WRONG_SECRET)
        with pytest.raises(DriverError) as caught:
            await stranger.list_sims(None, None)
        assert isinstance(caught.value, BadCredentials | Forbidden)

    async def test_many_readings_at_once_keep_the_operators_rules(
        self, driver: Any, world: OperatorWorld, gate: RecordingGate
    ) -> None:
        broken, before = list(await world.violations()), await world.requests()
        refs = [record.ref for record in (await driver.list_sims(None, None)).items[:12]]
        records = await asyncio.gather(*(driver.read_sim(ref) for ref in refs))
        assert [record.ref for record in records] == refs
        assert list(await world.violations()) == broken
        assert await world.requests() - before == gate.calls
