"""Companies that pay ahead: top-ups, charges by usage, warnings, the lock at zero and its end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from models import Company, Notification
from models.database import fetch, fetch_value
from schema.ids import global_id
from services.deposit.charge_usage import charge_usage, watch_deposits
from services.payments.credit_payments import credit_due
from settings.dunning import DunningTerms, use_dunning_terms
from tests.billing.banks import Banks
from tests.billing.world import add_session
from tests.graphql.conftest import Ask
from tests.payments.world import at, contract_of, statement
from tests.worlds import TwoCompanies

DEPOSIT = """{ deposit { balance isPrepaid warningLevels lockedSince }
  depositEntries { totalCount nodes { kind amount balance note } } }"""
TOP_UP = """mutation ($input: TopUpDepositInput!) { topUpDeposit(input: $input) {
  deposit { balance lockedSince } userErrors { code path } } }"""
LEVELS = """mutation ($input: SetDepositLevelsInput!) { setDepositLevels(input: $input) {
  deposit { warningLevels } userErrors { code path } } }"""


@pytest.fixture
async def prepaid(world: TwoCompanies) -> Company:
    """Astana Telematics pays ahead."""
    at("2023-12-11")
    await contract_of(world.company, "KZ-PRE/23", payment_system="PREPAID")
    await world.company.refresh_from_db()
    return world.company


async def top_up(ask: Ask, world: TwoCompanies, amount: str, key: str = "k", **more: Any) -> dict[str, Any]:
    """The payload of a top-up by staff."""
    given = {
        "companyId": global_id("Company", world.company.id),
        "amount": amount,
        "paidOn": "2023-12-11",
        "note": "cash",
    }
    answer = await ask(world.staff, TOP_UP, input={**given, "idempotencyKey": key, **more})
    assert answer["errors"] == []
    payload: dict[str, Any] = answer["data"]["topUpDeposit"]
    return payload


async def told() -> list[str]:
    """What the company's first user was told, in order."""
    rows = await Notification.filter(user_id=1).order_by("id")
    return [row.kind.value for row in rows]


async def test_usage_is_charged_once_and_late_records_follow(
    prepaid: Company, world: TwoCompanies, ask: Ask, read: Ask
) -> None:
    assert (await top_up(ask, world, "100.00"))["deposit"]["balance"] == "100.0000"
    await add_session(world.sims["truck"], datetime(2023, 12, 10, 8, tzinfo=UTC), "12.3456")
    assert [await charge_usage("KZ", date(2023, 12, 11)), await charge_usage("KZ", date(2023, 12, 11))] == [1, 0]
    await add_session(world.sims["truck"], datetime(2023, 12, 9, 8, tzinfo=UTC), "0.0044")
    await add_session(world.sims["truck"], datetime(2023, 11, 30, 8, tzinfo=UTC), "1.00")
    assert await charge_usage("KZ", date(2023, 12, 12)) == 1
    shown = await read(world.owner, DEPOSIT)
    assert shown["deposit"]["balance"] == "86.6500"
    assert [(entry["kind"], entry["amount"]) for entry in shown["depositEntries"]["nodes"]] == [
        ("CHARGE", "-0.0044"),
        ("CHARGE", "-1.0000"),
        ("CHARGE", "-12.3456"),
        ("TOP_UP", "100.0000"),
    ]
    assert (await read(world.other_owner, DEPOSIT))["depositEntries"]["totalCount"] == 0


async def test_warnings_then_the_lock_then_the_end_of_it(
    prepaid: Company, world: TwoCompanies, ask: Ask, read: Ask
) -> None:
    await top_up(ask, world, "60.00")
    for day, cost, expected in [
        (12, "15.00", ["LOW_DEPOSIT"]),
        (13, "5.00", ["LOW_DEPOSIT"]),
        (14, "30.00", ["LOW_DEPOSIT", "LOW_DEPOSIT"]),
        (15, "10.00", ["LOW_DEPOSIT", "LOW_DEPOSIT", "LOCKED"]),
    ]:
        at(f"2023-12-{day}")
        await add_session(world.sims["truck"], datetime(2023, 12, day, 1, tzinfo=UTC), cost)
        await charge_usage("KZ", date(2023, 12, day))
        await watch_deposits("KZ")
        await watch_deposits("KZ")
        assert await told() == expected, day
    shown = (await read(world.owner, DEPOSIT))["deposit"]
    assert (shown["balance"], shown["lockedSince"] is not None) == ("0.0000", True)
    locking = await fetch("SELECT kind, started_by_id, total FROM operation")
    assert [(row["kind"], row["started_by_id"]) for row in locking] == [("SET_FINANCIAL_LOCK", None)]

    lock = """mutation ($input: LockSimsInput!) { lockSims(input: $input) { userErrors { code message } } }"""
    wanted = {"selection": {"ids": [global_id("Sim", world.sims["spare"].id)]}, "idempotencyKey": "x"}
    (error,) = (await read(world.owner, lock, input=wanted))["lockSims"]["userErrors"]
    assert error["code"] == "COMPANY_LOCKED" and "deposit" in error["message"]
    assert (await read(world.staff, lock, input=wanted))["lockSims"]["userErrors"] == []

    again = await top_up(ask, world, "40.00", "second")
    assert again["deposit"] == {"balance": "40.0000", "lockedSince": None}
    assert (await told())[-2:] == ["UNLOCKED", "LOW_DEPOSIT"], "after a top-up a level is warned of anew"


async def test_bad_top_ups_change_nothing(prepaid: Company, world: TwoCompanies, ask: Ask) -> None:
    bad: list[tuple[str, dict[str, Any], str]] = [
        ("1.234", {}, "INVALID_AMOUNT"),
        ("-5", {}, "INVALID_AMOUNT"),
        ("0", {}, "INVALID_AMOUNT"),
        ("5", {"paidOn": "2023-12-12"}, "FUTURE_DATE"),
        ("5", {"note": ""}, "INVALID_VALUE"),
        ("5", {"companyId": global_id("Company", world.other_company.id)}, "NOT_FOUND"),
        ("5", {"idempotencyKey": ""}, "INVALID_VALUE"),
    ]
    for amount, more, code in bad:
        payload = await top_up(ask, world, amount, **more)
        assert [error["code"] for error in payload["userErrors"]] == [code], (amount, more)
    assert await fetch_value("SELECT count(*) FROM deposit_entry") == 0
    assert (await top_up(ask, world, "5"))["deposit"] == (await top_up(ask, world, "5"))["deposit"]
    assert (await top_up(ask, world, "6"))["userErrors"][0]["code"] == "IDEMPOTENCY_CONFLICT"
    given = {"companyId": global_id("Company", world.company.id), "amount": "5", "paidOn": "2023-12-11", "note": "x"}
    refused = await ask(world.owner, TOP_UP, input={**given, "idempotencyKey": "o"})
    assert refused["data"]["topUpDeposit"]["userErrors"][0]["code"] == "FORBIDDEN"
    assert await fetch_value("SELECT sum(amount) FROM deposit_entry") == 5


async def test_a_payment_tops_up_at_the_rate_of_its_day(
    prepaid: Company, world: TwoCompanies, read: Ask, banks: Banks
) -> None:
    await statement(world.staff, "1;08.12.2023;50000;KZT;x;шарт KZ-PRE/23", entity="KZ")
    assert await credit_due(date(2023, 12, 11), russian=False) == 0, "no rate can be had, and none is guessed"
    banks.tenges[date(2023, 12, 8)] = "500.00"
    assert await credit_due(date(2023, 12, 11), russian=False) == 1
    (entry,) = (await read(world.owner, DEPOSIT))["depositEntries"]["nodes"]
    assert entry == {"kind": "TOP_UP", "amount": "100.0000", "balance": "100.0000", "note": "50000.00 KZT / 500"}
    rows = await fetch("SELECT account, amount FROM ledger_entry ORDER BY id")
    assert [(row["account"], row["amount"]) for row in rows] == [("BANK", 50000), ("DEPOSIT", -50000)]


async def test_levels_are_those_of_the_settings_or_of_the_company(
    prepaid: Company, world: TwoCompanies, read: Ask
) -> None:
    use_dunning_terms(DunningTerms(deposit_levels=(Decimal(7),)))
    assert (await read(world.owner, DEPOSIT))["deposit"]["warningLevels"] == ["7"]
    wanted = {"companyId": global_id("Company", prepaid.id), "levels": ["10", "200.50"]}
    answer = (await read(world.staff, LEVELS, input=wanted))["setDepositLevels"]
    assert answer["deposit"]["warningLevels"] == ["200.50", "10"]
    bad = (await read(world.staff, LEVELS, input=wanted | {"levels": ["1.001"]}))["setDepositLevels"]
    assert bad["userErrors"][0]["code"] == "INVALID_AMOUNT"
    assert [Decimal(level) for level in (await read(world.owner, DEPOSIT))["deposit"]["warningLevels"]] == [
        Decimal("200.5"),
        Decimal(10),
    ]
