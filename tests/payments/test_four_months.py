"""November 2023 to February 2024 by the virtual clock: a Russian, a Kazakh and a Georgian company, with the simulator as
operator. Issue, reminders, lock at the operator, payment on day 5 credited on day 6, payment after the lock, unlock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import CompanyLocked
from domain.operations import OperationKind
from models import Delivery, Notification, Sim
from models.database import fetch, fetch_value
from services.dunning.promises import grant_promise
from tests.billing.banks import Banks
from tests.billing.world import add_session
from tests.payments.four_months import Customer, Story, story_of

LOCK, UNLOCK = OperationKind.LOCK, OperationKind.UNLOCK
MONTHS = ("2023-10", "2023-11", "2023-12", "2024-01")


async def use(customer: Customer, *costs: str) -> None:
    """What the first SIM costs in each of the four months."""
    sim = await Sim.get(id=next(iter(customer.sims)))
    for month, cost in zip(MONTHS, costs, strict=True):
        await add_session(sim, datetime.fromisoformat(f"{month}-15").replace(tzinfo=UTC), cost)


async def told(customer: Customer) -> list[str]:
    """What the owner was told, in order."""
    rows = await Notification.filter(user_id=customer.owner.user.id).order_by("id")
    return [row.kind.value for row in rows]


async def books_balance() -> None:
    """What the ledger says is what invoices and payments say."""
    wrong = await fetch(
        """SELECT i.number FROM invoice i WHERE i.kind = 'INVOICE' AND i.paid_amount <> coalesce(
             (SELECT -sum(e.amount) FROM ledger_entry e WHERE e.invoice_id = i.id), 0)"""
    )
    assert wrong == []
    assert await fetch_value("SELECT coalesce(sum(amount), 0) FROM ledger_entry") == 0
    credited = await fetch_value("SELECT coalesce(sum(amount), 0) FROM payment WHERE credited_on IS NOT NULL")
    assert await fetch_value("SELECT coalesce(sum(amount), 0) FROM ledger_entry WHERE account = 'BANK'") == credited


async def test_four_months(
    database: str, redis_url: str, banks: Banks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    banks.every_day(date(2023, 10, 20), date(2024, 3, 1), "98.0000", "500.00")
    async with story_of(database, redis_url, tmp_path, monkeypatch) as story:
        russian, kazakh, georgian = story.customers.values()
        await use(russian, "10.00", "20.00", "5.00", "7.00")
        await use(kazakh, "3.00", "4.00", "5.00", "6.00")
        await use(georgian, "50.00", "60.00", "70.00", "80.00")
        await november(story, russian, kazakh, georgian)
        await december(story, russian, kazakh, georgian)
        await january(story, russian, kazakh, georgian)
        await february(story, russian, kazakh, georgian)
        await the_end(story)


async def november(story: Story, russian: Customer, kazakh: Customer, georgian: Customer) -> None:
    await story.until(date(2023, 11, 1))
    invoice = await story.invoice(russian, "2023-10")
    assert (invoice["state"], invoice["local_amount"], invoice["currency"]) == ("ISSUED", Decimal(980), "RUB")
    assert [(await story.invoice(each, "2023-10"))["currency"] for each in (kazakh, georgian)] == ["KZT", "EUR"]

    # Kazakhstan pays at once, by its contract; the Russian company on day 5, which is a Thursday; Georgia does not pay.
    await story.until(date(2023, 11, 2))
    story.pay("KZ", "1500.00", "KZT", "Шарт КZ–M2M/2023 бойынша төлем")
    await story.until(date(2023, 11, 9))
    assert await story.actions(russian, "2023-10") == {"REMIND_DAY_3": "2023-11-07", "REMIND_DAY_5": "2023-11-09"}
    story.pay("RU", "980,00", "RUB", f"Оплата по счёту {invoice['number'].replace('NCR-', 'НЦР–')}")
    assert story.blocked(georgian) == [True, True], "day 6 in Kazakhstan's calendar is the 9th"
    await story.until(date(2023, 11, 10))
    paid = await story.invoice(russian, "2023-10")
    assert (paid["state"], paid["credited_on"].isoformat()) == ("PAID", "2023-11-10"), "credited on day 6"
    assert story.blocked(russian) == [False, False], "and never locked"
    assert "LOCK" not in await story.actions(russian, "2023-10")

    assert await story.actions(kazakh, "2023-10") == {}
    assert (await story.invoice(kazakh, "2023-10"))["credited_on"].isoformat() == "2023-11-03"
    assert await story.actions(georgian, "2023-10") == {
        "REMIND_DAY_3": "2023-11-06",
        "REMIND_DAY_5": "2023-11-08",
        "LOCK": "2023-11-09",
    }
    assert await story.reasons(georgian) == [{"FINANCIAL"}, {"FINANCIAL"}]
    number = (await story.invoice(georgian, "2023-10"))["number"]
    with pytest.raises(CompanyLocked, match=number):
        await story.operate(georgian, UNLOCK, list(georgian.sims))

    # Georgia stays locked until its payment in December; a Russian SIM is locked by its owner meanwhile.
    await story.until(date(2023, 11, 20))
    await story.operate(russian, LOCK, [next(iter(russian.sims))])
    assert story.blocked(russian) == [True, False]


async def december(story: Story, russian: Customer, kazakh: Customer, georgian: Customer) -> None:
    await story.until(date(2023, 12, 4))
    # One payment for two invoices, and something over for the next.
    numbers = [(await story.invoice(georgian, month))["number"] for month in MONTHS[:2]]
    story.pay("KZ", "120.00", "EUR", f"Invoices {', '.join(numbers)}")
    await story.until(date(2023, 12, 5))
    assert [(await story.invoice(georgian, month))["state"] for month in MONTHS[:2]] == ["PAID", "PAID"]
    assert story.blocked(georgian) == [False, False]
    assert await story.reasons(georgian) == [set(), set()]

    story.pay("KZ", "2000", "KZT", (await story.invoice(kazakh, "2023-11"))["number"])
    await story.until(date(2023, 12, 11))
    assert await story.actions(russian, "2023-11") == {
        "REMIND_DAY_3": "2023-12-06",
        "REMIND_DAY_5": "2023-12-08",
        "LOCK": "2023-12-11",
    }
    assert story.blocked(russian) == [True, True]
    assert await story.reasons(russian) == [{"VOLUNTARY", "FINANCIAL"}, {"FINANCIAL"}]
    assert story.blocked(kazakh) == [False, False]

    # Payment after the lock: it is lifted when the payment is credited; what the owner locked stays locked.
    await story.until(date(2023, 12, 13))
    story.pay("RU", "1960.00", "RUB", "Договор № RU–М2М/2023")
    await story.until(date(2023, 12, 14))
    assert (await story.invoice(russian, "2023-11"))["credited_on"].isoformat() == "2023-12-14"
    assert await story.reasons(russian) == [{"VOLUNTARY"}, set()]
    assert story.blocked(russian) == [True, False]
    assert (await told(russian))[-3:] == ["LOCKED", "PAYMENT_CREDITED", "UNLOCKED"]
    operation = await story.operate(russian, UNLOCK, [next(iter(russian.sims))])
    assert await fetch_value("SELECT succeeded FROM operation WHERE id = $1", operation) == 1
    assert story.blocked(russian) == [False, False]


async def january(story: Story, russian: Customer, kazakh: Customer, georgian: Customer) -> None:
    await story.until(date(2024, 1, 1))
    await story.until(date(2024, 1, 2))
    # 10 of 120 EUR were left over: they pay a part of December's 70.
    carried = await story.invoice(georgian, "2023-12")
    assert (carried["state"], carried["paid_amount"]) == ("PART_PAID", Decimal(10))
    story.pay("KZ", "60.00", "EUR", carried["number"])

    await story.until(date(2024, 1, 10))
    assert (await story.actions(kazakh, "2023-12"))["LOCK"] == "2024-01-10"
    assert story.blocked(kazakh) == [True, True]
    # The same day in Russia is still its long holiday.
    assert await story.actions(russian, "2023-12") == {}

    # A payment order was shown: staff believes it, the lock goes at once; nothing comes, and it returns.
    invoice = await story.invoice(kazakh, "2023-12")
    promise = await grant_promise(story.staff.principal, invoice["id"], date(2024, 1, 12), "a payment order was sent")
    assert promise.unlocked
    await story.drain()
    assert story.blocked(kazakh) == [False, False]
    await story.until(date(2024, 1, 12))
    assert story.blocked(kazakh) == [False, False]
    await story.until(date(2024, 1, 13))
    assert story.blocked(kazakh) == [True, True]
    assert (await story.actions(kazakh, "2023-12"))["LOCK-AFTER-2024-01-12"] == "2024-01-13"
    story.pay("KZ", "2500", "KZT", invoice["number"])

    story.pay("RU", "490", "RUB", (await story.invoice(russian, "2023-12"))["number"])
    await story.until(date(2024, 1, 15))
    assert (await story.invoice(kazakh, "2023-12"))["state"] == "PAID"
    assert story.blocked(kazakh) == [False, False]
    # Paid on Saturday the 13th, after day 3 and before day 5: one reminder.
    assert await story.actions(russian, "2023-12") == {"REMIND_DAY_3": "2024-01-11"}


async def february(story: Story, russian: Customer, kazakh: Customer, georgian: Customer) -> None:
    await story.until(date(2024, 2, 2))
    for customer, entity in ((russian, "RU"), (kazakh, "KZ"), (georgian, "KZ")):
        invoice = await story.invoice(customer, "2024-01")
        story.pay(entity, invoice["local_amount"] - invoice["paid_amount"], invoice["currency"], invoice["number"])
    await story.until(date(2024, 2, 29))
    for customer in (russian, kazakh, georgian):
        assert story.blocked(customer) == [False, False]
        assert await story.actions(customer, "2024-01") == {}


async def the_end(story: Story) -> None:
    assert await fetch_value("SELECT count(*) FROM invoice WHERE kind = 'INVOICE' AND state <> 'PAID'") == 0
    assert await fetch_value("SELECT count(*) FROM financial_lock WHERE lifted_at IS NULL") == 0
    locks = [row["country"] for row in await fetch(
        "SELECT c.country FROM financial_lock l JOIN company c ON c.id = l.company_id ORDER BY l.id"
    )]  # fmt: skip
    assert locks == ["GE", "RU", "KZ", "KZ"]
    await books_balance()
    # Each was told once, by mail and in the API.
    kinds = [row["kind"] for row in await fetch("SELECT kind FROM notification")]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "INVOICE_ISSUED": 12,
        "LOCKED": 4,
        "PAYMENT_CREDITED": 11,
        "REMINDER_DAY_3": 5,
        "REMINDER_DAY_5": 4,
        "UNLOCKED": 4,
    }
    assert await Delivery.all().count() == len(kinds)
    runs = await fetch("SELECT state, count(*) FROM job_run GROUP BY state")
    assert {row["state"] for row in runs} == {"DONE"}
    assert await fetch_value("SELECT count(*) FROM job_run WHERE attempts > 1") == 0
