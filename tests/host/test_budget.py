"""The budget of an operator account: the documented limits hold for all processes together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from drivers.budget import AccountBudget
from drivers.process_lease import LeaseLost, ProcessLease
from models.database import execute, fetch_value
from novaconnect_sdk import Iccid, Locks, NotSent, SimRef
from services.process.runtime import Runtime, open_runtime
from settings import Settings
from tests.operations.conftest import PLUGINS
from tests.simulator.running import Simulator, simulator

HELD = "SELECT count(*) FROM call_slot WHERE holder_id IS NOT NULL"


@pytest.fixture(scope="module")
def strict_operators() -> Iterator[Simulator]:
    """Operators that allow what they document: one call at a time and five a second."""
    with simulator("--sims", "60", "--lively", "0") as running:
        yield running


@pytest.fixture
async def processes(
    strict_operators: Simulator, database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Runtime]]:
    """Two processes, each with drivers and a lease of its own, on one operator account."""
    strict_operators.admin("reset", {})
    address = str(strict_operators.http.base_url).rstrip("/")
    environment = {
        "TSIM_BASE_URL": address,
        "JASPER_BASE_URL": address,
        "TSIM_PASSWORD": "demo-tsim",
        "JASPER_API_KEY": "demo-jasper",
        "JASPER_LICENSE_KEY": "demo-license",
        "JASPER_CALLS_PER_SECOND": "5",
        "JASPER_MAX_CONCURRENCY": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings(database_url=database, redis_url=redis_url, environment="test", plugins_file=PLUGINS)
    opened = [await open_runtime(settings, f"process {number}") for number in (1, 2)]
    yield opened
    for runtime in opened:
        await runtime.close()


@pytest.fixture
async def lease(database: str) -> AsyncIterator[ProcessLease]:
    """One process."""
    lease = ProcessLease(database, "alone")
    await lease.open()
    yield lease
    await lease.close()


async def account(calls_per_second: float, max_concurrency: int) -> int:
    """An operator account with its call slots."""
    account_id: int = await fetch_value(
        "INSERT INTO operator_account (key, calls_per_second, max_concurrency) VALUES ('test', $1, $2) RETURNING id",
        calls_per_second,
        max_concurrency,
    )
    await execute(
        "INSERT INTO call_slot (account_id, slot) SELECT $1, generate_series(0, $2::int - 1)",
        account_id,
        max_concurrency,
    )
    return account_id


async def lock_all(runtime: Runtime, iccids: list[str]) -> None:
    """Lock SIMs as fast as the budget allows."""
    driver = runtime.registry.driver("TD")
    assert driver is not None
    assert isinstance(driver, Locks)
    await asyncio.gather(*(driver.lock(SimRef(Iccid(iccid)), "key") for iccid in iccids))


async def test_two_processes_together_keep_the_documented_limits(
    processes: list[Runtime], strict_operators: Simulator
) -> None:
    iccids = [sim["iccid"] for sim in strict_operators.sims(profile="TD")][:16]

    await asyncio.gather(lock_all(processes[0], iccids[:8]), lock_all(processes[1], iccids[8:]))

    assert strict_operators.admin("violations")["total"] == 0
    assert all(strict_operators.sim(iccid)["writes"]["blocks_applied"] == 1 for iccid in iccids)


async def test_both_processes_have_their_turn(processes: list[Runtime], strict_operators: Simulator) -> None:
    iccids = [sim["iccid"] for sim in strict_operators.sims(profile="TD")][:24]
    first = asyncio.create_task(lock_all(processes[0], iccids[:20]))
    await asyncio.sleep(0.3)

    await lock_all(processes[1], iccids[20:22])

    assert not first.done()
    await first
    assert strict_operators.admin("violations")["total"] == 0


async def test_without_the_budget_the_limits_would_be_broken(strict_operators: Simulator) -> None:
    strict_operators.admin("reset", {})

    for _ in range(8):
        strict_operators.rest("devices?modifiedSince=2020-01-01T00:00:00Z")

    assert strict_operators.admin("violations")["total"] > 0


async def test_what_is_not_needed_is_given_back(processes: list[Runtime], strict_operators: Simulator) -> None:
    iccid = strict_operators.sims(profile="TD")[0]["iccid"]
    await lock_all(processes[0], [iccid])

    for _ in range(200):
        if await fetch_value(HELD) == 0:
            return
        await asyncio.sleep(0.01)
    pytest.fail("a call slot is still held")


async def test_no_more_calls_at_once_than_there_are_slots(database: str, lease: ProcessLease) -> None:
    account_id = await account(1000, 3)
    budgets = [AccountBudget(account_id, 1000, 3, lease) for _ in range(3)]
    inside, most = 0, 0

    async def call(budget: AccountBudget) -> None:
        nonlocal inside, most
        async with budget.call():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.005)
            inside -= 1

    await asyncio.gather(*(call(budget) for budget in budgets for _ in range(10)))

    assert most <= 3
    for budget in budgets:
        await budget.close()


async def test_a_paused_account_is_not_called(database: str, lease: ProcessLease) -> None:
    account_id = await account(100, 1)
    await execute("UPDATE operator_account SET paused_until = clock_timestamp() + interval '1 minute'")
    budget = AccountBudget(account_id, 100, 1, lease)

    with pytest.raises(NotSent):
        async with budget.call():
            pytest.fail("called")
    await budget.close()
    assert await fetch_value(HELD) == 0


async def test_an_account_that_is_gone_is_not_called(database: str, lease: ProcessLease) -> None:
    account_id = await account(100, 1)
    await execute("DELETE FROM operator_account")
    budget = AccountBudget(account_id, 100, 1, lease)

    with pytest.raises(NotSent):
        async with budget.call():
            pytest.fail("called")
    await budget.close()


async def test_a_process_unsure_of_its_lease_does_not_call(database: str, lease: ProcessLease) -> None:
    budget = AccountBudget(await account(100, 1), 100, 1, lease)
    async with budget.call():
        pass
    lease._seen -= 60

    with pytest.raises(LeaseLost):
        async with budget.call():
            pytest.fail("called")
    await budget.close()


async def test_a_slot_of_a_lost_lease_is_not_used_under_the_next_one(database: str, lease: ProcessLease) -> None:
    budget = AccountBudget(await account(100, 1), 100, 1, lease)
    async with budget.call():
        pass
    assert budget._idle, "the slot is still in hand"
    assert budget._sweeper is not None
    budget._sweeper.cancel()  # it would give it back in a moment
    assert lease._connection is not None
    lease._connection.terminate()
    before = lease.holder_id
    async with asyncio.timeout(30):
        while lease.holder_id == before:
            await asyncio.sleep(0.01)

    # Meanwhile another process has it: then there is none for us.
    slots = "UPDATE call_slot SET holder_id = $1 WHERE account_id = (SELECT max(id) FROM operator_account)"
    await execute(
        slots,
        await fetch_value(
            "INSERT INTO lease_holder (title, started_at, seen_at) VALUES ('other', now(), now()) RETURNING id"
        ),
    )

    async def call() -> None:
        async with budget.call():
            assert await fetch_value("SELECT holder_id FROM call_slot") == lease.holder_id

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(), 0.3)
    await execute(slots, None)
    await asyncio.wait_for(call(), 30)
    await budget.close()
    assert await fetch_value(HELD) == 0


async def test_slots_of_a_lost_lease_come_back_without_anybody_s_help(database: str, lease: ProcessLease) -> None:
    budget = AccountBudget(await account(100, 1), 100, 1, lease)
    async with budget.call():
        assert lease._connection is not None
        lease._connection.terminate()
        before = lease.holder_id
        async with asyncio.timeout(30):
            while lease.holder_id == before:
                await asyncio.sleep(0.01)

    async with asyncio.timeout(30), budget.call():
        assert await fetch_value("SELECT holder_id FROM call_slot") == lease.holder_id
    await budget.close()


async def test_a_process_taken_for_dead_gets_no_slot(database: str, lease: ProcessLease) -> None:
    budget = AccountBudget(await account(100, 1), 100, 1, lease)
    await execute("UPDATE lease_holder SET ended_at = clock_timestamp()")

    async def call() -> None:
        async with budget.call():
            pytest.fail("called")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(), 0.3)
    await budget.close()
    assert await fetch_value(HELD) == 0


async def test_those_who_gave_up_waiting_leave_nothing_held(database: str, lease: ProcessLease) -> None:
    budget = AccountBudget(await account(2, 1), 2, 1, lease)

    async def call() -> None:
        async with budget.call():
            await asyncio.sleep(0.05)

    waiting = [asyncio.create_task(call()) for _ in range(4)]
    await asyncio.sleep(0.1)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await budget.close()

    assert await fetch_value(HELD) == 0


async def test_a_failing_call_gives_its_slot_back(database: str, lease: ProcessLease) -> None:
    budget = AccountBudget(await account(1000, 1), 1000, 1, lease)

    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with budget.call():
                raise RuntimeError
    await budget.close()

    assert await fetch_value(HELD) == 0
