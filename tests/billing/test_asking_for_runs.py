"""Who asks for the monthly run, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime

from models import BillingRun
from models.database import execute
from services.billing.billing_runs import ask_for_due_run
from tests.billing.world import add_customer, set_time


async def test_the_scheduler_asks_once_on_the_first_when_the_nights_records_are_there(database: str) -> None:
    await add_customer("Taiga")
    set_time(datetime(2024, 1, 31, 23, 59, tzinfo=UTC))
    assert await ask_for_due_run() == date(2023, 12, 1)

    set_time(datetime(2024, 2, 1, 2, 59, tzinfo=UTC))
    assert await ask_for_due_run() is None
    set_time(datetime(2024, 2, 1, 3, 1, tzinfo=UTC))
    assert await ask_for_due_run() == date(2024, 1, 1)
    assert await ask_for_due_run() is None
    assert [run.period for run in await BillingRun.all().order_by("period")] == [date(2023, 12, 1), date(2024, 1, 1)]


async def test_a_run_that_was_missed_is_asked_for_later(database: str) -> None:
    await add_customer("Taiga")
    set_time(datetime(2024, 2, 17, tzinfo=UTC))

    assert await ask_for_due_run() == date(2024, 1, 1)


async def test_months_before_anybody_was_a_customer_are_not_billed(database: str) -> None:
    company = await add_customer("Taiga")
    await execute("UPDATE company SET created_at = '2024-02-10' WHERE id = $1", company.id)
    set_time(datetime(2024, 2, 17, tzinfo=UTC))
    assert await ask_for_due_run() is None

    set_time(datetime(2024, 3, 1, 9, tzinfo=UTC))
    assert await ask_for_due_run() == date(2024, 2, 1)
